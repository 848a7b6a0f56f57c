// SPDX-License-Identifier: BSD-2-Clause
// One session on the screen: the client library's events become a conversation (../conversation.js), what is
// stored is read when it is needed. No DOM.
import {TurnpikeClient, newId} from "../client.js";
import {initial, reduce} from "../conversation.js";
import {answerId} from "../stored.js";
import {limitWords} from "./limits.js";
import {locale, t} from "./words.js";

export class Session {
  #tell; #since = null; #loading = 0; #older = null; #goesBack = false; #schemas = new Map(); #kept;
  conversation = initial;
  loaded = false; // what there is of it is on the screen

  /**
   * id, url, token: as of TurnpikeClient. fresh: it is new, there is nothing to read.
   * kept: {messages, frames} of an earlier page, or a promise of them: what it knew of the conversation, and its frames that were not sent.
   * tell: {conversation(now, before, event), state(name, reason), frame(frame), problem(problem), notice(text)}.
   */
  constructor({id, url, token, fresh = false, kept}, tell) {
    this.id = id;
    this.#tell = tell;
    this.loaded = fresh;
    this.#kept = kept;
    this.client = new TurnpikeClient({session: id, token, url});
    const hear = {state: () => this.#onState(), event: e => this.#onEvent(e), frame: f => this.#onFrame(f), problem: p => this.#onProblem(p)};
    for (const [name, on] of Object.entries(hear)) this.client.addEventListener(name, e => this.client && on(e.detail));
  }

  /** What is stored is read first: it says where the events go on. */
  async start() {
    const client = this.client;
    if (this.#kept) await this.#restore(this.#kept);
    if (!this.loaded) await this.load();
    if (this.client === client) client.start();
  }

  /** Goes on where an earlier page was. */
  async #restore(promise) {
    const client = this.client, kept = await promise;
    if (!kept || this.client !== client) return;
    if (!this.loaded && kept.messages?.length) this.dispatch({type: "kept", messages: kept.messages});
    for (const frame of kept.frames ?? []) {
      const ids = {clientMessageId: frame.client_message_id, runId: frame.run_id, messageId: frame.message_id};
      if (client.resend(frame)) this.dispatch({type: "sent", ids, text: frame.text, files: frame.attachments ?? [], state: this.state === "refused" ? "unsent" : "sending"});
    }
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

  get state() { return this.client?.state ?? "closed"; }
  get reason() { return this.client?.reason ?? null; }

  // ---- what the user does ---------------------------------------------------------------------------

  /** files: [{id, name}] of uploads. */
  send(text, files = []) {
    const ids = this.client.send(text, files.length ? {attachments: files} : {});
    this.dispatch({type: "sent", ids, text, files, state: this.state === "refused" ? "unsent" : "sending"});
    return ids;
  }

  /** Stops what runs, or what would run next. */
  stop() {
    const {run, messages} = this.conversation;
    this.client.stop(run?.id ?? messages.find(m => m.role === "user" && m.state !== "sent")?.runId ?? null);
  }

  approve(id, body) { return this.client.approve(id, body); }

  /** The JSON Schema of a tool's arguments; asked once. */
  async schemaOf(tool) {
    if (!this.#schemas.has(tool)) this.#schemas.set(tool, (await this.client.fetch(`/tools/${encodeURIComponent(tool)}`)).arguments_schema);
    return this.#schemas.get(tool);
  }

  /** Goes back to a message of the user's: another answer, or, with a text, another question in its place. */
  async again(message, text) {
    const runId = newId(), approvals = this.conversation.approvals.filter(a => !a.live), leave = new AbortController(), client = this.client;
    this.dispatch({type: "again", messageId: message.id, runId, ...text !== undefined && {text}});
    const files = message.files.filter(f => f.id).map(f => ({type: f.type === "image" ? "image" : "document",
      source: {type: "file", value: f.id, ...f.mimeType && {mimeType: f.mimeType}}, metadata: {name: f.name}}));
    const content = text ?? message.text;
    const body = {
      protocolVersion: "1.0", threadId: this.id, runId, tools: [], context: [], state: {},
      messages: [{id: message.id, role: "user", content: files.length ? [...files, ...content ? [{type: "text", text: content}] : []] : content}],
      forwardedProps: {timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, locale: locale()},
      ...approvals.length && {resume: approvals.map(a => ({interruptId: a.id, status: "cancelled"}))},
    };
    try {
      await client.fetch("/agui", {method: "POST", body, signal: leave.signal});
    } catch (error) {
      if (this.client !== client) return;
      this.dispatch({type: "note", runId, state: "lost"});
      this.#tell.notice(error.message);
    } finally {
      leave.abort(); // its events come over the socket
    }
  }

  /** Takes back a message that waits. Gives its frame, or null: it has begun. */
  async takeBack(message) {
    const client = this.client;
    if (message.state === "lost") {
      this.dispatch({type: "takenBack", runId: message.runId});
      return {text: message.text, attachments: message.files};
    }
    const frame = await client.takeBack(message.runId);
    if (frame && this.client === client) this.dispatch({type: "takenBack", runId: message.runId});
    return frame || null;
  }

  /** what: {rating, feedback_type, feedback_text?}. */
  async feedback(answer, what) {
    const client = this.client, text = answer.parts.findLast(p => p.type === "text");
    await client.fetch("/feedback", {method: "POST", body: {message_id: text.id, ...what}});
    if (this.client === client) this.dispatch({type: "feedback", messageId: answer.id, rating: what.rating});
  }

  /** Shows version `index` (1 = the first) of a message, the last is the present. */
  async version(message, index) {
    const client = this.client, id = message.branch.ids[index - 1];
    if (!id) return this.dispatch({type: "branch", messageId: message.id});
    const messages = [];
    for (let cursor = ""; cursor !== null;) {
      const page = await client.fetch(this.#path({branch: id, limit: "100", ...cursor && {cursor}}));
      messages.unshift(...page.messages);
      cursor = page.has_more ? page.next_cursor : null;
    }
    if (this.client === client) this.dispatch({type: "branch", messageId: message.id, id, messages});
  }

  // ---- what is stored ---------------------------------------------------------------------------------

  #path(query) { return `/sessions/${encodeURIComponent(this.id)}/messages?${new URLSearchParams(query)}`; }

  /**
   * The newest page takes the place of what is shown. Events that come while it is asked for are told again behind it: the page may
   * be older or newer than they are.
   */
  async load() {
    const mine = ++this.#loading, client = this.client, since = this.#since = [];
    let page = null, fault = null;
    try {
      page = await client.messages();
    } catch (error) {
      fault = error;
    }
    if (this.client !== client || mine !== this.#loading) return;
    this.#since = null;
    if (fault && fault.status !== 404) {
      if (fault.status && fault.status !== 401) this.#tell.notice(t("The earlier messages could not be read: {reason}", {reason: fault.message}));
      return;
    }
    this.loaded = true;
    if (!page && this.conversation.messages.some(m => m.state === "sent" || m.role === "assistant")) this.dispatch({type: "deleted"});
    if (page) {
      this.dispatch({type: "stored", messages: page.messages, older: page.has_more ? page.next_cursor : null, feedback: page.feedback});
      for (const event of since) this.dispatch(event);
    }
    this.#tell.conversation(this.conversation, this.conversation, {type: "loaded"});
    if (page) await Promise.all([this.#loadApprovals(), page.branch_count > 0 && this.#loadBranches()]);
  }

  /** What the user has been asked and has not answered, also in another tab. */
  async #loadApprovals() {
    const client = this.client;
    try {
      const {approvals} = await client.fetch(`/approvals?session_id=${encodeURIComponent(this.id)}`);
      if (this.client === client && this.conversation.run === null) this.dispatch({type: "approvals", approvals});
    } catch { /* the run's end shows them too */ }
  }

  /** Which messages had other versions. */
  async #loadBranches() {
    const client = this.client;
    try {
      const {branches} = await client.fetch(this.#path({branch: "", limit: "1"}));
      if (this.client === client) this.dispatch({type: "branches", branches: branches.map(b => ({id: b.id, messageId: b.message_id})).reverse()});
    } catch { /* the versions are there after the next load */ }
  }

  async loadOlder() {
    const client = this.client, cursor = this.conversation.older;
    if (!cursor || this.#older === cursor) return;
    this.#older = cursor;
    try {
      const page = await client.messages({before: cursor});
      if (this.client === client) this.dispatch({type: "stored", messages: page.messages, older: page.has_more ? page.next_cursor : null, feedback: page.feedback, prepend: true});
    } catch (error) {
      if (this.client === client) this.#tell.notice(t("The earlier messages could not be read: {reason}", {reason: error.message}));
    }
    this.#older = null;
  }

  // ---- what the client tells ------------------------------------------------------------------------------

  #onState() {
    const state = this.state;
    this.dispatch({type: "note", state: state === "refused" ? "unsent" : "sending"});
    if (state === "live" && !this.loaded) this.load();
    this.#tell.state(state, this.reason);
  }

  #onEvent(event) {
    if (event.type === "CUSTOM" && event.name === "message") return this.#tell.frame(event); // of the inbox
    this.#since?.push(event);
    const isSnapshot = String(event.runId ?? "").startsWith("snapshot-"), begins = event.type === "RUN_STARTED" && !isSnapshot;
    const unknown = begins && this.#isUnknown(event);
    if (begins) this.#goesBack = this.#isAnswered(event);
    this.dispatch(event);
    if (unknown || (event.type === "RUN_FINISHED" && isSnapshot)) this.load();
    else if (event.type === "MESSAGES_SNAPSHOT" && this.#goesBack) this.#loadBranches();
  }

  /** Has the question of this run been answered before? */
  #isAnswered({input}) {
    const {messages, run} = this.conversation;
    return !run && (input?.messages ?? []).some(asked => messages.find(m => m.id === answerId(asked.id))?.parts.length > 0);
  }

  /** A run whose question is not known: what came of files only, from an older server. */
  #isUnknown({runId, input}) {
    const {messages, approvals, run} = this.conversation;
    return run?.id !== runId && !(input?.messages?.length > 0) && approvals.length === 0 && !messages.some(m => m.runId === runId);
  }

  #onFrame(frame) {
    if (frame.type === "accepted" && (frame.state === "queued" || frame.state === "pending")) {
      this.dispatch({type: "note", runId: frame.run_id ?? frame.client_message_id, state: "queued", position: frame.position});
    }
    this.#tell.frame(frame);
  }

  #onProblem(problem) {
    if (problem.clientMessageId) this.dispatch({type: "note", runId: problem.clientMessageId, state: "lost", reason: limitWords(problem) || problem.message || problem.code});
    this.#tell.problem(problem);
  }
}

export {newId};
