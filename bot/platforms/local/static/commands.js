// The command list: opens on "/" (and 、 or ／) at the start of a message, filters while one types.

import { el } from "./draw.js";
import { t } from "./texts.js";

const OPENS = /^\s*[/／、]\s*(\S*)$/;

export class CommandList {
  constructor(box, { onChosen }) {
    this.box = box;
    this.node = document.getElementById("commands");
    this.hint = document.getElementById("hint");
    this.onChosen = onChosen;
    this.commands = [];
    this.options = [];
    this.at = 0;
    // The box keeps the focus, so that on phones the keyboard stays.
    this.node.addEventListener("mousedown", (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** Follow what is being typed. */
  follow(text) {
    const opened = OPENS.exec(text);
    if (opened) this.open(opened[1].toLowerCase());
    else this.close();
    this.tell(text);
  }

  open(typed = "") {
    const fits = ([name, usage, help]) => `${name} ${usage} ${help}`.toLowerCase().includes(typed);
    const leads = ([name]) => name.replace(/^\//, "").toLowerCase().startsWith(typed);
    const found = this.commands.filter(fits);
    this.shown = [...found.filter(leads), ...found.filter((command) => !leads(command))];
    this.options = this.shown.map((command, index) => this.option(command, index));
    const nothing = el("p", { class: "commands-none" }, t("noCommand"));
    this.node.replaceChildren(...(this.options.length ? this.options : [nothing]));
    this.node.hidden = false;
    this.select(0);
  }

  close() {
    this.node.hidden = true;
    this.node.replaceChildren();
    this.options = [];
    this.box.removeAttribute("aria-activedescendant");
  }

  option([name, usage, help], index) {
    const rest = usage.startsWith(name) ? usage.slice(name.length) : ` ${usage}`;
    return el(
      "div",
      { class: "command", role: "option", id: `command-${index}`, "aria-selected": "false", onclick: () => this.choose(index) },
      el("span", { class: "command-usage" }, el("b", {}, name), rest),
      el("span", { class: "command-help" }, help),
    );
  }

  select(index) {
    if (!this.options.length) return;
    this.options[this.at]?.setAttribute("aria-selected", "false");
    this.at = (index + this.options.length) % this.options.length;
    this.options[this.at].setAttribute("aria-selected", "true");
    this.options[this.at].scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", `command-${this.at}`);
  }

  choose(index = this.at) {
    const command = this.shown[index];
    this.close();
    if (command) this.onChosen(command);
  }

  /** Whether the key was the list's business. */
  key(event) {
    if (!this.isOpen) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) this.select(this.at + steps[event.key]);
    else if ((event.key === "Enter" || event.key === "Tab") && this.options.length) this.choose();
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  /** While a command is being typed, say how it goes. */
  tell(text) {
    const plain = text.trimStart().replace(/^[/／]\s*/, "");
    const found = this.commands.find(([name]) => {
      const bare = name.replace(/^\//, "");
      return plain.startsWith(bare) && /^(\s|\d|$)/.test(plain.slice(bare.length));
    });
    const told = found && plain !== "" && !this.isOpen ? `${found[1]}　${found[2]}` : "";
    this.hint.textContent = told;
    this.hint.hidden = !told;
  }
}
