// The box in which messages are written, with what is attached to them.

import { CommandList } from "./commands.js";
import { el } from "./draw.js";
import { Refusal, upload } from "./net.js";
import { t } from "./texts.js";

export class Composer {
  /** `send(text, files)` says whether it took the message; `toast(words)` tells the reader something. */
  constructor({ send, toast }) {
    this.send = send;
    this.toast = toast;
    this.form = document.getElementById("form");
    this.box = document.getElementById("box");
    this.chips = document.getElementById("chips");
    this.button = document.getElementById("send");
    this.files = [];
    this.limits = { bytes: 0, files: 9 };
    this.list = new CommandList(this.box, { onChosen: (command) => this.chosen(command) });
    this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.box.addEventListener("input", () => this.changed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) {
        event.preventDefault();
        this.attach(event.clipboardData.files);
      }
    });
    document.getElementById("list").addEventListener("click", () => {
      if (this.list.isOpen) this.list.close();
      else this.list.open();
      this.box.focus();
    });
    for (const id of ["picture", "file"]) {
      document.getElementById(id).addEventListener("change", (event) => {
        this.attach(event.target.files);
        event.target.value = "";
      });
    }
    this.listenForDrops();
  }

  listenForDrops() {
    const chat = document.getElementById("chat");
    const veil = document.getElementById("drop");
    const holdsFiles = (event) => this.open && event.dataTransfer?.types.includes("Files");
    chat.addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      veil.hidden = false;
    });
    chat.addEventListener("dragleave", (event) => {
      if (!chat.contains(event.relatedTarget)) veil.hidden = true;
    });
    chat.addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      veil.hidden = true;
      this.attach(event.dataTransfer.files);
    });
    // A file that misses the chat must not replace the page.
    for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  }

  /** Write for this room from now on: its draft, and whether a command must be addressed to the bot. */
  turnTo({ draftKey, group, open, placeholder }) {
    this.draftKey = draftKey;
    this.group = group;
    this.open = open;
    this.files = [];
    this.drawChips();
    this.box.placeholder = placeholder;
    this.box.value = sessionStorage.getItem(draftKey) ?? "";
    this.changed();
  }

  setCommands(commands) {
    this.list.commands = commands;
  }

  changed() {
    this.list.follow(this.box.value);
    if (this.box.value) sessionStorage.setItem(this.draftKey, this.box.value);
    else sessionStorage.removeItem(this.draftKey);
    this.fit();
    this.button.classList.toggle("ready", Boolean(this.box.value.trim() || this.files.length));
  }

  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 160)}px`;
  }

  key(event) {
    // While an input method is composing, Enter belongs to it (229 is what Safari says).
    if (event.isComposing || event.keyCode === 229) return;
    if (this.list.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.submit();
    }
  }

  chosen([name]) {
    const bare = name.replace(/^\//, "");
    // In a group the slash tells the bot that it is meant.
    this.box.value = `${this.group || name !== bare ? "/" : ""}${bare} `;
    this.box.focus();
    this.changed();
  }

  submit() {
    const text = this.box.value.trim();
    if (this.files.some((file) => !file.key)) return;
    if (!text && !this.files.length) return;
    const files = this.files.map(({ key, name, mime, size }) => ({ key, name, mime, size }));
    if (!this.send(text, files)) return;
    for (const file of this.files) URL.revokeObjectURL(file.preview);
    this.files = [];
    this.drawChips();
    this.box.value = "";
    this.changed();
    this.box.focus();
  }

  attach(given) {
    for (const file of given) {
      if (this.files.length >= this.limits.files) {
        this.toast(t("errors.too_many", this.limits));
        return;
      }
      if (file.size > this.limits.bytes) this.toast(this.explain(new Refusal("too_large")));
      else this.take(file);
    }
  }

  async take(file) {
    const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
    const chip = { name: file.name || "photo.png", preview };
    this.files.push(chip);
    this.drawChips();
    try {
      Object.assign(chip, await upload(file));
    } catch (error) {
      this.files = this.files.filter((one) => one !== chip);
      this.toast(this.explain(error));
    }
    this.drawChips();
    this.changed();
  }

  /** What went wrong, in words. */
  explain(error) {
    if (!(error instanceof Refusal)) return t("offlineSend");
    const megabytes = Math.floor(this.limits.bytes / 1_048_576);
    const values = { megabytes, files: this.limits.files };
    try {
      return t(`errors.${error.code}`, values);
    } catch {
      return t("errors.other");
    }
  }

  drawChips() {
    this.chips.replaceChildren(
      ...this.files.map((file) =>
        el(
          "li",
          { class: `chip${file.key ? "" : " loading"}` },
          file.preview ? el("img", { src: file.preview, alt: "" }) : null,
          el("span", {}, file.key ? file.name : t("uploading")),
          el("button", { type: "button", "aria-label": t("remove", file), onclick: () => this.drop(file) }, "✕"),
        ),
      ),
    );
    this.chips.hidden = !this.files.length;
    this.button.disabled = this.files.some((file) => !file.key);
  }

  drop(file) {
    this.files = this.files.filter((one) => one !== file);
    if (file.preview) URL.revokeObjectURL(file.preview);
    this.drawChips();
    this.changed();
    this.box.focus();
  }
}
