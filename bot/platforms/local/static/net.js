// Talking to the server: questions and answers over HTTP, and the live line over a WebSocket.

/** The server refused; `code` says why. */
export class Refusal extends Error {
  constructor(code, status) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

/** The server could not be reached. */
export class Unreachable extends Error {}

const PATIENCE = 60_000;

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Unreachable();
  }
  let body = {};
  try {
    body = await response.json();
  } catch {
    // An answer that is no JSON is judged by its status alone.
  }
  if (!response.ok) throw new Refusal(body.error ?? "other", response.status);
  return body;
}

/** Get an answer; `query` becomes the question mark's part, without what is undefined. */
export function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return ask(`${path}?${new URLSearchParams(given)}`);
}

export function post(path, data = {}) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
}

export function upload(file) {
  const form = new FormData();
  form.append("file", file, file.name || "photo.png");
  return ask("/api/uploads", { method: "POST", body: form });
}

/** An id of our own, so that what is sent twice is kept once. */
export function ownId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 8_000;
// The server gives a sign of life every twenty seconds.
const SILENCE = 45_000;

/** The live line of one account. It comes back by itself until it is closed. */
export class Line {
  constructor(account, { onEvent, onState }) {
    this.account = account;
    this.onEvent = onEvent;
    this.onState = onState;
    this.pause = FIRST_PAUSE;
    this.closed = false;
    this.hurry = () => this.retryNow();
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/live?as=${encodeURIComponent(this.account)}`);
    this.socket = socket;
    socket.onmessage = (message) => {
      if (socket !== this.socket) return;
      this.listen();
      const event = JSON.parse(message.data);
      if (event.type === "hello") {
        this.pause = FIRST_PAUSE;
        this.onState(true);
      }
      this.onEvent(event);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
    this.listen();
  }

  listen() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.lost(), SILENCE);
  }

  lost() {
    clearTimeout(this.watch);
    clearTimeout(this.timer);
    this.drop();
    if (this.closed) return;
    this.onState(false);
    this.timer = setTimeout(() => this.open(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  retryNow() {
    if (this.closed || this.socket || document.visibilityState === "hidden") return;
    clearTimeout(this.timer);
    this.pause = FIRST_PAUSE;
    this.open();
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  close() {
    this.closed = true;
    clearTimeout(this.watch);
    clearTimeout(this.timer);
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    this.drop();
  }
}
