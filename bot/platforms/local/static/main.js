// The page: who one is, which room is open, and what follows from what happens.

import { Composer } from "./composer.js";
import { avatar, dayAndTime, el, fileUrl, personName, postNames, useZone } from "./draw.js";
import { MessageLog } from "./log.js";
import { get, Line, ownId, post, Refusal, Unreachable } from "./net.js";
import { People } from "./people.js";
import { forgetMarks, lastOf, markRead, RoomList, roomTitle } from "./rooms.js";
import { speak, t } from "./texts.js";

const PAGE = 50;
const LAST_WHO = "who";
const narrow = matchMedia("(max-width: 760px)");
const at = (id) => document.getElementById(id);

const state = {
  account: null,
  me: null,
  rooms: [],
  room: null,
  line: null,
  // Whether the live line is up; null while it is being opened for the first time: that is no reason to wait.
  connected: null,
  epoch: null,
  // The server's time less ours, in milliseconds.
  ahead: 0,
  // Own messages that the server has not confirmed: key → {room, path, data}.
  waiting: new Map(),
  // Counts what the live line told of the story: an answer that was asked for earlier knows less.
  storyNews: 0,
  fetchingOlder: false,
  wholeHistory: false,
  // Counts the fetches of a room; only the last one counts. Whether it has brought the open room's messages.
  fetch: 0,
  fetched: false,
  // For every question under way, the messages that came meanwhile, by number: they are newer than its answer.
  hearing: new Set(),
};

const now = () => new Date(Date.now() + state.ahead);
const openRoom = () => state.rooms.find((room) => room.id === state.room);

function address(account, room) {
  const place = new URLSearchParams({ as: account });
  if (room) place.set("room", room);
  return `#${place}`;
}

// --- parts ---------------------------------------------------------------------------------------------

let toastTimer;
function toast(words) {
  const node = at("toast");
  node.textContent = words;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (node.hidden = true), 5_000);
}

const composer = new Composer({ send, toast });
const roomList = new RoomList({ address });
const people = new People({ address, onFailure: (error) => toast(composer.explain(error)) });
const log = new MessageLog({
  now,
  onOlder: fetchOlder,
  onEnd: noteRead,
  actions: (settled) => ({
    enlarge,
    press: settled && openRoom()?.member ? press : null,
  }),
});

// --- where we are: the part of the address behind the # ------------------------------------------------

async function go() {
  const place = new URLSearchParams(location.hash.slice(1));
  const account = place.get("as") ?? localStorage.getItem(LAST_WHO);
  if (!account) {
    document.body.dataset.view = "rooms";
    people.open(null);
    return;
  }
  if (account !== state.account) await become(account);
  if (state.account !== account || !state.me) return;
  await show(place.get("room"));
}

async function become(account) {
  state.line?.close();
  Object.assign(state, { account, me: null, rooms: [], room: null, epoch: null, connected: null });
  delete document.body.dataset.line;
  if (!(await refresh())) return;
  localStorage.setItem(LAST_WHO, account);
  people.close();
  state.line = new Line(account, { onEvent: happened, onState: connection });
}

/** Fetch everything about oneself anew; false when the account is not there any more. */
async function refresh() {
  const { account, storyNews } = state;
  try {
    const { heard, ...me } = await hearingGet("/api/me", { as: account });
    if (account !== state.account) return false;
    take(me, heard);
    if (storyNews === state.storyNews) drawStory(me.story);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) leave();
    else if (error instanceof Unreachable && !state.me) retryLater();
    return false;
  }
}

function retryLater() {
  connection(false);
  const account = state.account;
  setTimeout(() => {
    if (state.account !== account || state.me) return;
    state.account = null;
    go();
  }, 2_000);
}

function leave() {
  localStorage.removeItem(LAST_WHO);
  state.line?.close();
  Object.assign(state, { account: null, me: null, rooms: [], room: null, line: null });
  log.reset([], null);
  history.replaceState(null, "", location.pathname);
  document.body.dataset.view = "rooms";
  drawRooms();
  people.open(null);
}

function take(me, heard) {
  const translated = state.me && state.me.language !== me.identity.language;
  state.me = me.identity;
  state.rooms = me.rooms;
  for (const message of heard.values()) noteLast(message);
  speak(me.identity.language);
  useZone(me.zone);
  keepTime(me.now);
  composer.limits = me.limits;
  composer.setCommands(me.commands);
  at("play").hidden = !me.features.story;
  at("reset").hidden = !me.features.reset;
  at("stage").hidden = !me.features.story && !me.features.reset;
  drawMe();
  drawRooms();
  drawHead();
  if (translated) fetchRoom();
}

async function show(wanted) {
  const named = state.rooms.find((room) => room.id === wanted);
  const room = named ?? (narrow.matches ? null : state.rooms[0]);
  document.body.dataset.view = named ? "chat" : "rooms";
  if (!room) {
    state.room = null;
    drawRooms();
    return;
  }
  if (room.id === state.room) return;
  state.room = room.id;
  drawHead();
  drawRooms();
  composer.turnTo({
    draftKey: `draft ${state.account} ${room.id}`,
    group: room.kind === "group",
    open: room.member,
    placeholder: t(room.kind === "group" ? "writeGroup" : "writePrivate"),
  });
  log.reset([], state.account);
  at("empty").hidden = true;
  await fetchRoom();
  if (!narrow.matches && room.member && !people.dialog.open) composer.box.focus();
}

// --- messages ------------------------------------------------------------------------------------------

/** Ask, and hear what messages come meanwhile: the answer may be older than they are, and arrive after them. */
async function hearingGet(path, query) {
  const heard = new Map();
  state.hearing.add(heard);
  try {
    return { ...(await get(path, query)), heard };
  } finally {
    state.hearing.delete(heard);
  }
}

/** Some of a room's messages, each as it is by now. */
async function getMessages(query) {
  const { messages, full, heard } = await hearingGet("/api/messages", query);
  return { messages: messages.map((message) => heard.get(message.id) ?? message), full, heard };
}

async function fetchRoom() {
  const { account, room } = state;
  if (!room) return;
  const ticket = ++state.fetch;
  state.fetched = false;
  try {
    const { messages, full, heard } = await getMessages({ as: account, room, limit: PAGE });
    if (ticket !== state.fetch) return;
    state.fetched = true;
    state.wholeHistory = !full;
    log.reset(messages, account);
    const first = log.oldest ?? 0;
    for (const message of heard.values()) if (message.room === room && message.id >= first) log.put(message);
    pendAgain(room);
    drawEmpty();
    noteRead();
  } catch (error) {
    if (ticket === state.fetch) failed(error);
  }
}

function pendAgain(room) {
  for (const [key, one] of state.waiting) {
    if (one.room !== room || !one.shown) continue;
    if (!log.has(key)) log.pend(key, one.shown);
    if (one.failed) log.fail(key, () => deliver(key));
  }
}

/** Show a message of the open room, whatever is being fetched at the same time. */
function put(message) {
  hear(message);
  log.put(message);
  at("empty").hidden = true;
}

function hear(message) {
  for (const heard of state.hearing) heard.set(message.id, message);
}

async function fetchOlder() {
  if (state.fetchingOlder || state.wholeHistory || !log.oldest) return;
  const { account, room, fetch } = state;
  state.fetchingOlder = true;
  try {
    const { messages, full } = await getMessages({ as: account, room, before: log.oldest, limit: PAGE });
    if (fetch === state.fetch) {
      state.wholeHistory = !full;
      log.prepend(messages);
    }
  } catch (error) {
    failed(error);
  } finally {
    state.fetchingOlder = false;
  }
}

/** After a break: what was said meanwhile, and the latest ones again, as they may have been changed. */
async function catchUp() {
  const { account, room } = state;
  const first = log.messages.at(-PAGE) ?? log.messages[0];
  if (!state.fetched || !first) return fetchRoom();
  let after = first.id - 1;
  for (let full = true; full; ) {
    const answer = await getMessages({ as: account, room, after });
    if (account !== state.account || room !== state.room) return;
    for (const message of answer.messages) log.put(message);
    full = answer.full;
    after = answer.messages.at(-1)?.id ?? after;
  }
  drawEmpty();
  noteRead();
}

function noteRead() {
  const room = openRoom();
  if (!room || document.visibilityState === "hidden" || !log.atEnd) return;
  if (narrow.matches && document.body.dataset.view !== "chat") return;
  if (log.newest) markRead(state.account, room.id, log.newest);
  drawRooms();
}

function send(text, files) {
  if (state.connected === false) {
    toast(t("offlineSend"));
    return false;
  }
  const id = ownId();
  const key = `${state.account}:${id}`;
  const shown = { key, author: state.account, text, files, at: now().toISOString() };
  const data = { account: state.account, room: state.room, id, text, files: files.map(({ key, name }) => ({ key, name })) };
  state.waiting.set(key, { room: state.room, account: state.account, path: "/api/messages", data, shown });
  log.pend(key, shown);
  at("empty").hidden = true;
  deliver(key);
  return true;
}

function press(message, button, node) {
  if (state.connected === false) {
    toast(t("offlineSend"));
    return;
  }
  const id = ownId();
  const key = `${state.account}:${id}`;
  const data = { account: state.account, room: message.room, id, message: message.id, payload: button.payload };
  state.waiting.set(key, { room: message.room, account: state.account, path: "/api/presses", data });
  node.setAttribute("aria-busy", "true");
  deliver(key).finally(() => node.removeAttribute("aria-busy"));
}

// One after the other, so that they arrive in the order in which they were written.
let queue = Promise.resolve();
function deliver(key) {
  queue = queue.then(() => deliverNow(key));
  return queue;
}

async function deliverNow(key) {
  const one = state.waiting.get(key);
  if (!one || one.busy) return;
  one.busy = true;
  one.failed = false;
  log.clear(key);
  try {
    const { message } = await post(one.path, one.data);
    state.waiting.delete(key);
    if (message.room === state.room && one.account === state.account) put(message);
    // What was said may have changed who one is, which language one reads, and what one may do.
    await refresh();
  } catch (error) {
    one.failed = true;
    if (error instanceof Refusal && error.status < 500) giveBack(one, key);
    else log.fail(key, () => deliver(key));
    failed(error);
  } finally {
    one.busy = false;
  }
}

/** What the server will never take goes back into the box. */
function giveBack(one, key) {
  state.waiting.delete(key);
  log.settled(key);
  if (!one.shown || one.room !== state.room || composer.box.value) return;
  composer.box.value = one.data.text;
  composer.changed();
}

function failed(error) {
  if (error instanceof Refusal) toast(error.code === "stale" ? t("stale") : composer.explain(error));
  else if (!(error instanceof Unreachable)) throw error;
}

// --- the live line -------------------------------------------------------------------------------------

let offlineTimer;
function connection(up) {
  state.connected = up;
  if (!up) delete document.body.dataset.line;
  clearTimeout(offlineTimer);
  const banner = at("offline");
  if (up) {
    banner.hidden = true;
    return;
  }
  // A short break is nobody's business.
  offlineTimer = setTimeout(() => {
    banner.textContent = t("offline");
    banner.hidden = false;
  }, 1_200);
}

function happened(event) {
  keepTime(event.now);
  const handlers = { hello, message: arrived, edited: arrived, story: storyTold, reset: startedOver };
  handlers[event.type]?.(event);
}

async function hello({ epoch }) {
  const fresh = state.epoch !== null && state.epoch !== epoch;
  state.epoch = epoch;
  // Between the last look and the line's beginning something may have happened.
  if (!(await refresh())) return;
  if (fresh) await fetchRoom();
  else if (state.room) await catchUp().catch(failed);
  for (const [key, one] of state.waiting) if (one.failed) deliver(key);
  document.body.dataset.line = "up";
}

function arrived({ type, message }) {
  hear(message);
  if (!noteLast(message)) {
    refresh();
    return;
  }
  if (message.room === state.room && (type === "message" || message.id >= log.oldest)) {
    put(message);
    noteRead();
  }
  drawRooms();
}

/** Let the list of rooms say what was said last; false when the room is not known. */
function noteLast(message) {
  const room = state.rooms.find((one) => one.id === message.room);
  if (room && (!room.last || message.id >= room.last.id)) room.last = lastOf(message);
  return Boolean(room);
}

function storyTold(event) {
  state.storyNews += 1;
  drawStory(event);
}

async function startedOver({ epoch }) {
  state.epoch = epoch;
  state.waiting.clear();
  for (const heard of state.hearing) heard.clear();
  forgetMarks();
  toast(t("resetDone"));
  if (await refresh()) await fetchRoom();
}

// --- drawing -------------------------------------------------------------------------------------------

function keepTime(moment) {
  state.ahead = new Date(moment).getTime() - Date.now();
  drawClock();
}

function drawClock() {
  const clock = at("clock");
  clock.textContent = t("clockIs", { time: dayAndTime(now()) });
  clock.hidden = !state.me;
}

function drawMe() {
  const name = personName(state.me);
  const face = avatar(state.me.account, name);
  at("who-avatar").className = face.className;
  at("who-avatar").textContent = face.textContent;
  at("who-name").textContent = name;
  at("who-posts").textContent = state.me.bound ? postNames(state.me.posts) || t("noPost") : t("unbound");
  document.title = `${name} · ${t("product")} ${t("room")}`;
}

function drawRooms() {
  roomList.draw(state.rooms, { account: state.account, open: state.room, now: now() });
}

function drawHead() {
  const room = openRoom();
  if (!room) return;
  at("title").textContent = roomTitle(room);
  at("subtitle").textContent = t(room.kind === "private" ? "privateWith" : room.member ? "groupMember" : "groupGuest");
  at("composer").hidden = !room.member;
  at("readonly").hidden = room.member;
  composer.open = room.member;
  composer.box.placeholder = t(room.kind === "group" ? "writeGroup" : "writePrivate");
}

function drawEmpty() {
  const node = at("empty");
  const room = openRoom();
  node.hidden = log.messages.length > 0 || log.waiting.childElementCount > 0;
  const commands = room?.kind === "private" ? composer.list.commands.slice(0, 6) : [];
  const chips = commands.map((command) =>
    el("button", { type: "button", class: "start", onclick: () => composer.chosen(command) }, el("b", {}, command[0]), el("span", {}, command[2])),
  );
  node.replaceChildren(el("p", {}, t(room?.kind === "private" ? "emptyPrivate" : "emptyGroup")), ...chips);
}

function drawStory(story) {
  const node = at("story");
  if (story?.over) toast(t(story.failed ? "storyFailed" : "storyOver"));
  const running = Boolean(story) && !story.over;
  node.hidden = !running;
  at("play").disabled = running;
  if (!running) return;
  at("story-caption").textContent = t("storyStep", story);
  at("story-bar").max = Math.max(1, story.total);
  at("story-bar").value = story.done;
}

function enlarge(file) {
  at("viewer-picture").src = fileUrl(file);
  at("viewer-picture").alt = file.name;
  at("viewer-save").href = fileUrl(file);
  at("viewer-save").download = file.name;
  at("viewer").showModal();
}

// --- listening -----------------------------------------------------------------------------------------

at("who").addEventListener("click", () => people.open(state.account));
at("back").addEventListener("click", () => (location.hash = address(state.account)));
at("viewer").addEventListener("click", (event) => {
  if (event.target.tagName !== "A") at("viewer").close();
});
at("play").addEventListener("click", () => post("/api/story").catch(failed));
at("reset").addEventListener("click", () => at("ask").showModal());
at("ask-no").addEventListener("click", () => at("ask").close());
at("ask-yes").addEventListener("click", () => {
  at("ask").close();
  post("/api/reset").catch(failed);
});
document.addEventListener("visibilitychange", noteRead);
window.addEventListener("hashchange", go);
window.addEventListener("storage", (event) => {
  if (event.key?.startsWith("read ")) drawRooms();
});
narrow.addEventListener("change", go);
setInterval(drawClock, 5_000);

speak(navigator.language.startsWith("zh") ? "zh_CN" : "en");
go();
