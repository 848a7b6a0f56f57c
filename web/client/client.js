// The client library: one session of Turnpike over a WebSocket that comes back by itself. docs/client.md
// has the whole of it.
//
//   const client = new TurnpikeClient({session: "main", token: () => login.accessToken()});
//   client.addEventListener("state", e => ...);   // e.detail: connecting, live, resuming, offline, refused, closed
//   client.addEventListener("event", e => ...);   // e.detail: one AG-UI event, each once, in order
//   client.addEventListener("frame", e => ...);   // e.detail: any other frame (accepted, reminder, ...)
//   client.addEventListener("problem", e => ...); // e.detail: {code, message, reason?, clientMessageId?}
//   client.start(); client.send("hello"); client.stop(); client.setToken(another); client.close();
//
// Every event carries its cursor. After a lost connection the client goes on behind the last
// cursor that it saw. A message is sent again until its run is seen: the server takes a client
// message id once. A message leaves the client in one of three ways: its run is seen, a "problem" names it,
// or close() returns it.

const FIRST_DELAY = 500;
const LONGEST_DELAY = 20000;
const CONNECT_WITHIN = 10000;
const TICKET_WITHIN = 4000;
const FETCH_WITHIN = 20000;
const UPLOAD_WITHIN = 120000; // of a photo over a slow line
const KEPT = 6, DEAD_AFTER = 2000; // a browser's HTTP connections to one host
const PING_EVERY = 25000;
const PONG_WITHIN = 15000; // of a ping on a quiet socket
const PING_AFTER = 2000;   // something was sent and nothing is heard: a ping ...
const DEAF_AFTER = 4500;   // ... and the socket is given up
const SHORT_LIFE = 5000;   // a socket that ends sooner is no reason to come back at once
const ANSWER_WITHIN = 30000;
const RENEW_AHEAD = 60000;
const LONGEST_TIMER = 2 ** 31 - 1;
// The codes of the table in docs/stream-protocol.md after which a client does not just come back.
const TOO_LARGE = 1009, EXPIRED = 4001;
const NO_RETRY = new Map([[1002, "protocol"], [1003, "protocol"], [1007, "protocol"], [4003, "policy"]]);
const REASONS = {
  network: "The server cannot be reached.",
  slow: "The connection is dead: nothing was heard.",
  expired: "The sign-in has ended. Sign in again.",
  unauthenticated: "The key or token was not accepted. Sign in again.",
  policy: "The server refused the connection.",
  protocol: "The server could not read what was sent. Load this page again.",
};

export function newId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16)); // plain http on another host than localhost
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const h = [...b].map(x => x.toString(16).padStart(2, "0")).join("");
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** A claim of a JSON Web Token, unchecked; undefined for anything else. */
export function claim(token, name) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes))[name];
  } catch {
    return undefined;
  }
}

/** When a token should be replaced, by our clock; never, when nothing is known of its end. */
function renewalTime(token) {
  const left = Number(claim(token, "exp")) * 1000 - Date.now();
  return left > 0 ? Date.now() + left - Math.min(RENEW_AHEAD, left / 5) : Infinity;
}

export class TurnpikeClient extends EventTarget {
  #options; #source; #token; #renewAt = Infinity; #asking = null;
  #state = "closed"; #reason = null; #wanted = false; #lived = false; #tries = 0;
  #attempt = null; // {socket, opened, abort, limit}: the connection that there is, or that is being made
  #timers = {retry: 0, beat: 0, doubt: 0, renew: 0, pause: 0, answer: 0};
  // run id -> {frame, sent, taken: the connections that carried it and on which it was accepted; accepted: on any}
  #queue = new Map();
  #stopping = null;   // a stop of which nothing has been heard
  #deafAt = 0;        // when the doubt ends
  #direct = false;    // the HTTP connections that the browser keeps are as dead as the socket was

  /**
   * session: its id; a new one when left out. base: where the API is. cursor: go on behind it.
   * token: a JSON Web Token or API key, or a function that gives one or a promise of one; null: none.
   * url: the site, needed outside a browser. WebSocket: a class to use in place of the global one.
   * credentials: "include" for a site of another origin whose own log-in has a cookie; the token is null then.
   */
  constructor({session = newId(), base = "/api/v1/pam", cursor = "", token = null, url = globalThis.location?.href,
    WebSocket = globalThis.WebSocket, credentials = "same-origin"} = {}) {
    super();
    if (!/^https?:/i.test(String(url ?? ""))) {
      throw new TypeError("TurnpikeClient: outside a browser the option url must name the site, for example \"https://assistant.example.org\"");
    }
    this.#options = {base, url: String(url), WebSocket, credentials};
    this.#source = token;
    this.session = session;
    this.cursor = cursor;
    this.timezone = this.locale = ""; // of the messages; "": what the browser says
  }

  get state() { return this.#state; }
  /** Of the states refused, offline and resuming: {code, message}. */
  get reason() { return this.#reason; }
  /** The frames of messages of which the server has said nothing yet, in order. */
  get unsent() { return [...this.#queue.values()].filter(entry => !entry.accepted).map(entry => entry.frame); }

  start() {
    if (!this.#options.WebSocket) {
      throw new TypeError("TurnpikeClient: there is no global WebSocket here (Node has one from 22 on): pass a class as the option WebSocket, for example that of the package ws");
    }
    if (this.#wanted) return;
    this.#wanted = true;
    globalThis.addEventListener?.("online", this.#online);
    globalThis.document?.addEventListener("visibilitychange", this.#visible);
    this.#connect();
  }

  /** Ends it for good. Returns the frames of unsent messages: each is also told by a problem `not_sent`. */
  close() {
    const left = this.unsent;
    this.#wanted = false;
    this.#leave(1000);
    for (const name of Object.keys(this.#timers)) this.#clear(name);
    globalThis.removeEventListener?.("online", this.#online);
    globalThis.document?.removeEventListener("visibilitychange", this.#visible);
    this.#queue.clear();
    this.#enter("closed");
    for (const frame of left) this.#problem("not_sent", "The message was not sent.", {clientMessageId: frame.client_message_id});
    return left;
  }

  /** Another token, or function that gives one, from now on. A refused client tries again with it. */
  setToken(token) {
    this.#source = token;
    this.#token = undefined;
    this.#asking = null;
    this.#tries = 0;
    if (this.#wanted) this.#connect();
  }

  /** Sends a message; kept and sent again until its run is seen. Returns its ids. */
  send(text, extra = {}) {
    const id = newId();
    const frame = {
      type: "message", text, session_id: this.session, client_message_id: id, run_id: id,
      message_id: newId(), timezone: this.timezone || Intl.DateTimeFormat().resolvedOptions().timeZone,
      locale: this.locale || globalThis.navigator?.language, ...extra,
    };
    this.#queue.set(frame.run_id, {frame, sent: null, taken: null, accepted: false});
    this.#flush();
    return {clientMessageId: frame.client_message_id, runId: frame.run_id, messageId: frame.message_id};
  }

  /**
   * Takes back a message that has not begun to run. Gives its frame (text, attachments, ...): then it never runs. False: its run has begun,
   * or it is not known here. Throws when the server cannot be asked; then the message goes on.
   */
  async takeBack(runId) {
    const entry = this.#queue.get(runId);
    if (!entry) return false;
    if (entry.sent || entry.accepted) {
      entry.held = true;
      try {
        const {state} = await this.fetch("/cancel", {method: "POST", body: {client_message_id: entry.frame.client_message_id, take_back: true}});
        if (state !== "taken_back") return false;
      } finally {
        entry.held = false;
      }
    }
    this.#settle(runId);
    return entry.frame;
  }

  /** A page of the stored messages, the newest without `before` (a `next_cursor`). The first one read tells where the events go on. */
  async messages({before = "", limit = 50} = {}) {
    const query = new URLSearchParams({limit: String(limit), ...before && {cursor: before}});
    const page = await this.fetch(`/sessions/${encodeURIComponent(this.session)}/messages?${query}`);
    this.cursor ||= page.events_cursor ?? "";
    return page;
  }

  /** Stops the session's running turn, or the one of a message that has not been accepted yet. */
  stop(runId = null) {
    const frame = runId && this.#queue.get(runId)?.frame;
    const stop = frame ? {type: "cancel", client_message_id: frame.client_message_id} : {type: "cancel", session_id: this.session};
    this.#stopping = stop;
    this.#transmit(stop);
  }

  /** Answers an approval: {approved, edited_args?}. Its turn goes on in the session's events. */
  approve(id, body) {
    return this.fetch(`/approvals/${encodeURIComponent(id)}`, {method: "POST", body});
  }

  /** Stores a file (a Blob) for later messages: send(text, {attachments: [{id}]}). Gives {id, mime_type, bytes, ...}. */
  upload(file, {name = file.name ?? "", signal = AbortSignal.timeout(UPLOAD_WITHIN)} = {}) {
    return this.fetch(`/attachments?${new URLSearchParams({name})}`, {method: "POST", body: file, signal});
  }

  /**
   * A request to the HTTP side; a Blob is sent as it is, anything else as JSON. blob: the reply is wanted as one. Throws an Error with .status
   * and .problem when it is refused.
   */
  async fetch(path, {method = "GET", body, headers = {}, blob = false, signal = AbortSignal.timeout(FETCH_WITHIN)} = {}) {
    const raw = body instanceof Blob;
    const ask = token => fetch(new URL(this.#options.base + path, this.#options.url), {
      method, signal, cache: "no-store", body: body === undefined || raw ? body : JSON.stringify(body),
      credentials: this.#options.credentials,
      headers: {...headers, ...body !== undefined && {"Content-Type": raw ? body.type || "application/octet-stream" : "application/json"}, ...token && {Authorization: `Bearer ${token}`}},
    });
    const token = await this.#credential();
    let reply = await ask(token);
    if (reply.status === 401 && typeof this.#source === "function") {
      const next = await this.#credential(true);
      if (next && next !== token) reply = await ask(next);
    }
    if (reply.ok && blob) return reply.blob();
    const data = reply.headers.get("Content-Type")?.includes("json") ? await reply.json() : null;
    if (reply.ok) return data;
    throw Object.assign(new Error(data?.detail ?? data?.title ?? `HTTP ${reply.status}`), {status: reply.status, problem: data});
  }

  // ---- the token -------------------------------------------------------------------------------

  /** The token to use now. A function is asked at first, when its token nears its end, and `again`. */
  async #credential(again = false) {
    const source = this.#source;
    if (typeof source === "function" && (again || this.#token === undefined || Date.now() >= this.#renewAt)) {
      const asking = this.#asking ??= (async () => source())();
      let token;
      try {
        token = await asking;
      } finally {
        if (this.#asking === asking) this.#asking = null;
      }
      if (source !== this.#source) return this.#credential();
      this.#token = token;
    } else if (typeof source !== "function") {
      this.#token = source;
    }
    if (this.#token && !/^[\x21-\x7e]+$/.test(this.#token)) {
      throw Object.assign(new Error("A key or token has only letters, digits and signs, and no blanks."), {status: 401});
    }
    this.#renewAt = this.#token ? renewalTime(this.#token) : Infinity;
    return this.#token;
  }

  #planRenewal() {
    this.#clear("renew");
    if (typeof this.#source !== "function" || this.#renewAt === Infinity) return;
    const wait = Math.min(Math.max(this.#renewAt - Date.now(), 0), LONGEST_TIMER);
    this.#timers.renew = setTimeout(() => this.#renew(), wait);
  }

  /** Before the token's end: another one, and a connection of its own, as a socket ends with its token. */
  async #renew() {
    if (Date.now() < this.#renewAt) return this.#planRenewal();
    const before = this.#token, attempt = this.#attempt;
    try {
      await this.#credential(true);
    } catch (error) {
      this.#problem("token_failed", error.message);
      return; // the socket's end asks again
    }
    if (this.#attempt === attempt && attempt && this.#token !== before) this.#connect();
  }

  // ---- the connection ---------------------------------------------------------------------------

  #online = () => {
    if (this.#state === "live") this.#doubt(0);
    else if (this.#wanted && this.#state !== "refused") this.#connect();
  };
  #visible = () => {
    if (globalThis.document.hidden) return;
    if (this.#state === "live") this.#doubt(0);
    else if (this.#state === "offline") this.#connect();
  };

  #clear(name) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = 0;
  }

  #problem(code, message, more = {}) {
    this.dispatchEvent(new CustomEvent("problem", {detail: {code, message, ...more}}));
  }

  #enter(state, reason = null) {
    this.#reason = reason;
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", {detail: state}));
  }

  #refuse(code, message = REASONS[code]) {
    this.#leave(1000);
    this.#enter("refused", {code, message});
    this.#problem("refused", message, {reason: code});
  }

  /** What there is of a connection is not heard any more. */
  #leave(code) {
    const attempt = this.#attempt;
    this.#attempt = null;
    for (const name of ["retry", "beat", "doubt", "renew", "answer"]) this.#clear(name);
    if (!attempt) return;
    clearTimeout(attempt.limit);
    attempt.abort.abort();
    const socket = attempt.socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code);
    } catch { /* it has no name for that state */ }
  }

  async #connect() {
    this.#leave(1000);
    const attempt = {socket: null, opened: 0, abort: new AbortController(), limit: 0};
    this.#attempt = attempt;
    attempt.limit = setTimeout(() => this.#attempt === attempt && this.#hangs(), CONNECT_WITHIN);
    this.#enter(this.#lived ? "resuming" : "connecting", this.#reason);
    try {
      const how = await this.#address(attempt);
      if (this.#attempt === attempt) this.#attach(attempt, new this.#options.WebSocket(...how));
    } catch (error) {
      if (this.#attempt !== attempt) return;
      if (error.status === 401) this.#refuse("unauthenticated", error.problem ? undefined : error.message);
      else if (error.status === 403) this.#refuse(error.problem?.code ?? "forbidden", error.message);
      else this.#lost(0, error);
    }
  }

  #hangs() {
    this.#direct = true;
    this.#lost(0);
  }

  /**
   * Sockets are opened by ticket: no token stands in an address, and a refusal has its reason, where a browser would
   * only tell that the handshake failed. Where requests hang, a socket with the token in a header is tried: it has a
   * connection of its own. When that is refused, the next try asks for a ticket again and hears why.
   */
  async #address(attempt) {
    const url = new URL(`${this.#options.base}/ws`, this.#options.url);
    url.protocol = url.protocol.replace("http", "ws");
    const token = await this.#credential();
    const header = !token ? [] : /^[\w.~+-]+$/.test(token) ? [["turnpike", `bearer.${token}`]] : null;
    if (this.#direct && header) return [url.href, ...header];
    const late = setTimeout(() => attempt.abort.abort(), header ? TICKET_WITHIN : CONNECT_WITHIN);
    try {
      const {ticket} = await this.fetch("/ws-ticket", {method: "POST", body: {}, signal: attempt.abort.signal});
      url.searchParams.set("ticket", ticket);
      return [url.href];
    } catch (error) {
      if (error.name !== "AbortError" || !header) throw error;
      return [url.href, ...header];
    } finally {
      clearTimeout(late);
    }
  }

  /** A browser gives requests its kept connections, dead or not: each request that is given up takes one away. */
  #freshen() {
    const url = new URL(`${this.#options.base}/health/live`, this.#options.url);
    for (let i = 0; i < KEPT; i++) fetch(url, {cache: "no-store", signal: AbortSignal.timeout(DEAD_AFTER)}).then(r => r.arrayBuffer()).catch(() => {});
  }

  #attach(attempt, socket) {
    attempt.socket = socket;
    socket.onerror = () => {}; // its end follows
    socket.onopen = () => {
      clearTimeout(attempt.limit);
      attempt.opened = Date.now();
      if (this.#direct) this.#freshen();
      this.#direct = false;
      this.#timers.beat = setInterval(() => this.#doubt(0, PONG_WITHIN), PING_EVERY);
      this.#planRenewal();
      const subscribe = {type: "subscribe", session_id: this.session};
      if (this.cursor) subscribe.cursor = this.cursor;
      this.#transmit(subscribe);
      if (this.#stopping) this.#transmit(this.#stopping);
      this.#lived = true;
      this.#enter("live");
      this.#flush();
    };
    socket.onmessage = message => {
      this.#clear("doubt");
      this.#tries = 0;
      this.#receive(message.data);
    };
    socket.onclose = event => {
      if (this.#attempt === attempt) this.#closed(attempt, event.code);
    };
  }

  #closed(attempt, code) {
    const short = Date.now() - attempt.opened < SHORT_LIFE;
    this.#direct = false;
    if (code === EXPIRED) {
      if (typeof this.#source !== "function") return this.#refuse("expired");
      this.#token = undefined;
      if (!short) return void this.#connect();
    } else if (NO_RETRY.has(code)) {
      return this.#refuse(NO_RETRY.get(code));
    } else if (code === TOO_LARGE) {
      this.#dropLargest();
    }
    this.#lost(code);
  }

  /** The connection is gone, or was not made: another one, after a while. */
  #lost(code, error = null) {
    this.#leave(1000);
    if (!this.#wanted) return;
    this.#enter("offline", this.#cause(error));
    if (error && this.#tries === 0) {
      if (error.status) this.#problem(error.problem?.code ?? "error", error.message);
      else if (typeof this.#source === "function" && !this.#token) this.#problem("token_failed", error.message);
    }
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#tries++);
    this.#timers.retry = setTimeout(() => this.#connect(), delay * (0.75 + Math.random() / 2));
  }

  #cause(error) {
    if (error?.status) return {code: "server", message: error.message};
    if (error && typeof this.#source === "function" && !this.#token) return {code: "token_failed", message: error.message};
    return {code: "network", message: REASONS.network};
  }

  /** Something must be heard, whatever it is, or the socket is dead: a network that forgot it says nothing. */
  #doubt(pingAfter, deafAfter = DEAF_AFTER) {
    const end = Date.now() + deafAfter;
    if (this.#timers.doubt && this.#deafAt <= end) return;
    this.#clear("doubt");
    this.#deafAt = end;
    const ping = () => {
      this.#write({type: "ping"});
      this.#timers.doubt = setTimeout(() => {
        this.#direct = true;
        this.#enter("offline", {code: "slow", message: REASONS.slow});
        this.#connect();
      }, deafAfter - pingAfter);
    };
    if (pingAfter) this.#timers.doubt = setTimeout(ping, pingAfter);
    else ping();
  }

  #write(frame) {
    const socket = this.#attempt?.socket;
    if (socket?.readyState !== 1) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }
  #transmit(frame) {
    const sent = this.#write(frame);
    if (sent) this.#doubt(PING_AFTER);
    return sent;
  }

  // ---- messages -----------------------------------------------------------------------------------

  /** The next message goes when the one before was taken, so that they keep their order. */
  #flush() {
    if (this.#timers.pause || this.#state !== "live") return;
    const entry = [...this.#queue.values()].find(e => e.taken !== this.#attempt && !e.held);
    if (!entry || entry.sent === this.#attempt) return;
    if (!this.#transmit(entry.frame)) return;
    entry.sent = this.#attempt;
    this.#clear("answer");
    this.#timers.answer = setTimeout(() => {
      entry.sent = null;
      this.#flush();
    }, ANSWER_WITHIN);
  }

  #settle(runId) {
    if (this.#queue.delete(runId)) this.#flush();
  }

  #accepted(id) {
    const entry = id && [...this.#queue.values()].find(e => e.frame.client_message_id === id);
    if (entry) Object.assign(entry, {accepted: true, taken: this.#attempt});
    this.#flush();
  }

  /** The server does not take frames of that size: without this it would be sent again for ever. */
  #dropLargest() {
    const size = entry => JSON.stringify(entry.frame).length;
    const sent = [...this.#queue.values()].filter(entry => entry.sent === this.#attempt).sort((a, b) => size(b) - size(a))[0];
    if (sent) this.#refused(sent, "too_large", "The message is too long.");
  }

  #refused(entry, code, message) {
    this.#queue.delete(entry.frame.run_id);
    this.#problem(code, message, {clientMessageId: entry.frame.client_message_id});
    this.#flush();
  }

  #receive(data) {
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (!event || typeof event !== "object") return;
    if (event.metadata?.cursor) {
      if (!isAfter(event.metadata.cursor, this.cursor)) return;
      this.cursor = event.metadata.cursor;
    }
    if (event.runId) this.#settle(event.runId);
    if (["cancel_result", "RUN_FINISHED", "RUN_ERROR"].includes(event.type)) this.#stopping = null;
    if (event.type === "error") return this.#error(event);
    if (event.type === "accepted") this.#accepted(event.client_message_id);
    this.dispatchEvent(new CustomEvent(/^[A-Z_]+$/.test(event.type ?? "") ? "event" : "frame", {detail: event}));
  }

  #error(event) {
    const id = event.client_message_id, entries = [...this.#queue.values()];
    const entry = id ? entries.find(e => e.frame.client_message_id === id)
      : event.retry_after_ms && entries.find(e => e.taken !== this.#attempt && e.sent === this.#attempt); // a frame that was not read
    if (entry && event.retry_after_ms) {
      entry.sent = null;
      this.#clear("pause");
      this.#timers.pause = setTimeout(() => {
        this.#timers.pause = 0;
        this.#flush();
      }, event.retry_after_ms * (1 + Math.random() / 4));
    } else if (entry) {
      this.#refused(entry, event.code ?? "error", event.message ?? "");
    } else {
      this.#stopping = null; // it may be the stop's
      this.#problem(event.code ?? "error", event.message ?? "", {clientMessageId: id});
    }
  }
}

/** Whether cursor a ("EPOCH-N") stands behind b. */
export function isAfter(a, b) {
  if (!b) return true;
  const [ae, an] = a.split("-").map(Number), [be, bn] = b.split("-").map(Number);
  return ae > be || (ae === be && an > bn);
}
