// SPDX-License-Identifier: BSD-2-Clause
// A link over plain HTTP, where no WebSocket can be had: events by a stream of server-sent events, or by long-poll where a proxy holds
// streams back; messages and stops by POST; the inbox by asking. It tells its host the frames that a socket would bring (see socket.js).
// Further ends: how "buffered" (no first byte of the stream, though HTTP works); unheard: a run began and its events did not come.
import {cursorOf, isAfter, isTripChat, newId} from "./ids.js";
import {readEvents} from "./sse.js";

const CONNECT_WITHIN = 10000;
const FIRST_WITHIN = 5000;   // the stream's first line, which the server sends at once
const SILENT_AFTER = 60000;  // the server says something every 25 s
const QUIET = 26000;
const START_WITHIN = 4500;   // the first event of a run that was accepted
const ASK_AFTER = 2000, ASK_WITHIN = 2500; // a send without an answer: does anything answer?
const ANSWER_WITHIN = 30000;
const POLL_WITHIN = 45000;   // the server waits for 20 s
const LOOK_EVERY = 20000;    // for entries of the inbox, and for a session that others begin
const AGAIN_MS = 1000;       // after a failure of which nginx tells, which knows no better

export class EventsLink {
  openedAt = 0;
  #host; #path; #over = false; #reached = false; #absent = false; #from = ""; #entry = "0-0"; #heardAt = 0;
  #abort = new AbortController();
  #timers = {limit: 0, silent: 0, start: 0, look: 0};

  /** polls: by long-poll in place of a stream. */
  constructor(host, polls = false) {
    this.#host = host;
    this.kind = polls ? "poll" : "sse";
    this.#path = `/sessions/${encodeURIComponent(host.session)}`;
  }

  async open() {
    this.#after("limit", CONNECT_WITHIN, () => this.#end({how: "hung"}));
    try {
      this.#entry = (await this.#ask("/inbox?limit=1")).messages.at(-1)?.id ?? "0-0";
      this.#reached = true;
      await this.#locate();
      this.#from = this.#host.cursor;
      this.#read();
    } catch (error) {
      this.#end({how: "failed", error});
    }
  }

  /** Without a cursor the running turn comes from its start, else what comes from now on. */
  async #locate() {
    if (this.#host.cursor) return;
    try {
      this.#host.cursor = (await this.#ask(`${this.#path}/messages?limit=1`)).events_cursor;
    } catch (error) {
      if (error.status !== 404) throw error;
      this.#host.cursor = "0-0"; // nothing has been said: its first event is the first of all
    }
  }

  #opened() {
    if (this.openedAt || this.#over) return;
    this.openedAt = Date.now();
    this.#after("look", LOOK_EVERY, () => this.#look());
    this.#host.opened(this);
  }

  // ---- events ------------------------------------------------------------------------------------

  /** Reads the session until the link ends; a session that is not there yet is looked for now and then. */
  async #read() {
    this.#absent = false;
    try {
      await (this.kind === "poll" ? this.#poll() : this.#stream());
      this.#end({how: "closed", code: 1012});
    } catch (error) {
      if (error.status === 404) {
        this.#absent = true;
        this.#clear("limit");
        this.#opened();
      } else if (error.status === 410) {
        await this.#snapshot().then(() => this.#read(), reason => this.#fail(reason));
      } else {
        this.#fail(error);
      }
    }
  }

  async #stream() {
    this.#after("limit", FIRST_WITHIN, async () => this.#end({how: await this.#host.http.answers(ASK_WITHIN) ? "buffered" : "hung"}));
    const reply = await this.#host.http.open(`${this.#path}/events`, {signal: this.#abort.signal,
      headers: {Accept: "text/event-stream", "Last-Event-ID": this.#host.cursor}});
    await readEvents(reply.body, {
      heard: () => this.#heard(),
      event: (cursor, data) => {
        const {metadata, ...event} = JSON.parse(data);
        this.#event({metadata: {...metadata, cursor}, ...event});
      },
    });
  }

  async #poll() {
    let seen = "", live = false;
    while (!this.#over) {
      const query = new URLSearchParams({offset: this.#host.cursor === "0-0" ? "-1" : this.#host.cursor, ...live && {live: "long-poll"}, ...seen && {cursor: seen}});
      const {headers, data} = await this.#request(`/streams${this.#path}?${query}`, {within: POLL_WITHIN});
      const cursor = cursorOf(headers.get("Stream-Next-Offset"));
      seen = headers.get("Stream-Cursor") ?? "";
      live = headers.get("Stream-Up-To-Date") === "true";
      this.#heard();
      const events = data ?? [];
      events.forEach(({metadata, ...event}, i) => this.#event(i < events.length - 1 ? {...metadata && {metadata}, ...event} : {metadata: {...metadata, cursor}, ...event}));
      if (events.length === 0 && !this.#over) this.#host.cursor = cursor;
    }
  }

  /** What was to be heard is gone: the conversation as it is stored, in the form in which streams tell it. */
  async #snapshot() {
    const {messages, events_cursor: cursor} = await this.#ask(`${this.#path}/messages?limit=100`);
    const run = {threadId: this.#host.session, runId: `snapshot-${newId()}`};
    this.#event({type: "RUN_STARTED", ...run});
    this.#event({type: "MESSAGES_SNAPSHOT", messages});
    this.#event({type: "RUN_FINISHED", ...run});
    if (!this.#over) this.#host.cursor = cursor;
  }

  #heard() {
    if (this.#over) return;
    this.#heardAt = Date.now();
    this.#clear("limit");
    this.#after("silent", SILENT_AFTER, () => this.#end({how: "deaf"}));
    this.#opened();
    this.#host.heard(this);
  }

  #event(event) {
    this.#clear("start");
    if (!this.#over) this.#host.received(this, event);
  }

  /** The run of a message that was accepted: its events follow, or have come before this link. */
  async #follow({state, turn_id: turn, cursor}) {
    if (this.#absent) this.#read();
    if (state === "running") this.#after("start", START_WITHIN, () => this.#end({how: "deaf", unheard: true}));
    if (state !== "duplicate" || !isAfter(this.#from, cursor)) return;
    for (let offset = "-1", more = true; more && !this.#over;) {
      const {headers, data} = await this.#request(`/streams/turns/${turn}?${new URLSearchParams({offset})}`);
      for (const event of data) this.#event(event);
      offset = headers.get("Stream-Next-Offset");
      more = !headers.get("Stream-Up-To-Date") && !headers.get("Stream-Closed");
    }
  }

  // ---- what is sent --------------------------------------------------------------------------------

  send(frame) {
    if (!this.openedAt || this.#over) return false;
    if (frame.type === "message") this.#post(frame);
    else this.#cancel(frame);
    return true;
  }

  async #post({type, text, ...frame}) {
    const client_message_id = frame.client_message_id;
    const doubt = setTimeout(async () => await this.#host.http.answers(ASK_WITHIN) || this.#end({how: "deaf"}), ASK_AFTER);
    try {
      const reply = await this.#ask("/chat", {method: "POST", within: ANSWER_WITHIN, headers: {Accept: "application/json", Prefer: "respond-async"},
        body: {...frame, message: text, stream: true}});
      this.#tell({type: "accepted", ...reply, client_message_id});
      await this.#follow(reply);
    } catch (error) {
      this.#refused(error, {client_message_id});
    } finally {
      clearTimeout(doubt);
    }
  }

  async #cancel({client_message_id, session_id}) {
    try {
      const path = client_message_id && !isTripChat(this.#host.session) ? "/cancel" : `/sessions/${encodeURIComponent(session_id ?? this.#host.session)}/cancel`;
      this.#tell({type: "cancel_result", ...await this.#ask(path, {method: "POST", body: {client_message_id}})});
    } catch (error) {
      this.#refused(error, {});
    }
  }

  #tell(frame) {
    if (!this.#over) this.#host.received(this, frame);
  }
  #refused(error, about) {
    if (!error.status || error.status === 401) return this.#fail(error);
    const retry = error.retryAfter || (error.status >= 502 ? AGAIN_MS : 0);
    this.#tell({type: "error", code: error.status === 413 ? "too_large" : error.problem?.code ?? "error", message: error.message,
      ...about, ...retry && {retry_after_ms: retry}});
  }

  /** Entries that have come since the last look; a session that was not there may be now. */
  async #look() {
    this.#after("look", LOOK_EVERY, () => this.#look());
    if (globalThis.document?.hidden) return;
    if (this.#absent) this.#read();
    try {
      const {messages} = await this.#ask(`/inbox?limit=100&after=${this.#entry}`);
      for (const {state, ...entry} of messages) {
        this.#entry = entry.id;
        if (state === "new") this.#tell(entry);
      }
    } catch (error) {
      if (error.status === 401) this.#fail(error); // else the next look finds them
    }
  }

  /** Asks whether it is still there. network: the network has changed, with which streams die silently. */
  probe(network = false) {
    if (!this.#absent && (network || Date.now() - this.#heardAt > QUIET)) this.#end({how: "deaf"});
    else this.#look();
  }

  // ---- requests and the end --------------------------------------------------------------------------

  /** A request that ends with the link. */
  async #request(path, {within = CONNECT_WITHIN, ...options} = {}) {
    const own = new AbortController(), stop = () => own.abort(), late = setTimeout(stop, within);
    this.#abort.signal.addEventListener("abort", stop);
    try {
      const reply = await this.#host.http.open(path, {...options, signal: own.signal});
      const data = reply.status === 204 ? null : await reply.json();
      return {headers: reply.headers, data};
    } finally {
      clearTimeout(late);
      this.#abort.signal.removeEventListener("abort", stop);
    }
  }
  async #ask(path, options) { return (await this.#request(path, options)).data; }

  #after(name, ms, then) {
    this.#clear(name);
    if (!this.#over) this.#timers[name] = setTimeout(then, ms);
  }
  #clear(name) { clearTimeout(this.#timers[name]); }

  #fail(error) {
    this.#end(this.openedAt && !error.status ? {how: "closed", code: 1006, error} : {how: "failed", error});
  }
  #end(end) {
    if (this.#over) return;
    this.close();
    if (end.how === "deaf") this.#host.http.freshen();
    this.#host.ended(this, {...end, reached: this.#reached});
  }
  close() {
    this.#over = true;
    for (const name of Object.keys(this.#timers)) this.#clear(name);
    this.#abort.abort();
  }
}
