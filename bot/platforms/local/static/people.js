// "I am …": the list of everybody who can be played.

import { avatar, el, personName, postNames, roleName } from "./draw.js";
import { get } from "./net.js";
import { t } from "./texts.js";

const PAUSE = 180;

export class People {
  /** `address(account)` is the link that opens the page as somebody; `onFailure(error)` tells that it failed. */
  constructor({ address, onFailure }) {
    this.address = address;
    this.onFailure = onFailure;
    this.dialog = document.getElementById("people");
    this.search = document.getElementById("search");
    this.list = document.getElementById("people-list");
    this.closer = document.getElementById("people-close");
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find(), PAUSE);
    });
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    // Who has not chosen yet must choose.
    this.dialog.addEventListener("cancel", (event) => {
      if (!this.account) event.preventDefault();
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog && this.account) this.dialog.close();
    });
    this.closer.addEventListener("click", () => this.dialog.close());
  }

  open(account) {
    this.account = account;
    document.getElementById("people-title").textContent = t(account ? "chooseOther" : "choose");
    this.closer.hidden = !account;
    this.search.value = "";
    if (!this.dialog.open) this.dialog.showModal();
    this.find();
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }

  async find() {
    const search = this.search.value.trim();
    try {
      const { identities } = await get("/api/identities", { search });
      if (search === this.search.value.trim()) this.draw(identities, search);
    } catch (error) {
      this.onFailure(error);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.dialog.open && this.find(), 2_000);
    }
  }

  draw(identities, search) {
    const groups = new Map();
    for (const who of identities) {
      const stranger = who.account.startsWith("guest-") && !who.bound;
      const group = stranger ? "stranger" : (who.posts[0]?.role ?? "none");
      groups.set(group, [...(groups.get(group) ?? []), who]);
    }
    const drawn = [...groups].map(([group, members]) => this.group(group, members));
    if (search && identities.length <= 1) drawn.unshift(el("p", { class: "people-none" }, t("noOne")));
    this.list.replaceChildren(...drawn);
    this.list.scrollTop = 0;
  }

  group(group, members) {
    const head = group === "stranger" ? null : el("h3", {}, roleName(group), el("span", {}, String(members.length)));
    return el("section", {}, head, el("ul", {}, ...members.map((who) => this.person(who))));
  }

  person(who) {
    const name = personName(who);
    const stranger = who.account.startsWith("guest-") && !who.bound;
    const posts = stranger ? t("strangerWhy") : who.bound ? postNames(who.posts) || t("noPost") : t("unbound");
    const address = this.address(who.account);
    const current = who.account === this.account;
    return el(
      "li",
      { class: "person" },
      el(
        "a",
        { class: "person-be", href: address, "aria-current": current ? "true" : null, onclick: () => this.close() },
        avatar(who.account, stranger ? "?" : name),
        el("span", { class: "person-words" }, el("b", {}, name), el("span", {}, posts)),
      ),
      el(
        "a",
        { class: "person-window", href: address, target: "_blank", rel: "noopener", "aria-label": t("newWindow", { name }), title: t("newWindow", { name }) },
        "↗",
      ),
    );
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const links = [...this.list.querySelectorAll(".person-be")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === this.search) {
      event.preventDefault();
      links[0]?.click();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      links[Math.min(at + 1, links.length - 1)]?.focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (links[at - 1] ?? this.search).focus();
    }
  }
}
