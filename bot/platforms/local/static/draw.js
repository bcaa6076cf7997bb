// Drawing: every word that people or the bot wrote goes in as text, never as markup.

import { known, locale, t } from "./texts.js";

/** An element with attributes, event listeners (on…) and children; strings become text. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// --- people ------------------------------------------------------------------------------------------

const HUES = 8;

/** A person's avatar: the surname on a colour of their own; the bot's is its sign. */
export function avatar(account, name) {
  if (account === null) return el("img", { class: "avatar", src: "/static/icon.svg", alt: "", width: 40, height: 40 });
  let sum = 0;
  for (const letter of account) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return el("span", { class: `avatar hue${sum % HUES}`, "aria-hidden": "true" }, surname(name));
}

// Surnames of two characters that are common enough to look wrong when cut.
const DOUBLE = /^(欧阳|司马|上官|诸葛|司徒|皇甫|尉迟|夏侯|东方|公孙|令狐|慕容|端木|百里)/;

export function surname(name) {
  const double = DOUBLE.exec(name);
  return double ? double[0] : ([...name.trim()][0] ?? "？").toUpperCase();
}

export function roleName(role) {
  return known(`roles.${role}`) ? t(`roles.${role}`) : role;
}

export function postNames(posts) {
  return posts.map((post) => t("post", { unit: post.unit, role: roleName(post.role) })).join(" · ");
}

/** What somebody is called on the page. */
export function personName(who) {
  return who.bound || !who.account.startsWith("guest-") ? who.name : t("stranger");
}

// --- times -------------------------------------------------------------------------------------------

let zone = "Asia/Shanghai";

export function useZone(name) {
  zone = name;
}

function formatted(moment, options) {
  return new Intl.DateTimeFormat(locale(), { timeZone: zone, hour12: false, ...options }).format(moment);
}

export function dayKey(moment) {
  return formatted(moment, { year: "numeric", month: "2-digit", day: "2-digit" });
}

export function timeOfDay(moment) {
  return formatted(moment, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function dayName(moment, now) {
  if (dayKey(moment) === dayKey(now)) return t("today");
  if (dayKey(moment) === dayKey(new Date(now.getTime() - 86_400_000))) return t("yesterday");
  const sameYear = formatted(moment, { year: "numeric" }) === formatted(now, { year: "numeric" });
  return formatted(moment, {
    year: sameYear ? undefined : "numeric",
    month: "long",
    day: "numeric",
    weekday: "short",
  });
}

export function dayAndTime(moment) {
  const day = formatted(moment, { year: "numeric", month: "long", day: "numeric", weekday: "short" });
  return `${day} ${timeOfDay(moment)}`;
}

// --- blocks ------------------------------------------------------------------------------------------

const LIGHTS = { "🟢": "green", "🟡": "yellow", "🔴": "red" };

/** Words with their lights drawn: not every machine has a font with coloured signs. */
function lit(words) {
  return words
    .split(/(🟢|🟡|🔴)/u)
    .filter((part) => part)
    .map((part) => (LIGHTS[part] ? el("span", { class: `lamp ${LIGHTS[part]}`, "aria-hidden": "true" }) : part));
}

function line(block) {
  const tag = { title: "h3", quote: "blockquote" }[block.style] ?? "p";
  if (block.style === "link") {
    const there = { class: "line link", href: block.words, target: "_blank", rel: "noopener noreferrer nofollow" };
    return el("p", { class: "line" }, el("a", there, block.words));
  }
  const parts = block.parts ?? [[block.words, false]];
  const drawn = parts.flatMap(([words, call]) => (call ? [el("span", { class: "call" }, words)] : lit(words)));
  return el(tag, { class: `line ${block.style}` }, ...drawn);
}

function fields(block) {
  const list = el("dl", { class: "fields" });
  for (const [label, value] of block.pairs) list.append(el("dt", {}, label), el("dd", {}, value));
  return list;
}

function bar(block) {
  const node = el("div", { class: "bar" }, el("div", { class: "bar-label" }, block.label));
  if (block.known) {
    node.append(
      el(
        "div",
        { class: "bar-row" },
        el("progress", {
          class: block.light ?? "none",
          max: 1,
          value: Math.min(1, Math.max(0, Number(block.known.share))),
          "aria-label": block.label,
        }),
        el("span", { class: "bar-percent" }, block.known.percent),
      ),
    );
  }
  // The word stands beside the colour always: colours mean different things in different places.
  const words = block.note || (block.light ? t(`lights.${block.light}`) : "");
  if (words) {
    const lamp = block.light ? el("span", { class: `lamp ${block.light}`, "aria-hidden": "true" }) : null;
    node.append(el("div", { class: "bar-note" }, lamp, words));
  }
  return node;
}

// A column of words is never squeezed to less than so many characters.
const WORDS = 6;

function table(block) {
  const side = (column) => (block.align[column] === "r" ? "right" : "left");
  const cells = [block.header, ...block.rows];
  const widths = block.header.map((_, i) => Math.min(WORDS, Math.max(...cells.map((row) => row[i].length))));
  const node = el("table");
  if (block.header.some((cell) => cell)) {
    const heads = block.header.map((cell, i) => el("th", { scope: "col", class: side(i) }, cell));
    node.append(el("thead", {}, el("tr", {}, ...heads)));
  }
  const rows = block.rows.map((row) =>
    el("tr", {}, ...row.map((cell, i) => el("td", { class: side(i) }, cell))),
  );
  for (const [i, cell] of [...(rows[0]?.cells ?? [])].entries()) {
    if (side(i) === "left") cell.style.minWidth = `calc(${widths[i]}em + 20px)`;
  }
  node.append(el("tbody", {}, ...rows));
  return el("div", { class: "table", role: "region", tabindex: "0", "aria-label": t("table") }, node);
}

const BLOCKS = { line, fields, bar, table };

// --- files -------------------------------------------------------------------------------------------

const SHOWN = ["image/jpeg", "image/png", "image/gif", "image/webp"];

export function isPicture(file) {
  return SHOWN.includes(file.mime);
}

export function fileUrl(file) {
  return `/files/${encodeURIComponent(file.key)}?name=${encodeURIComponent(file.name)}`;
}

function pictures(files, onEnlarge) {
  const shots = files.map((file) =>
    el(
      "button",
      { type: "button", class: "shot", "aria-label": t("enlarge", { name: file.name }), onclick: () => onEnlarge(file) },
      el("img", { src: fileUrl(file), alt: file.name, loading: "lazy" }),
    ),
  );
  return el("div", { class: `shots n${Math.min(shots.length, 3)}` }, ...shots);
}

function size(bytes) {
  if (!bytes) return "";
  return bytes < 1_048_576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}

function documentLink(file) {
  const ending = /\.([0-9A-Za-z]{1,5})$/.exec(file.name)?.[1] ?? "?";
  return el(
    "a",
    { class: "document", href: fileUrl(file), download: file.name },
    el("span", { class: "document-kind", "aria-hidden": "true" }, ending.toUpperCase()),
    el(
      "span",
      { class: "document-words" },
      el("span", { class: "document-name" }, file.name),
      el("span", { class: "document-size" }, [t("download"), size(file.size)].filter(Boolean).join(" · ")),
    ),
  );
}

// --- messages ----------------------------------------------------------------------------------------

/**
 * A message's bubble. `me` is the reader's account; `actions` has `enlarge(file)` and `press(message, button)`,
 * the latter only where the reader may press.
 */
export function bubble(message, me, actions) {
  const files = message.files ?? [];
  const shown = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  const node = el("div", { class: "bubble" });
  if (message.text) node.append(el("p", { class: "text" }, message.text));
  for (const block of message.body ?? []) node.append(BLOCKS[block.kind](block));
  if (shown.length) node.append(pictures(shown, actions.enlarge));
  node.append(...others.map(documentLink));
  if (message.buttons?.length) node.append(buttons(message, actions));
  return node;
}

function buttons(message, actions) {
  const rows = message.buttons.map((row) =>
    el(
      "div",
      { class: "button-row" },
      ...row.map((button) =>
        el(
          "button",
          {
            type: "button",
            class: "press",
            disabled: !actions.press,
            onclick: (event) => actions.press?.(message, button, event.currentTarget),
          },
          button.label,
        ),
      ),
    ),
  );
  return el("div", { class: "buttons" }, ...rows);
}

/** A message with its writer and time; `joined` when it follows another of the same writer. */
export function messageNode(message, me, actions, joined) {
  const moment = new Date(message.at);
  if (message.pressed) {
    const words = t("pressed", { name: message.by, label: message.pressed });
    return el("p", { class: "pressed", "data-id": message.id, title: timeOfDay(moment) }, words);
  }
  const mine = message.author === me;
  const name = message.author === null ? t("product") : message.by;
  const head = el(
    "header",
    { class: "head" },
    el("span", { class: "by" }, name),
    message.posts?.length ? el("span", { class: "post" }, postNames(message.posts.slice(0, 1))) : null,
    el("time", { datetime: message.at }, timeOfDay(moment)),
  );
  const side = message.author === null ? "bot" : mine ? "mine" : "theirs";
  return el(
    "article",
    { class: `message ${side}${joined ? " joined" : ""}`, "data-id": message.id },
    avatar(message.author, name),
    el("div", { class: "message-body" }, head, bubble(message, me, actions)),
  );
}
