// SPDX-License-Identifier: BSD-2-Clause
// Cards for what the assistant may do only when the user says yes: what is meant, what changes, who sees it, and the answer. And
// for what a service asks in the middle of a call: who asks, its words, its form.
import {button, element, legible, spelt} from "./elements.js";
import {Form} from "./form.js";
import {previewElements, question} from "./preview.js";
import {n, t} from "./words.js";

const SECOND = 1000, MINUTE = 60 * SECOND;
const OVER = {
  approval_expired: () => t("The time to answer is over. Nothing was done."),
  approval_used: () => t("This has been answered already, here or elsewhere."),
  approval_cancelled: () => t("This was set aside by a newer message."),
  not_found: () => t("This is not asked any more."),
};

/** The same JSON, whatever the order of members. */
const isSame = (a, b) => typeof a !== "object" || typeof b !== "object" || !a || !b ? a === b
  : Object.keys(a).length === Object.keys(b).length && Object.keys(a).every(k => Object.hasOwn(b, k) && isSame(a[k], b[k]));

/** What stands in a form's fields at first. */
const defaults = ({properties = {}}) => Object.fromEntries(Object.entries(properties).filter(([, p]) => p.default !== undefined).map(([name, p]) => [name, p.default]));

let count = 0;

/** One card. */
class Card {
  #say; #schema; #form = null; #timer = 0; #buttons; #note; #left; #place; #details; #expires; #now;
  state = "open"; // then "sent", at last "over"

  /** say(card, body): sends the answer. schema(): of the arguments, may be a promise. */
  constructor(asked, {say, schema, now}) {
    Object.assign(this, asked);
    this.#say = say;
    this.#schema = schema;
    this.#now = now;
    this.#expires = Date.parse(asked.expiresAt);
    this.#build();
    this.#tick();
  }

  #build() {
    const id = `tp-approval-${++count}`, li = this.element = element("div", "approval"), head = element("div", "head");
    li.setAttribute("role", "group");
    li.setAttribute("aria-labelledby", id);
    this.heading = element("h3", "", this.form ? t("{service} asks you", {service: this.form.from}) : question(this.tool, this.preview));
    this.heading.id = id;
    this.heading.tabIndex = -1;
    this.#place = element("span", "place");
    this.#left = element("p", "left");
    this.#left.setAttribute("aria-live", "off"); // it changes each second at last
    head.append(this.heading, this.#place);
    const what = element("div", "what");
    what.id = `${id}-what`;
    li.setAttribute("aria-describedby", what.id);
    if (this.form) this.#showForm(what);
    else what.append(...this.preview ? previewElements(this.preview, this.args) : [element("p", "text", spelt(this.message || t("May I do this?")))]);
    if (this.reason === "untrusted_content") what.append(element("p", "caution", t("The conversation contains what others wrote. Check that this is what you want.")));
    this.#details = element("details", "exact");
    const pre = element("pre", "", legible(this.args));
    pre.tabIndex = 0;
    pre.setAttribute("aria-label", t("Exact arguments"));
    this.#details.append(element("summary", "", t("Exact arguments")), pre);
    this.#note = element("p", "note");
    this.#note.setAttribute("role", "status");
    li.append(head, what, ...this.form && this.#form ? [this.#form.element] : [], this.#details, this.form ? this.#formRow() : this.#row(), this.#left, this.#note);
    li.addEventListener("keydown", event => this.#key(event));
  }

  #row() {
    const row = element("div", "row");
    const yes = button(t("Allow"), "yes", () => this.#yes()), no = button(t("Don't allow"), "quiet no", () => this.#send({approved: false}));
    const change = button(t("Change"), "quiet change", () => this.#toggle());
    change.setAttribute("aria-expanded", "false");
    this.#buttons = {yes, no, change};
    row.append(yes, no, change);
    return row;
  }

  /** The service's words are marked as its own. */
  #showForm(what) {
    const {from, message, schema} = this.form;
    what.append(element("blockquote", "", spelt(message)), element("p", "caution", t("This comes from “{service}”, not from the assistant. It gets what you send. Enter no password, no code and no card number.", {service: from})));
    if (!Object.keys(schema?.properties ?? {}).length) return;
    this.#form = new Form(schema, defaults(schema));
    for (const field of this.#form.fields) for (const control of field.controls) control.autocomplete = "off";
  }

  #formRow() {
    const row = element("div", "row");
    const yes = button(t("Send"), "yes", () => this.#fill()), no = button(t("Decline"), "quiet no", () => this.#send({action: "decline"}));
    const change = button(t("Cancel"), "quiet", () => this.#send({action: "cancel"}));
    this.#buttons = {yes, no, change};
    row.append(yes, no, change);
    return row;
  }

  #fill() {
    const content = this.#form ? this.#form.read() : {};
    if (content === undefined) return this.tell(t("Nothing was sent: look at the fields that are marked."));
    return this.#send({action: "accept", content});
  }

  /** n of m, when there are several. */
  set place([at, of]) {
    this.#place.textContent = of > 1 ? t("{n} of {m}", {n: at, m: of}) : "";
  }

  get open() { return this.state === "open"; }
  /** Has it the focus? */
  get held() { return this.element.contains(this.element.getRootNode().activeElement); }

  // ---- time ---------------------------------------------------------------------------------------

  #tick() {
    clearTimeout(this.#timer);
    if (!this.open || Number.isNaN(this.#expires)) return;
    const left = this.#expires - this.#now(), whole = Math.ceil(left / SECOND);
    if (left <= 0) return this.end("approval_expired");
    this.#left.textContent = left > MINUTE ? n(Math.ceil(left / MINUTE), "{n} minute left to answer", "{n} minutes left to answer")
      : n(whole, "{n} second left to answer", "{n} seconds left to answer");
    const unit = left > MINUTE ? MINUTE : SECOND;
    this.#timer = setTimeout(() => this.#tick(), Math.max(50, (left - 1) % unit + 1));
  }

  // ---- the form -----------------------------------------------------------------------------------

  #key(event) {
    if (event.key !== "Escape" || this.form || !this.#shown) return;
    event.preventDefault();
    event.stopPropagation();
    this.#toggle();
  }

  get #shown() { return this.#form !== null && !this.#form.element.hidden; }

  /** What was filled in stays there; closed, it does not count. */
  async #toggle() {
    const {yes, change} = this.#buttons;
    if (!this.#form && !await this.#make()) return;
    const show = this.#form.element.hidden;
    this.#form.element.hidden = !show;
    change.setAttribute("aria-expanded", String(show));
    change.textContent = show ? t("Leave as it was") : t("Change");
    yes.textContent = show ? t("Allow with these changes") : t("Allow");
    if (show) this.#form.focus();
    else change.focus();
  }

  async #make() {
    let schema = {};
    this.#buttons.change.disabled = true;
    try {
      schema = await this.#schema();
    } catch { /* the arguments as JSON text need none */ }
    if (!this.open || this.#form) return false;
    this.#buttons.change.disabled = false;
    this.#form = new Form(schema, this.args);
    this.#form.element.hidden = true;
    this.#details.before(this.#form.element);
    return true;
  }

  // ---- the answer ---------------------------------------------------------------------------------

  #yes() {
    if (!this.#shown) return this.#send({approved: true});
    const args = this.#form.read();
    if (args === undefined) return this.tell(t("Nothing was sent: look at the fields that are marked."));
    return this.#send(isSame(args, this.args) ? {approved: true} : {approved: true, edited_args: args});
  }

  #enable(on) {
    for (const b of Object.values(this.#buttons)) b.disabled = !on;
  }

  async #send(body) {
    this.state = "sent";
    this.#enable(false);
    if (this.form) this.tell(body.action === "accept" ? t("Sent.") : t("Declined."));
    else this.tell(body.approved ? t("Allowed.") : t("Not allowed."));
    this.#left.textContent = "";
    const failure = await this.#say(this, body);
    if (!failure) return;
    const code = failure.problem?.code;
    if (OVER[code] || [404, 409, 410].includes(failure.status)) return this.end(code, failure.message);
    this.state = "open";
    this.#enable(true);
    this.#tick();
    this.#refused(failure);
  }

  #refused(failure) {
    const pointer = failure.problem?.field?.replace(/^\/(edited_args|content)(?=\/|$)/, "");
    if (failure.status === 422 && pointer !== undefined && this.#shown) {
      const {detail, expected} = failure.problem;
      this.tell(t("Nothing was done: look at the field that is marked."));
      this.#form.refuse(pointer, expected ? t("{detail} Expected: {expected}.", {detail, expected}) : detail);
    } else {
      this.tell(t("The answer could not be sent: {why}", {why: failure.message}));
      this.#buttons.yes.focus();
    }
  }

  /** There is nothing to answer any more. */
  end(code, message = "") {
    clearTimeout(this.#timer);
    this.state = "over";
    this.element.classList.add("over");
    const {held} = this;
    this.#enable(false);
    if (this.#form) this.#form.element.hidden = true;
    this.#left.textContent = "";
    this.tell((OVER[code] ?? (() => message))());
    if (held) this.heading.focus();
  }

  drop() {
    clearTimeout(this.#timer);
    this.state = "over";
    this.element.remove();
  }

  tell(text) {
    this.#note.textContent = spelt(text);
  }
}

const isText = e => e?.matches?.("textarea, select, input:not([type=button], [type=checkbox], [type=file]), [contenteditable]") ?? false;

export class Approvals {
  #cards = new Map(); // id -> card
  #options;

  /**
   * place(element): puts a card at the log's end. answer(id, body): sends it; rejects when refused.
   * schema(tool): the schema of its arguments, or a promise of it, where an approval does not bring it.
   * leave(): what gets the focus when no question is left. now(): the server's time in ms, where it is known.
   */
  constructor({place, answer, schema = () => ({}), leave = () => {}, now = Date.now}) {
    this.#options = {place, answer, schema, leave, now};
  }

  /** Shows these, approvals of a conversation (../conversation.js), and no others. */
  show(list) {
    const gone = [...this.#cards.values()].filter(card => !list.some(a => a.id === card.id)), fresh = list.filter(a => !this.#cards.has(a.id));
    if (!gone.length && !fresh.length) return;
    const held = gone.filter(card => this.#drop(card)).length > 0;
    for (const asked of fresh) this.#add(asked);
    this.#number();
    const first = fresh.length && this.#cards.get(fresh[0].id);
    if (held) this.#go();
    else if (first && this.#free(first)) first.heading.focus();
  }

  #add(asked) {
    const {schema, now, place} = this.#options;
    const card = new Card(asked, {now, schema: () => asked.schema ?? schema(asked.tool), say: (c, body) => this.#say(c, body)});
    this.#cards.set(asked.id, card);
    place(card.element);
  }

  /** Returns whether it had the focus. */
  #drop(card) {
    const held = card.held;
    this.#cards.delete(card.id);
    card.drop();
    return held;
  }

  #number() {
    const open = [...this.#cards.values()].filter(c => c.state !== "over");
    open.forEach((card, i) => { card.place = [i + 1, open.length]; });
  }

  /** Nobody is writing, and the focus is not anywhere on purpose. */
  #free(card) {
    const root = card.element.getRootNode(), active = root.activeElement, outer = document.activeElement;
    if (outer && outer !== document.body && outer !== active && outer !== root.host) return false;
    if (!active || active === document.body) return true;
    return isText(active) && "value" in active && active.value === "" && !active.closest(".approval");
  }

  /** To the next question, else away. */
  #go() {
    const next = [...this.#cards.values()].find(c => c.open);
    if (next) next.heading.focus();
    else this.#options.leave();
  }

  /** Returns the failure, or null. */
  async #say(card, body) {
    const sent = this.#options.answer(card.id, body), next = [...this.#cards.values()].find(c => c.open);
    (next ?? card).heading.focus(); // the button that had it is no more
    try {
      await sent;
    } catch (error) {
      return error;
    }
    if (card.held) this.#go();
    return null;
  }
}
