// The client library: one session of Turnpike over a WebSocket that comes back by itself.
//
//   const client = new TurnpikeClient({session: "main"});
//   client.addEventListener("state", e => ...);   // e.detail: connecting, open, waiting, refused, closed
//   client.addEventListener("event", e => ...);   // e.detail: one AG-UI event, each once, in order
//   client.addEventListener("problem", e => ...); // e.detail: {code, message, clientMessageId?}
//   client.start(); client.send("hello"); client.stop(); client.close();
//
// Every event carries its cursor. After a lost connection the client goes on behind the last
// cursor that it saw. A message is sent again until its run is seen: the server takes a client
// message id once.

const FIRST_DELAY = 500;
const LONGEST_DELAY = 20000;
const DEAF_AFTER = 70000; // nothing heard, not even a pong
const PING_EVERY = 25000;
const NO_RETRY = new Set([1000, 4001, 4003, 4009]);

export function newId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16)); // plain http on another host than localhost
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const h = [...b].map(x => x.toString(16).padStart(2, "0")).join("");
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

export class TurnpikeClient extends EventTarget {
  #options; #socket = null; #tries = 0; #timer = 0; #beat = 0; #heard = 0; #waiting = new Map();
  #state = "closed"; #wanted = false;

  constructor({session, base = "/api/v1/pam", cursor = "", token = null, url = globalThis.location?.href} = {}) {
    super();
    this.#options = {base, token, url};
    this.session = session;
    this.cursor = cursor;
  }

  get state() { return this.#state; }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    globalThis.addEventListener?.("online", this.#now);
    globalThis.document?.addEventListener("visibilitychange", this.#now);
    this.#connect();
  }

  close() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    globalThis.removeEventListener?.("online", this.#now);
    globalThis.document?.removeEventListener("visibilitychange", this.#now);
    this.#socket?.close(1000);
    this.#socket = null;
    this.#enter("closed");
  }

  /** Sends a message; kept and sent again until its run is seen. Returns its ids. */
  send(text, extra = {}) {
    const id = newId();
    const frame = {
      type: "message", text, session_id: this.session, client_message_id: id, run_id: id,
      message_id: newId(), timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      locale: globalThis.navigator?.language, ...extra,
    };
    this.#waiting.set(frame.run_id, frame);
    this.#transmit(frame);
    return {clientMessageId: frame.client_message_id, runId: frame.run_id, messageId: frame.message_id};
  }

  /** Stops the session's running turn, or the one of a message that has not been accepted yet. */
  stop(runId = null) {
    const frame = runId && this.#waiting.get(runId);
    if (frame) this.#transmit({type: "cancel", client_message_id: frame.client_message_id});
    else this.#transmit({type: "cancel", session_id: this.session});
  }

  /** Answers an approval: {approved, edited_args?}. Its turn goes on in the session's events. */
  approve(id, body) {
    return this.fetch(`/approvals/${encodeURIComponent(id)}`, {method: "POST", body});
  }

  /** A request to the HTTP side. Throws an Error with .status and .problem when it is refused. */
  async fetch(path, {method = "GET", body} = {}) {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (this.#options.token) headers.Authorization = `Bearer ${this.#options.token}`;
    const reply = await fetch(new URL(this.#options.base + path, this.#options.url),
      {method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
    const data = reply.headers.get("Content-Type")?.includes("json") ? await reply.json() : null;
    if (!reply.ok) {
      throw Object.assign(new Error(data?.detail ?? data?.title ?? `HTTP ${reply.status}`),
        {status: reply.status, problem: data});
    }
    return data;
  }

  #now = () => {
    if (globalThis.document?.hidden || !this.#wanted || this.#socket) return;
    clearTimeout(this.#timer);
    this.#connect();
  };

  #enter(state, detail = "") {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", {detail: state}));
    if (detail) this.dispatchEvent(new CustomEvent("problem", {detail: {code: state, message: detail}}));
  }

  async #connect() {
    const mark = {}; // stands for the socket until there is one
    this.#socket = mark;
    this.#enter("connecting");
    const url = new URL(`${this.#options.base}/ws`, this.#options.url);
    url.protocol = url.protocol.replace("http", "ws");
    try {
      if (this.#options.token) {
        const {ticket} = await this.fetch("/ws-ticket", {method: "POST", body: {}});
        url.searchParams.set("ticket", ticket);
      }
      if (this.#socket !== mark) return; // closed meanwhile
      this.#attach(new WebSocket(url));
    } catch (error) {
      if (this.#socket === mark) this.#lost(error.status === 401 || error.status === 403 ? 4001 : 0);
    }
  }

  #attach(socket) {
    this.#socket = socket;
    socket.onopen = () => {
      this.#heard = Date.now();
      this.#beat = setInterval(() => this.#pulse(), PING_EVERY);
      const subscribe = {type: "subscribe", session_id: this.session};
      if (this.cursor) subscribe.cursor = this.cursor;
      socket.send(JSON.stringify(subscribe));
      this.#enter("open");
      for (const frame of this.#waiting.values()) socket.send(JSON.stringify(frame));
    };
    socket.onmessage = message => {
      this.#heard = Date.now();
      this.#tries = 0;
      this.#receive(message.data);
    };
    socket.onclose = event => {
      if (this.#socket === socket) this.#lost(event.code);
    };
  }

  #pulse() {
    if (Date.now() - this.#heard > DEAF_AFTER) {
      const socket = this.#socket;
      socket.onclose = null;
      socket.close();
      this.#lost(0);
    } else {
      this.#transmit({type: "ping"});
    }
  }

  #lost(code) {
    clearInterval(this.#beat);
    this.#socket = null;
    if (!this.#wanted) return;
    if (code !== 1000 && NO_RETRY.has(code)) {
      this.#enter("refused", code === 4001 ? "Sign in again." : `The server refused the connection (${code}).`);
      return;
    }
    this.#enter("waiting");
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#tries++);
    this.#timer = setTimeout(() => this.#connect(), delay * (0.75 + Math.random() / 2));
  }

  #transmit(frame) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #receive(data) {
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (event.metadata?.cursor) {
      if (!isAfter(event.metadata.cursor, this.cursor)) return;
      this.cursor = event.metadata.cursor;
    }
    if (event.runId) this.#waiting.delete(event.runId);
    if (event.type === "error") {
      const id = event.client_message_id;
      const waiting = [...this.#waiting.values()].find(frame => id && frame.client_message_id === id);
      if (waiting && event.retry_after_ms) {
        setTimeout(() => this.#waiting.has(waiting.run_id) && this.#transmit(waiting), event.retry_after_ms * (1 + Math.random() / 4));
        return;
      }
      if (waiting) this.#waiting.delete(waiting.run_id);
      this.dispatchEvent(new CustomEvent("problem", {
        detail: {code: event.code ?? "error", message: event.message ?? "", clientMessageId: id},
      }));
    } else if (/^[A-Z_]+$/.test(event.type ?? "")) {
      this.dispatchEvent(new CustomEvent("event", {detail: event}));
    } else {
      this.dispatchEvent(new CustomEvent("frame", {detail: event}));
    }
  }
}

/** Whether cursor a ("EPOCH-N") stands behind b. */
export function isAfter(a, b) {
  if (!b) return true;
  const [ae, an] = a.split("-").map(Number), [be, bn] = b.split("-").map(Number);
  return ae > be || (ae === be && an > bn);
}
