// The messages of the open room, in order, with the days between them.

import { bubble, dayKey, dayName, el, messageNode } from "./draw.js";
import { t } from "./texts.js";

// Messages of one writer that are closer than this are shown as one run.
const RUN = 5 * 60_000;
// Within this many pixels of the end, the reader is at the end.
const NEAR = 80;

export class MessageLog {
  constructor({ now, actions, onOlder, onEnd }) {
    this.scroller = document.getElementById("log");
    this.items = document.getElementById("items");
    this.waiting = document.getElementById("pending");
    this.freshButton = document.getElementById("fresh");
    this.now = now;
    this.actions = actions;
    this.onOlder = onOlder;
    this.onEnd = onEnd;
    this.messages = [];
    this.nodes = new Map();
    // Own messages that the server did not take: key → what a tap does.
    this.untaken = new Map();
    this.stick = true;
    this.top = 0;
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    // Pictures arrive after their message: who was at the end stays there.
    new ResizeObserver(() => this.settle()).observe(document.getElementById("log-inner"));
    new ResizeObserver(() => this.settle()).observe(this.scroller);
    this.freshButton.addEventListener("click", () => this.toEnd());
  }

  get newest() {
    return this.messages.at(-1)?.id ?? 0;
  }

  get oldest() {
    return this.messages[0]?.id;
  }

  /** Show a room's messages from scratch. */
  reset(messages, me) {
    this.me = me;
    this.scroller.setAttribute("aria-busy", "true");
    this.messages = [...messages];
    this.nodes.clear();
    this.untaken.clear();
    this.waiting.replaceChildren();
    this.items.replaceChildren(...this.messages.map((_, index) => this.draw(index)));
    this.toEnd();
    this.scroller.removeAttribute("aria-busy");
  }

  /** Put earlier messages before the others without moving what the reader sees. */
  prepend(messages) {
    if (!messages.length) return;
    const before = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.scroller.setAttribute("aria-busy", "true");
    const first = this.messages[0];
    this.messages = [...messages, ...this.messages];
    this.items.prepend(...messages.map((_, index) => this.draw(index)));
    if (first) this.redraw(messages.length);
    this.scroller.scrollTop = this.scroller.scrollHeight - before;
    this.scroller.removeAttribute("aria-busy");
  }

  /** Add a message or, when it is there already, show it as it is now. */
  put(message) {
    this.settled(message.key);
    const index = this.messages.findIndex((kept) => kept.id === message.id);
    if (index >= 0) {
      this.messages[index] = message;
      this.redraw(index);
      return;
    }
    const place = this.messages.findLastIndex((kept) => kept.id < message.id) + 1;
    this.messages.splice(place, 0, message);
    const node = this.draw(place);
    const next = this.messages[place + 1];
    this.items.insertBefore(node, next ? this.nodes.get(next.id) : null);
    if (next) this.redraw(place + 1);
    if (message.author === this.me) this.toEnd();
    else if (!this.stick) this.freshButton.hidden = false;
    else this.settle();
  }

  /** Show one's own message before the server has it. */
  pend(key, message) {
    const node = el(
      "article",
      { class: "message mine joined pending", "data-key": key },
      el("div", { class: "message-body" }, bubble(message, this.me, this.actions(false))),
    );
    node.querySelector(".message-body").append(el("span", { class: "state" }, t("sending")));
    this.waiting.append(node);
    this.toEnd();
  }

  /** Say below one's own message that it was not taken; a tap on that calls `retry`. */
  fail(key, retry) {
    this.untaken.set(key, retry);
    this.mark(this.own(key), key);
    this.settle();
  }

  /** Say no longer that it was not taken. */
  clear(key) {
    if (this.untaken.delete(key)) this.mark(this.own(key), key);
  }

  mark(node, key) {
    const retry = this.untaken.get(key);
    node?.querySelector(".state")?.remove();
    if (!retry) return;
    const words = el("button", { type: "button", class: "state failed", onclick: retry }, t("notSent"));
    node?.querySelector(".message-body").append(words);
  }

  has(key) {
    return this.messages.some((message) => message.key === key);
  }

  own(key) {
    const kept = this.messages.find((message) => message.key === key && !message.pressed);
    return kept ? this.nodes.get(kept.id) : this.pending(key);
  }

  settled(key) {
    this.pending(key)?.remove();
  }

  pending(key) {
    return [...this.waiting.children].find((node) => node.dataset.key === key);
  }

  toEnd() {
    this.stick = true;
    this.settle();
  }

  settle() {
    if (this.stick) this.scroller.scrollTop = this.scroller.scrollHeight;
    if (this.stick) this.freshButton.hidden = true;
  }

  get atEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR;
  }

  scrolled() {
    // Only who scrolls back leaves the end; messages that grow do not drive anybody away from it.
    if (this.atEnd) this.stick = true;
    else if (this.scroller.scrollTop < this.top) this.stick = false;
    this.top = this.scroller.scrollTop;
    if (this.atEnd) {
      this.freshButton.hidden = true;
      this.onEnd();
    }
    if (this.scroller.scrollTop < 120 && this.messages.length) this.onOlder();
  }

  draw(index) {
    const message = this.messages[index];
    const before = this.messages[index - 1];
    const moment = new Date(message.at);
    const newDay = !before || dayKey(new Date(before.at)) !== dayKey(moment);
    const joined =
      !newDay &&
      before.author === message.author &&
      !before.pressed &&
      Math.abs(moment - new Date(before.at)) < RUN;
    const node = el("div", { class: "item" });
    if (newDay) node.append(el("p", { class: "day" }, el("span", {}, dayName(moment, this.now()))));
    node.append(messageNode(message, this.me, this.actions(true), joined));
    if (this.untaken.has(message.key)) this.mark(node, message.key);
    this.nodes.set(message.id, node);
    return node;
  }

  redraw(index) {
    const old = this.nodes.get(this.messages[index].id);
    old.replaceWith(this.draw(index));
    this.settle();
  }
}
