// SPDX-License-Identifier: BSD-2-Clause
// <turnpike-chat>: a whole chat as an element, for any page. docs/chat-element.md has its attributes, methods and events.
//
//   <script type="module" src="https://assistant.example.org/client/chat.js"></script>
//   <turnpike-chat session="main"></turnpike-chat>
import {acts} from "./chat/acts.js";
import {CARDS} from "./chat/cards.js";
import {Composer} from "./chat/composer.js";
import {takeOver, visible} from "./chat/elements.js";
import {Follow} from "./chat/follow.js";
import {frame} from "./chat/frame.js";
import {LateApprovals} from "./chat/late.js";
import {loadMarkdown, setImageSources} from "./chat/markdown.js";
import {Progress, waitsFor} from "./chat/progress.js";
import {Session, newId} from "./chat/session.js";
import {siteInfo} from "./chat/site.js";
import {styleSheet} from "./chat/style.js";
import {Transcript} from "./chat/transcript.js";
import {VoiceBar} from "./chat/voice-bar.js";
import {fitting, locale, setLanguage, t} from "./chat/words.js";
import {initial} from "./conversation.js";

const OWN_SITE = new URL(import.meta.url).origin;
const NEAR_TOP = 300; // px from the top at which earlier messages are fetched
const PIECES = new Set(["TEXT_MESSAGE_CONTENT", "REASONING_MESSAGE_CONTENT", "TOOL_CALL_ARGS"]);

export class TurnpikeChat extends HTMLElement {
  static observedAttributes = ["cards", "language", "placeholder", "session", "url", "voice"];

  #root = this.attachShadow({mode: "open"});
  #session = null; #token = null; #asked = {}; #starting = 0; // asked: what is to be opened once it is in a document
  #parts = null; #due = 0; #cards = {}; #site = {}; #siteGiven = false;

  // ---- its life -----------------------------------------------------------------------------------------

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [styleSheet()];
    this.#root.addEventListener("keydown", event => {
      if (event.key === "Escape" && !event.defaultPrevented && !this.#parts.voice.voice.stop() && this.conversation.run) this.stop();
    });
    for (const name of ["token", "session", "cards", "siteInfo"]) takeOver(this, name);
  }

  connectedCallback() {
    if (!this.#parts) this.#build();
    clearTimeout(this.#starting);
    this.#starting = setTimeout(() => this.#begin()); // what the page says next counts
  }

  disconnectedCallback() {
    clearTimeout(this.#starting);
    const {session} = this, {fresh} = this.#asked;
    this.#asked = session ? {session, fresh} : {}; // in another document, or later, it goes on
    this.#end();
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.#parts) return;
    if (name === "placeholder") this.#parts.composer.placeholder = now;
    else if (name === "language") this.#speak();
    else if (name === "cards") this.#redraw();
    else if (name === "voice") this.#hearing();
    else if (name === "session" && now) this.session = now;
    else if (name === "url" && this.#session) this.open(this.#session.id);
  }

  async #begin() {
    await this.#speak();
    if (!this.isConnected || this.#session) return;
    const session = this.#asked.session ?? this.getAttribute("session");
    this.open(session ?? newId(), {fresh: this.#asked.fresh ?? !session});
  }

  async #speak() {
    const wanted = this.getAttribute("language"), before = locale();
    await setLanguage(fitting(wanted ? [wanted] : undefined));
    if (locale() !== before && this.#parts) this.#rebuild();
  }

  // ---- what the page may use ------------------------------------------------------------------------------

  get client() { return this.#session?.client ?? null; }
  get conversation() { return this.#session?.conversation ?? initial; }
  get state() { return this.#session?.state ?? "closed"; }
  get reason() { return this.#session?.reason ?? null; }
  /** What the site says of itself (GET /page), {} until it has; or what the page says in its place, with `currency` and `units`. */
  get siteInfo() { return this.#site; }
  set siteInfo(site) {
    this.#siteGiven = true;
    this.#know(site ?? {});
  }

  get session() { return this.#session?.id ?? this.#asked.session ?? this.getAttribute("session"); }
  set session(id) {
    if (!this.#session) this.#asked = {session: id};
    else if (id !== this.#session.id) this.open(id);
  }

  /** A JSON Web Token or API key, or a function that gives one or a promise of one; null: none. */
  get token() { return this.#token; }
  set token(token) {
    this.#token = token;
    this.#session?.client.setToken(token);
  }

  /** Tool name -> function(result, args, ctx) that makes an element, or null: what is set here counts before ours. */
  get cards() { return this.#cards; }
  set cards(table) {
    this.#cards = table ?? {};
    if (this.#parts) this.#redraw();
  }

  /** What stands in the message field. */
  get draft() { return this.#parts?.composer.text ?? ""; }
  set draft(text) { if (this.#parts) this.#parts.composer.text = text; }

  /**
   * Another session. fresh: it is new, there is nothing to read. token: in place of the one before. What was not sent stands
   * in the message field again. kept: {messages, frames} of an earlier page, or a promise of them.
   */
  open(session = newId(), {fresh = false, token = this.#token, kept} = {}) {
    this.#token = token;
    if (!this.isConnected) {
      this.#asked = {session, fresh, kept};
      return;
    }
    clearTimeout(this.#starting);
    this.#asked = {};
    const left = this.#end(), url = this.#url;
    this.#parts.composer.session = session;
    if (left.length) this.draft = [...left.map(frame => frame.text), this.draft].filter(Boolean).join("\n");
    const mine = this.#session = new Session({id: session, url, token, fresh, kept}, {
      conversation: (...args) => this.#session === mine && this.#onConversation(...args),
      state: (...args) => this.#session === mine && this.#onState(...args),
      frame: frame => this.#session === mine && this.#emit("turnpike-frame", {frame}),
      problem: problem => this.#session === mine && this.#onProblem(problem),
      notice: text => this.#session === mine && this.notice(text),
    });
    this.#parts.transcript.clear();
    this.notice("");
    this.#draw();
    this.#emit("turnpike-session", {session, fresh});
    mine.start();
    this.#askSite(url);
  }

  /** Sends a message. files: [{id, name}] of client.upload(). */
  send(text, {files = []} = {}) {
    if (this.conversation.deleted) this.open(newId(), {fresh: true});
    this.notice("");
    const ids = this.#session.send(text, files);
    this.#parts.follow.toEnd();
    return ids;
  }

  /** Stops the answer, and whatever is being said or heard. */
  stop() {
    this.#parts?.voice.voice.stop();
    this.#session?.stop();
  }

  /** Forgets the session, its conversation and what stands in the message field; begins a new one. */
  clear({token = this.#token} = {}) {
    this.#end();
    this.#parts?.composer.forgetAll();
    this.open(newId(), {fresh: true, token});
  }

  /** Does a local action of conversation.js, such as {type: "stored", messages}. */
  dispatch(action) { this.#session?.dispatch(action); }

  /** Says something to the user under the conversation; "": nothing any more. */
  notice(text) {
    this.#parts.notice.textContent = visible(text);
    this.#parts.notice.hidden = !text;
  }

  /** Speech in and out (chat/voice.js): `voice.settings = {speed: 1.2}`, `voice.stop()`; null before the element stands in a document. */
  get voice() { return this.#parts?.voice.voice ?? null; }

  focus(options) { this.#parts?.composer.field.focus(options); }

  // ---- the parts --------------------------------------------------------------------------------------------

  get #url() { return new URL(this.getAttribute("url") || OWN_SITE, document.baseURI).href; }

  async #askSite(url) {
    if (this.#siteGiven) return;
    const site = await siteInfo(url);
    if (!this.#siteGiven && url === this.#url) this.#know(site);
  }

  #know(site) {
    const before = this.#site;
    this.#site = site;
    setImageSources(site.images);
    if (!this.#parts || JSON.stringify(before) === JSON.stringify(site)) return;
    this.#parts.transcript.named(this.#name);
    this.#hearing();
    if (before.currency !== site.currency || before.units !== site.units || before.tiles?.url !== site.tiles?.url) this.#redraw();
    this.#emit("turnpike-site", {site});
  }
  get #name() { return this.#site.name || "PAM"; }

  #build() {
    const composer = new Composer({
      send: (text, files) => this.send(text, {files}), stop: () => this.stop(), upload: (file, options) => this.client.upload(file, options), notice: text => this.notice(text),
      limits: () => this.siteInfo.limits,
    });
    const place = frame(composer.form, {
      older: () => this.#more(), toEnd: () => this.#parts.follow.toEnd(), newChat: () => this.open(newId(), {fresh: true}),
      present: () => this.#session.dispatch({type: "branch"}),
    });
    const progress = new Progress();
    place.progress.replaceWith(progress.element);
    this.#root.replaceChildren(...place.roots);
    composer.takeDrops(this, this.#root);
    composer.form.addEventListener("turnpike-edit-last", event => this.#parts.transcript.rewriteLast() && event.preventDefault());
    this.#parts = {...place, composer, progress,
      follow: new Follow(place.scroll, place.content, follows => { place.toEnd.hidden = follows; }, () => this.conversation.messages.length > 0 || !place.notice.hidden),
      transcript: new Transcript(place.log, this.#context()),
      approvals: new LateApprovals({place: e => place.asks.append(e), answer: (id, body) => this.#session.approve(id, body),
        schema: tool => this.#session.schemaOf(tool), leave: () => this.focus()}),
      voice: new VoiceBar(composer.voice, {request: (path, init) => this.client.fetch(path, init), siteInfo: () => this.#site, locale,
        text: text => { this.draft = [this.draft, text].filter(Boolean).join(" "); this.focus(); }, send: text => this.send(text)}),
    };
    this.#hearing();
    place.scroll.addEventListener("scroll", () => place.scroll.scrollTop < NEAR_TOP && this.#more(), {passive: true});
    composer.placeholder = this.getAttribute("placeholder");
    loadMarkdown().then(() => this.#parts.transcript.refresh());
  }

  /** Another language: everything is made anew, and what stands in the message field stays. */
  #rebuild() {
    const {draft, session} = this;
    this.#parts.progress.stop();
    this.#parts.approvals.show([]);
    this.#parts.composer.end();
    this.#parts.voice.voice.stop();
    this.#build();
    this.#parts.composer.session = session;
    this.draft = draft;
    this.#draw();
  }

  /** What voice can do here may have changed. */
  #hearing() {
    this.#parts?.voice.refresh(this.getAttribute("voice") !== "off");
    this.#parts?.transcript.refresh();
  }

  #redraw() {
    this.#parts.transcript.clear();
    this.#draw();
  }

  /** What the parts of messages may know. */
  #context() {
    const chat = this;
    return {
      t, locale,
      get name() { return chat.#name; },
      get site() { return chat.#site; },
      get currency() { return chat.#site.currency; },
      get units() { return chat.#site.units; },
      get cards() { return chat.getAttribute("cards") === "off" ? null : {...CARDS, ...chat.#cards}; },
      ask: text => chat.send(text),
      load: id => chat.client.fetch(`/attachments/${encodeURIComponent(id)}`, {blob: true}),
      fail: text => chat.notice(text),
      acts: acts({
        session: () => this.#session, notice: text => this.notice(text), place: this.#root, voice: () => this.getAttribute("voice") !== "off" && this.#parts?.voice.voice,
        restore: (text, files) => this.#parts.composer.restore(text, files),
      }),
    };
  }

  /** Ends the session that there is. Returns the frames of what was not sent. */
  #end() {
    const session = this.#session;
    this.#session = null;
    cancelAnimationFrame(this.#due);
    this.#due = 0;
    this.#parts?.composer.forget();
    this.#parts?.progress.stop();
    this.#parts?.approvals.show([]);
    this.#parts?.voice.voice.stop();
    return session?.close() ?? [];
  }

  // ---- what is shown -----------------------------------------------------------------------------------------

  #onConversation(conversation, before, event) {
    if (PIECES.has(event.type) && !document.hidden) this.#due ||= requestAnimationFrame(() => this.#draw());
    else this.#draw(event.prepend);
  }

  /** Earlier messages: those that are known, else those that are stored. */
  #more() {
    const {transcript, follow} = this.#parts;
    if (transcript.hasMore) follow.keepPlace(() => transcript.more(this.conversation));
    else this.#session?.loadOlder();
    this.#showOlder();
  }

  #showOlder() { this.#parts.older.hidden = !this.conversation.older && !this.#parts.transcript.hasMore; }

  /** inFront: something comes in front of what is looked at. */
  #draw(inFront = false) {
    cancelAnimationFrame(this.#due);
    this.#due = 0;
    const {conversation} = this, parts = this.#parts, render = () => parts.transcript.render(conversation, parts.follow.follows);
    if (inFront) parts.follow.keepPlace(render);
    else render();
    parts.approvals.show(conversation.approvals);
    parts.log.classList.toggle("busy", conversation.run !== null);
    this.#showOlder();
    parts.welcome.hidden = !this.#session?.loaded || conversation.messages.length > 0 || Boolean(conversation.deleted);
    parts.deleted.hidden = !conversation.deleted;
    parts.past.hidden = !conversation.branch;
    parts.composer.running = conversation.run !== null;
    parts.voice.follow(conversation);
    this.#showProgress();
    this.#emit("turnpike-conversation", {conversation});
  }

  #showProgress() { this.#parts.progress.show(this.#session ? waitsFor(this.conversation, this.state) : null); }

  #onState(state, reason) {
    if (state === "live") {
      this.notice("");
      this.#askSite(this.#url);
    }
    this.#showProgress();
    this.#emit("turnpike-state", {state, reason});
  }

  #onProblem(problem) {
    if (problem.code !== "refused") this.notice(problem.message || problem.code); // the state tells of those
    this.#emit("turnpike-problem", problem);
  }

  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, {detail, bubbles: true, composed: true})); }
}

if (!customElements.get("turnpike-chat")) customElements.define("turnpike-chat", TurnpikeChat);
export {newId};
