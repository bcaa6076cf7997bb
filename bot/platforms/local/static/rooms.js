// The list of rooms, with a glimpse of what was said last and a dot where something is unread.

import { dayKey, dayName, el, timeOfDay } from "./draw.js";
import { t } from "./texts.js";

// --- what has been read, kept by the browser and shared by its windows --------------------------------

function markKey(account, room) {
  return `read ${account} ${room}`;
}

export function readUpTo(account, room) {
  return Number(localStorage.getItem(markKey(account, room)) ?? 0);
}

export function markRead(account, room, id) {
  if (id > readUpTo(account, room)) localStorage.setItem(markKey(account, room), String(id));
}

/** After a fresh beginning numbers begin anew too. */
export function forgetMarks() {
  for (const key of Object.keys(localStorage)) if (key.startsWith("read ")) localStorage.removeItem(key);
}

function isUnread(room, account) {
  return Boolean(room.last) && room.last.author !== account && room.last.id > readUpTo(account, room.id);
}

// --- drawing -------------------------------------------------------------------------------------------

export function roomTitle(room) {
  return room.kind === "private" ? t("product") : room.title;
}

function glimpse(last, account) {
  if (!last) return "";
  let words = last.brief || "";
  if (!words && last.file) words = /\.(jpe?g|png|gif|webp|heic)$/i.test(last.file) ? t("photoBrief") : t("fileBrief", { name: last.file });
  words = words.replace(/\s+/g, " ");
  return last.by && last.author !== account ? t("spoke", { name: last.by, words }) : words;
}

function when(last, now) {
  if (!last) return "";
  const moment = new Date(last.at);
  return dayKey(moment) === dayKey(now) ? timeOfDay(moment) : dayName(moment, now);
}

/** The glimpse that a message leaves in the list. */
export function lastOf(message) {
  const lines = (message.body ?? []).map((block) => block.words ?? block.label ?? block.pairs?.[0]?.join(" ") ?? "");
  const brief = message.pressed ? t("pressedBrief", { label: message.pressed }) : (message.text ?? lines.join(" "));
  const { id, at, author, by } = message;
  return { id, at, author, by, brief: brief.slice(0, 80), file: message.files?.[0]?.name };
}

export class RoomList {
  constructor({ address }) {
    this.address = address;
    this.main = document.getElementById("rooms");
    this.others = document.getElementById("others");
    this.otherList = document.getElementById("other-rooms");
    this.othersDot = document.getElementById("others-dot");
  }

  draw(rooms, { account, open, now }) {
    const drawn = (room) => this.room(room, { account, open, now });
    const others = rooms.filter((room) => !room.member);
    const focused = document.activeElement?.dataset.room;
    this.main.replaceChildren(...rooms.filter((room) => room.member).map(drawn));
    this.otherList.replaceChildren(...others.map(drawn));
    this.others.hidden = !others.length;
    this.othersDot.hidden = !others.some((room) => isUnread(room, account));
    if (others.some((room) => room.id === open)) this.others.open = true;
    if (focused) [...document.querySelectorAll(".room")].find((room) => room.dataset.room === focused)?.focus();
  }

  room(room, { account, open, now }) {
    const unread = room.id !== open && isUnread(room, account);
    const icon =
      room.kind === "private"
        ? el("img", { class: "avatar", src: "/static/icon.svg", alt: "", width: 44, height: 44 })
        : el("span", { class: "avatar group", "aria-hidden": "true" }, [...room.title].slice(0, 2).join(""));
    return el(
      "li",
      {},
      el(
        "a",
        { class: "room", href: this.address(account, room.id), "aria-current": room.id === open ? "page" : null, "data-room": room.id },
        icon,
        el(
          "span",
          { class: "room-words" },
          el("span", { class: "room-top" }, el("b", {}, roomTitle(room)), el("time", {}, when(room.last, now))),
          el(
            "span",
            { class: "room-bottom" },
            el("span", { class: "glimpse" }, glimpse(room.last, account) || t(room.kind === "private" ? "privateWith" : room.member ? "groupMember" : "groupGuest")),
            unread ? el("span", { class: "dot", role: "img", "aria-label": t("unread") }) : null,
          ),
        ),
      ),
    );
  }
}
