// SPDX-License-Identifier: BSD-2-Clause
// The client library: one session of Turnpike over a connection that comes back by itself. docs/client.md
// has the whole of it.
//
//   const client = new TurnpikeClient({session: "main", token: () => login.accessToken()});
//   client.addEventListener("state", e => ...);   // e.detail: connecting, live, resuming, offline, refused, closed
//   client.addEventListener("event", e => ...);   // e.detail: one AG-UI event, each once, in order
//   client.addEventListener("frame", e => ...);   // e.detail: any other frame (accepted, reminder, ...)
//   client.addEventListener("problem", e => ...); // e.detail: {code, message, reason?, clientMessageId?, retryAfterMs?}
//   client.start(); client.send("hello"); client.stop(); client.setToken(another); client.close();
//
// Every event carries its cursor. After a lost connection the client goes on behind the last
// cursor that it saw. A message is sent again until its run is seen: the server takes a client
// message id once. A message leaves the client in one of four ways: its run is seen, a "problem" names it,
// takeBack() or close() returns it.
//
// A connection is a link: socket.js, or events.js where no socket can be had. This file decides when there is one.
import {Http} from "./http.js";
import {isAfter, isTripChat, newId} from "./ids.js";
import {Queue} from "./queue.js";
import {EXPIRED, lossOf, reason, refusalOf, TOO_LARGE} from "./reasons.js";
import {Requests} from "./requests.js";
import {claim, Token} from "./token.js";
import {Transports} from "./transports.js";

export {claim, isAfter, newId};

const FIRST_DELAY = 500;
const LONGEST_DELAY = 20000;
const LONGEST_PAUSE = 120000; // a refusal that asks for a longer one is the user's to know
const SHORT_LIFE = 5000;   // a socket that ends sooner is no reason to come back at once
const ANSWER_WITHIN = 30000;

export class TurnpikeClient extends Requests {
  #token; #host; #transports;
  #state = "closed"; #reason = null; #wanted = false; #lived = false; #tries = 0;
  #link = null;       // the connection that there is, or that is being made
  #next = null;       // a socket that may take its place
  #timers = {retry: 0, pause: 0, answer: 0, better: 0};
  #queue = new Queue();
  #stopping = null;   // a stop of which nothing has been heard
  #running = null;    // the run that is going on
  #snapshot = null;   // the run in which a snapshot comes: its cursors are the one that was lost, then the one to go on behind

  /**
   * session: its id; a new one when left out. base: where the API is. cursor: go on behind it.
   * token: a JSON Web Token or API key, or a function that gives one or a promise of one; null: none.
   * url: the site, needed outside a browser. WebSocket: a class to use in place of the global one.
   * transport: "auto", "socket" or "sse".
   * credentials: "include" for a site of another origin whose own log-in has a cookie; the token is null then.
   */
  constructor({session = newId(), base = "/api/v1/pam", cursor = "", token = null, url = globalThis.location?.href,
    WebSocket = globalThis.WebSocket, transport = "auto", credentials = "same-origin"} = {}) {
    if (!/^https?:/i.test(String(url ?? ""))) {
      throw new TypeError("TurnpikeClient: outside a browser the option url must name the site, for example \"https://assistant.example.org\"");
    }
    const held = new Token(token), http = new Http({base, url: String(url), credentials}, held);
    super(http, session, cursor);
    this.#transports = new Transports(WebSocket, isTripChat(session) ? "sse" : transport); // no socket knows the chats of trips
    this.#token = held;
    const client = this;
    this.#host = {
      http, session, token: held,
      get cursor() { return client.cursor; },
      set cursor(cursor) { client.cursor = cursor; },
      opened: link => this.#opened(link),
      heard: link => { if (link === this.#link) this.#tries = 0; },
      received: (link, frame) => { if (link === this.#link) this.#receive(frame); },
      ended: (link, end) => this.#ended(link, end),
    };
  }

  get state() { return this.#state; }
  /** Of the states refused, offline and resuming: {code, message}. */
  get reason() { return this.#reason; }
  /** What is in use: "socket", "sse" or "poll"; null without a connection. */
  get transport() { return this.#state === "live" ? this.#link.kind : null; }
  /** The frames of messages of which the server has said nothing yet, in order. */
  get unsent() { return this.#queue.unsent; }

  start() {
    this.#transports.check();
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
    this.#leave();
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
    this.#token.set(token);
    this.#tries = 0;
    if (this.#wanted) this.#connect(null);
  }

  /** Sends a message; kept and sent again until its run is seen. Returns its ids. */
  send(text, extra = {}) {
    const id = newId();
    const frame = {
      type: "message", text, session_id: this.session, client_message_id: id, run_id: id,
      message_id: newId(), timezone: this.timezone || Intl.DateTimeFormat().resolvedOptions().timeZone,
      locale: this.locale || globalThis.navigator?.language, ...extra,
    };
    this.#queue.add(frame);
    this.#wake();
    this.#flush();
    return {clientMessageId: frame.client_message_id, runId: frame.run_id, messageId: frame.message_id};
  }

  /** Goes on with a message of an earlier page, a frame of `unsent`: the server runs it once, however often it comes. */
  resend(frame) {
    if (this.#queue.get(frame.run_id)) return false;
    this.#queue.add(frame);
    this.#wake();
    this.#flush();
    return true;
  }

  /** Stops the session's running turn, or the one of a message that has not been accepted yet. */
  stop(runId = null) {
    const frame = runId && this.#queue.get(runId)?.frame;
    this.#stopping = frame ? {type: "cancel", client_message_id: frame.client_message_id} : {type: "cancel", session_id: this.session};
    this.#wake();
    if (this.#state === "live") this.#link.send(this.#stopping);
  }

  /**
   * Takes back a message that has not begun to run. Gives its frame (text, attachments, ...): then it never runs. False: its run has begun,
   * or it is not known here. Throws when the server cannot be asked; then the message goes on.
   */
  async takeBack(runId) {
    const entry = this.#queue.get(runId);
    if (!entry) return false;
    if (entry.tried && isTripChat(this.session)) return false; // no route takes back what others see already
    if (entry.tried) {
      entry.held = true; // it is not sent again meanwhile
      try {
        const {state} = await this.fetch("/cancel", {method: "POST", body: {client_message_id: entry.frame.client_message_id, take_back: true}});
        if (state !== "taken_back") return false;
      } finally {
        entry.held = false;
        this.#flush();
      }
    }
    this.#settle(runId);
    return entry.frame;
  }

  // ---- the connection ---------------------------------------------------------------------------

  #online = () => {
    if (this.#state === "live") {
      this.#link.probe(true);
      this.#improve();
    } else if (this.#state !== "refused") {
      this.#connect();
    }
  };
  #visible = () => {
    if (globalThis.document.hidden) return;
    if (this.#state === "live") this.#link.probe();
    else if (this.#state === "offline") this.#connect();
  };
  /** Nobody looks, nothing runs, and nothing is to be sent: no connection is needed. */
  get #sleeps() {
    return Boolean(globalThis.document?.hidden) && !this.#running && !this.#stopping && this.#queue.isEmpty;
  }
  #wake() {
    if (this.#state === "offline" && this.#reason.code === "hidden") this.#connect();
  }

  #clear(name) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = 0;
  }

  #problem(code, message, more = {}) {
    this.dispatchEvent(new CustomEvent("problem", {detail: {code, message, ...more}}));
  }

  #enter(state, reason = null) {
    const same = state === this.#state && reason?.code === this.#reason?.code;
    this.#reason = reason;
    this.#state = state;
    if (!same) this.dispatchEvent(new CustomEvent("state", {detail: state}));
  }

  #refuse(why) {
    this.#leave();
    this.#enter("refused", why);
    this.#problem("refused", why.message, {reason: why.code});
  }

  /** What there is of a connection is not heard any more. */
  #leave() {
    for (const link of [this.#link, this.#next]) link?.close();
    this.#link = this.#next = null;
    for (const name of ["retry", "answer", "better"]) this.#clear(name);
    this.#token.cancel();
  }

  #connect(why = this.#reason) {
    this.#leave();
    const link = this.#link = this.#transports.make(this.#host);
    this.#snapshot = null;
    this.#enter(this.#lived ? "resuming" : "connecting", why);
    if (link === this.#link) link.open();
  }

  #opened(link) {
    if (link === this.#next) {
      this.#next = null;
      this.#leave();
      this.#link = link;
    }
    this.#transports.opened(link);
    this.#lived = true;
    this.#token.plan(() => this.#renew());
    if (this.#transports.mayImprove) this.#timers.better = setTimeout(() => this.#improve(), this.#transports.nextTry());
    link.subscribe?.(this.session, this.cursor);
    if (this.#stopping) link.send(this.#stopping);
    this.#enter("live");
    this.#flush();
  }

  /** A socket in place of what there is; until it is open, that goes on. */
  #replace() {
    this.#next?.close();
    this.#next = this.#transports.socket(this.#host);
    this.#next.open();
  }
  #improve() {
    if (!this.#transports.mayImprove) return;
    this.#clear("better");
    this.#timers.better = setTimeout(() => this.#improve(), this.#transports.nextTry());
    if (!globalThis.document?.hidden) this.#replace();
  }

  /** Before the token's end: another one, and a connection of its own, as one ends with its token. */
  async #renew() {
    const before = this.#token.value, link = this.#link;
    try {
      await this.#token.get(true);
    } catch (error) {
      this.#problem("token_failed", error.message);
      return; // the link's end asks again
    }
    if (this.#link !== link || this.#token.value === before) return;
    if (link.kind === "socket") this.#replace();
    else if (link.kind === "sse") this.#connect(null);
    else this.#token.plan(() => this.#renew());
  }

  #ended(link, end) {
    if (link === this.#next) this.#next = null;
    if (link !== this.#link) return;
    const other = this.#transports.ended(link, end), refusal = refusalOf(end, this.#token, this.#lived);
    if (refusal) return this.#refuse(refusal);
    if (end.code === TOO_LARGE) {
      const entry = this.#queue.largest(link); // without this it would be sent again for ever
      if (entry) this.#refused(entry, "too_large", "The message is too long.");
    }
    if (end.code === EXPIRED) this.#token.forget();
    const atOnce = other || end.how === "deaf" || (end.code === EXPIRED && Date.now() - link.openedAt > SHORT_LIFE);
    this.#lost(end, atOnce, other);
  }

  /** The connection is gone, or was not made: another one, after a while or at once. */
  #lost(end, atOnce, other) {
    this.#leave();
    if (!this.#wanted) return;
    const why = lossOf(end, this.#token), first = this.#tries === 0, {error} = end;
    if (this.#sleeps) return this.#enter("offline", reason("hidden"));
    if (atOnce) return this.#connect(other ? this.#reason : why);
    this.#enter("offline", why);
    if (first && error?.status) this.#problem(error.problem?.code ?? "error", error.message);
    else if (first && why.code === "token_failed") this.#problem("token_failed", error.message);
    const delay = Math.max(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#tries++), error?.retryAfter ?? 0);
    this.#timers.retry = setTimeout(() => this.#sleeps ? this.#enter("offline", reason("hidden")) : this.#connect(), delay * (0.75 + Math.random() / 2));
  }

  // ---- messages -----------------------------------------------------------------------------------

  /** The next message goes when the one before was taken, so that they keep their order. */
  #flush() {
    if (this.#timers.pause || this.#state !== "live") return;
    const link = this.#link, entry = this.#queue.next(link);
    if (!entry || !link.send(entry.frame)) return;
    Object.assign(entry, {sent: link, tried: true});
    this.#clear("answer");
    this.#timers.answer = setTimeout(() => {
      entry.sent = null;
      this.#flush();
    }, ANSWER_WITHIN);
  }

  #settle(runId) {
    if (this.#queue.remove(runId)) this.#flush();
  }

  #refused(entry, code, message, retryAfterMs) {
    this.#queue.remove(entry.frame.run_id);
    this.#problem(code, message, {clientMessageId: entry.frame.client_message_id, ...retryAfterMs && {retryAfterMs}});
    this.#flush();
  }

  #receive(event) {
    const cursor = event.metadata?.cursor;
    if (event.type === "RUN_STARTED" && event.runId?.startsWith("snapshot-")) this.#snapshot = event.runId;
    if (cursor) {
      if (!this.#snapshot && !isAfter(cursor, this.cursor)) return;
      this.cursor = cursor;
      this.#transports.heardEvent();
    }
    if (event.runId) this.#settle(event.runId);
    const ends = event.type === "RUN_FINISHED" || event.type === "RUN_ERROR";
    if (ends || event.type === "cancel_result") this.#stopping = null;
    if (ends && event.runId === this.#snapshot) this.#snapshot = null;
    if (ends) this.#running = null;
    else if (event.type === "RUN_STARTED") this.#running = event.runId;
    if (event.type === "error") return this.#error(event);
    if (event.type === "accepted") {
      this.#queue.accept(event.client_message_id, this.#link);
      this.#flush();
    }
    this.dispatchEvent(new CustomEvent(/^[A-Z_]+$/.test(event.type ?? "") ? "event" : "frame", {detail: event}));
  }

  #error(event) {
    const id = event.client_message_id;
    const entry = id ? this.#queue.find(id) : event.retry_after_ms && this.#queue.carried(this.#link); // a frame that was not read
    if (entry && event.retry_after_ms && event.retry_after_ms <= LONGEST_PAUSE) {
      entry.sent = null;
      this.#clear("pause");
      this.#timers.pause = setTimeout(() => {
        this.#timers.pause = 0;
        this.#flush();
      }, event.retry_after_ms * (1 + Math.random() / 4));
    } else if (entry) {
      this.#refused(entry, event.code ?? "error", event.message ?? "", event.retry_after_ms);
    } else {
      this.#stopping = null; // it may be the stop's
      this.#problem(event.code ?? "error", event.message ?? "", {clientMessageId: id});
    }
  }
}
