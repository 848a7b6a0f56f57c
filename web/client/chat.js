// <turnpike-chat>: a whole chat as an element, for any page. docs/chat-element.md has its attributes, methods and events.
//
//   <script type="module" src="https://assistant.example.org/client/chat.js"></script>
//   <turnpike-chat session="main"></turnpike-chat>
import {Approvals} from "./chat/approvals.js";
import {CARDS} from "./chat/cards.js";
import {Composer} from "./chat/composer.js";
import {button, element, visible} from "./chat/elements.js";
import {Follow} from "./chat/follow.js";
import {loadMarkdown} from "./chat/markdown.js";
import {Progress, waitsFor} from "./chat/progress.js";
import {Session, newId} from "./chat/session.js";
import {styleSheet} from "./chat/style.js";
import {Transcript} from "./chat/transcript.js";
import {fitting, locale, setLanguage, t} from "./chat/words.js";
import {initial} from "./conversation.js";

const SITE = new URL(import.meta.url).origin;

export class TurnpikeChat extends HTMLElement {
  static observedAttributes = ["cards", "language", "placeholder", "session", "url"];

  #root = this.attachShadow({mode: "open"}); #session = null; #token = null; #frame = 0; #starting = 0; #parts = null; #asked = {}; #cards = {};
  siteInfo = {};

  // ---- its life -----------------------------------------------------------------------------------------

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [styleSheet()];
    for (const name of ["token", "session", "cards"]) { // set before this module was there
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  connectedCallback() {
    if (!this.#parts) this.#build();
    clearTimeout(this.#starting);
    this.#starting = setTimeout(() => this.isConnected && !this.#session && this.#begin()); // what the page says next counts
  }

  disconnectedCallback() {
    clearTimeout(this.#starting);
    this.#end();
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.#parts) return;
    if (name === "placeholder") this.#parts.composer.placeholder = now;
    else if (name === "language") this.#speak();
    else if (name === "cards") this.#redraw();
    else if (name === "session" && now && now !== this.#session?.id && this.#session) this.open(now);
    else if (name === "url" && this.#session) this.open(this.#session.id);
  }

  async #begin() {
    await this.#speak();
    if (this.isConnected && !this.#session) this.open(this.#asked.session ?? this.getAttribute("session") ?? newId(), {fresh: !this.#asked.session && !this.getAttribute("session"), ...this.#asked});
  }

  async #speak() {
    const wanted = this.getAttribute("language"), before = locale();
    await setLanguage(fitting(wanted ? [wanted] : undefined));
    if (locale() !== before && this.#session) this.#rebuild();
  }

  // ---- what the page may use ------------------------------------------------------------------------------

  get client() { return this.#session?.client ?? null; }
  get conversation() { return this.#session?.conversation ?? initial; }
  get state() { return this.#session?.state ?? "closed"; }
  get reason() { return this.#session?.reason ?? null; }
  get session() { return this.#session?.id ?? this.#asked.session ?? this.getAttribute("session"); }
  set session(id) {
    if (this.#session) {
      if (id !== this.#session.id) this.open(id);
    } else {
      this.#asked = {session: id};
    }
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
   * in the message field again.
   */
  open(session = newId(), {fresh = false, token = this.#token} = {}) {
    this.#token = token;
    if (!this.#parts || !this.isConnected) {
      this.#asked = {session, fresh};
      return;
    }
    clearTimeout(this.#starting);
    this.#asked = {};
    const left = this.#end();
    if (left.length) this.draft = [...left.map(frame => frame.text), this.draft].filter(Boolean).join("\n");
    const mine = this.#session = new Session({id: session, url: this.getAttribute("url") || SITE, token, fresh}, {
      conversation: (...args) => this.#session === mine && this.#onConversation(...args),
      state: (...args) => this.#session === mine && this.#onState(...args),
      frame: frame => this.#session === mine && this.#emit("turnpike-frame", {frame}),
      problem: problem => this.#session === mine && this.#onProblem(problem),
      notice: text => this.#session === mine && this.#notice(text),
    });
    this.#draw();
    mine.start();
  }

  /** Sends a message. files: [{id, name}] of client.upload(). */
  send(text, {files = []} = {}) {
    this.#notice("");
    const ids = this.#session.send(text, files);
    this.#parts.follow.toEnd();
    return ids;
  }

  stop() { this.#session?.stop(); }

  /** Forgets the session, its conversation and what stands in the message field; begins a new one. */
  clear({token = this.#token} = {}) {
    this.#end();
    this.draft = "";
    this.open(newId(), {fresh: true, token});
  }

  /** Says something to the user under the conversation; "": nothing any more. */
  notice(text) { this.#notice(text); }

  focus(options) { this.#parts?.composer.field.focus(options); }

  // ---- the parts --------------------------------------------------------------------------------------------

  #build() {
    const named = (e, id) => Object.assign(e, {id}), slot = (name, ...fallback) => {
      const s = element("slot");
      s.name = name;
      s.append(...fallback);
      return s;
    };
    const scroll = named(element("div", "scroll"), "scroll"), content = element("div", "content"), footer = element("div", "composer");
    const older = named(button(t("Earlier messages"), "quiet", () => this.#loadOlder()), "older");
    const welcome = element("div", "welcome"), log = named(element("div"), "log"), asks = named(element("ol"), "approvals"), notice = named(element("p", "notice"), "notice");
    log.setAttribute("role", "log");
    log.setAttribute("aria-live", "polite");
    log.setAttribute("aria-relevant", "additions");
    log.setAttribute("aria-label", t("Conversation"));
    asks.setAttribute("aria-live", "polite");
    asks.setAttribute("aria-relevant", "additions");
    asks.setAttribute("aria-label", t("Questions to you"));
    notice.setAttribute("role", "alert");
    older.hidden = welcome.hidden = notice.hidden = true;
    welcome.append(slot("welcome"));
    const progress = new Progress();
    content.append(slot("top"), older, welcome, log, asks, progress.element, notice);
    scroll.append(content);
    const composer = new Composer({
      send: (text, files) => this.send(text, {files}), stop: () => this.stop(), upload: file => this.client.upload(file), notice: text => this.#notice(text),
    });
    footer.append(composer.form);
    this.#root.replaceChildren(scroll, footer);
    this.#parts = {scroll, older, welcome, notice, composer, progress,
      follow: new Follow(scroll, content),
      transcript: new Transcript(log, this.#context()),
      approvals: new Approvals({place: e => asks.append(e), answer: (id, body) => this.#session.approve(id, body),
        schema: tool => this.#session.schemaOf(tool), leave: () => this.focus()}),
    };
    composer.placeholder = this.getAttribute("placeholder");
    loadMarkdown().then(() => this.#parts.transcript.refresh());
  }

  /** Another language: everything is made anew, and what stands in the message field stays. */
  #rebuild() {
    const draft = this.draft;
    this.#parts.progress.stop();
    this.#parts.approvals.show([]);
    this.#parts = null;
    this.#build();
    this.draft = draft;
    this.#draw();
    this.#onState(this.state, this.reason);
  }

  /** What the parts of messages may know. */
  #context() {
    const chat = this;
    return {
      t, locale,
      get name() { return chat.siteInfo.name ?? "PAM"; },
      get site() { return chat.siteInfo; },
      get currency() { return chat.siteInfo.currency; },
      get units() { return chat.siteInfo.units; },
      get cards() { return chat.getAttribute("cards") === "off" ? null : {...CARDS, ...chat.#cards}; },
      ask: text => chat.send(text),
    };
  }

  #redraw() {
    this.#parts.transcript.clear();
    this.#draw();
  }

  /** Ends the session that there is. Returns the frames of what was not sent. */
  #end() {
    const session = this.#session;
    this.#session = null;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#parts?.composer.forget();
    this.#parts?.progress.stop();
    this.#parts?.approvals.show([]);
    return session?.close() ?? [];
  }

  // ---- what is shown -----------------------------------------------------------------------------------------

  #onConversation(conversation, before, event) {
    if (event.type === "TEXT_MESSAGE_CONTENT" || event.type === "REASONING_MESSAGE_CONTENT" || event.type === "TOOL_CALL_ARGS") {
      if (!document.hidden) return void (this.#frame ||= requestAnimationFrame(() => this.#draw()));
    }
    if (event.prepend) this.#draw(this.#parts.scroll.scrollHeight);
    else this.#draw();
  }

  /** height: of the scrolling box before something came in front. */
  #draw(height = 0) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const conversation = this.conversation, {transcript, approvals, older, welcome, composer, scroll} = this.#parts;
    if (!this.#session || conversation.messages.length === 0) {
      transcript.clear();
      this.#notice("");
    }
    transcript.render(conversation);
    approvals.show(conversation.approvals);
    older.hidden = !conversation.older;
    welcome.hidden = !this.#session?.loaded || conversation.messages.length > 0;
    composer.running = conversation.run !== null;
    if (height) scroll.scrollTop += scroll.scrollHeight - height;
    this.#showProgress();
    this.#emit("turnpike-conversation", {conversation});
  }

  #showProgress() { this.#parts.progress.show(this.#session ? waitsFor(this.conversation, this.state) : null); }

  #notice(text) {
    this.#parts.notice.textContent = visible(text);
    this.#parts.notice.hidden = !text;
  }

  async #loadOlder() { await this.#session?.loadOlder(); }

  #onState(state, reason) {
    if (state === "live") this.#notice("");
    this.#showProgress();
    this.#emit("turnpike-state", {state, reason});
  }

  #onProblem(problem) {
    if (problem.code !== "refused") this.#notice(problem.message || problem.code); // the state tells of those
    this.#emit("turnpike-problem", problem);
  }

  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, {detail, bubbles: true, composed: true})); }
}

if (!customElements.get("turnpike-chat")) customElements.define("turnpike-chat", TurnpikeChat);
export {newId};
