// One session on the screen: the client library's events become a conversation (../conversation.js), what is
// stored is read when it is needed. No DOM.
import {TurnpikeClient, newId} from "../client.js";
import {initial, reduce} from "../conversation.js";
import {t} from "./words.js";

const PAGE = 50;

export class Session {
  #tell; #since = null; #wasLive = false; #loading = 0; #turn = 0; #schemas = new Map();
  conversation = initial;
  loaded = false; // what there is of it is on the screen
  deleted = false;

  /**
   * id, url, token: as of TurnpikeClient. fresh: it is new, there is nothing to read.
   * tell: {conversation(now, before, event), state(name, reason), frame(frame), problem(problem), notice(text)}.
   */
  constructor({id, url, token, fresh = false}, tell) {
    this.id = id;
    this.#tell = tell;
    this.loaded = fresh;
    this.fresh = fresh;
    this.client = new TurnpikeClient({session: id, token, ...url && {url}});
    for (const [name, hear] of Object.entries({state: () => this.#onState(), event: e => this.#onEvent(e), frame: f => this.#onFrame(f), problem: p => this.#onProblem(p)})) {
      this.client.addEventListener(name, e => this.client && hear(e.detail));
    }
  }

  start() {
    const client = this.client;
    if (!this.fresh) this.load();
    if (this.client === client) client.start();
  }

  /** Ends it. Returns the frames of messages that were not sent. */
  close() {
    const client = this.client;
    this.client = null;
    return client?.close() ?? [];
  }

  dispatch(event) {
    const before = this.conversation;
    this.conversation = reduce(before, event);
    if (this.conversation !== before) this.#tell.conversation(this.conversation, before, event);
  }

  get state() { return this.#named(this.client?.state ?? "closed"); }
  get reason() { return this.client?.reason ?? null; }

  /** The states' names of now, of a client library that has older ones. */
  #named(state) {
    if (state === "open") return "live";
    if (state === "waiting") return "offline";
    return state === "connecting" && this.#wasLive ? "resuming" : state;
  }

  // ---- what the user does ---------------------------------------------------------------------------

  /** files: [{id, name}] of uploads. */
  send(text, files = []) {
    const ids = this.client.send(text, files.length ? {attachments: files} : {});
    this.dispatch({type: "sent", ids, text, files, state: this.state === "refused" ? "unsent" : "sending"});
    return ids;
  }

  /** Stops what runs, or what would run next. */
  stop() { this.client.stop(this.conversation.run?.id ?? this.conversation.messages.find(m => m.role === "user" && m.state !== "sent")?.runId ?? null); }

  approve(id, body) { return this.client.approve(id, body); }

  /** The JSON Schema of a tool's arguments; asked once. */
  async schemaOf(tool) {
    if (!this.#schemas.has(tool)) this.#schemas.set(tool, (await this.client.fetch(`/tools/${encodeURIComponent(tool)}`)).arguments_schema);
    return this.#schemas.get(tool);
  }

  // ---- what is stored ---------------------------------------------------------------------------------

  #path(rest = "") { return `/sessions/${encodeURIComponent(this.id)}/messages?${rest}`; }

  /**
   * The newest page takes the place of what is shown. What happens while it is asked for is told again behind it: a client that
   * has no cursor yet hears only of what begins after it came.
   */
  async load() {
    const mine = ++this.#loading, client = this.client;
    this.#since = [];
    let page;
    try {
      page = await client.fetch(this.#path(`limit=${PAGE}`));
    } catch (error) {
      if (this.client !== client || mine !== this.#loading) return;
      if (error.status === 404) this.#missing();
      else if (error.status && error.status !== 401) this.#tell.notice(t("The earlier messages could not be read: {reason}", {reason: error.message}));
      if (error.status !== 404) this.#since = null;
      return;
    }
    if (this.client !== client || mine !== this.#loading) return;
    const since = this.#since;
    this.#since = null;
    this.loaded = true;
    this.dispatch({type: "stored", messages: page.messages, older: page.has_more ? page.next_cursor : null});
    for (const event of since ?? []) this.dispatch(event);
    this.#tell.conversation(this.conversation, this.conversation, {type: "loaded"});
    await this.#loadApprovals();
  }

  /** There is nothing under this name: it is new, or it was deleted. */
  #missing() {
    this.#since = null;
    if (this.loaded && this.conversation.messages.some(m => m.state === "sent")) this.deleted = true;
    this.loaded = true;
    this.#tell.conversation(this.conversation, this.conversation, {type: "loaded"});
  }

  /** What the user has been asked and has not answered, also in another tab. */
  async #loadApprovals() {
    const client = this.client;
    try {
      const {approvals} = await client.fetch(`/approvals?session_id=${encodeURIComponent(this.id)}`);
      if (this.client === client && this.conversation.run === null) this.dispatch({type: "approvals", approvals});
    } catch { /* the run's end shows them too */ }
  }

  async loadOlder() {
    const client = this.client, cursor = this.conversation.older;
    if (!cursor || this.#turn === cursor) return;
    this.#turn = cursor;
    try {
      const page = await client.fetch(this.#path(new URLSearchParams({limit: String(PAGE), cursor})));
      if (this.client === client) this.dispatch({type: "stored", messages: page.messages, older: page.has_more ? page.next_cursor : null, prepend: true});
    } catch (error) {
      if (this.client === client) this.#tell.notice(t("The earlier messages could not be read: {reason}", {reason: error.message}));
    }
    this.#turn = 0;
  }

  // ---- what the client tells ------------------------------------------------------------------------------

  #onState() {
    const state = this.state;
    if (state === "live") {
      this.#wasLive = true;
      this.dispatch({type: "note", state: "sending"});
      if (!this.loaded || (!this.client.cursor && this.conversation.messages.some(m => m.state === "sent"))) this.load();
    } else {
      this.dispatch({type: "note", state: state === "refused" ? "unsent" : "sending"});
    }
    this.#tell.state(state, this.reason);
  }

  #onEvent(event) {
    if (event.type === "CUSTOM" && event.name === "message") return this.#tell.frame(event); // of the inbox
    this.#since?.push(event);
    const unknown = event.type === "RUN_STARTED" && this.#isUnknown(event);
    this.dispatch(event);
    if (unknown || (event.type === "RUN_FINISHED" && String(event.runId).startsWith("snapshot-"))) this.load();
  }

  /** A run whose question is not known: a message of files only, of another tab. */
  #isUnknown({runId, input}) {
    const {messages, approvals, run} = this.conversation;
    return !String(runId).startsWith("snapshot-") && run?.id !== runId && !(input?.messages?.length > 0) && approvals.length === 0 &&
      !messages.some(m => m.runId === runId);
  }

  #onFrame(frame) {
    if (frame.type === "accepted" && (frame.state === "queued" || frame.state === "pending")) {
      this.dispatch({type: "note", runId: frame.run_id ?? frame.client_message_id, state: "queued", position: frame.position});
    }
    this.#tell.frame(frame);
  }

  #onProblem(problem) {
    if (problem.clientMessageId) this.dispatch({type: "note", runId: problem.clientMessageId, state: "lost", reason: problem.message || problem.code});
    this.#tell.problem(problem);
  }
}

export {newId};
