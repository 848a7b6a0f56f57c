// SPDX-License-Identifier: BSD-2-Clause
// One message on the screen, with what can be done with it. Text from outside is only ever put into text nodes.
import {editor} from "./edit.js";
import {button, element, visible} from "./elements.js";
import {Feedback} from "./feedback.js";
import {fileView} from "./files.js";
import {icon} from "./icons.js";
import {partView} from "./parts.js";
import {t} from "./words.js";

const STATES = {
  unsent: () => t("not sent yet"),
  sending: () => t("sending"),
  queued: () => t("waits its turn"),
  lost: () => t("not sent"),
};

function small(label, act, className = "") {
  return button(label, `small ${className}`, act);
}

/** With a drawing; a narrow screen shows that alone. */
function drawn(name, label, act, className = "") {
  const e = small("", act, `drawn ${className}`);
  e.word = element("span", "word", label);
  e.append(icon(name), e.word);
  return e;
}

/** "2 / 3", with the version before and the one behind. */
class Versions {
  #branch = null;

  constructor(show) {
    this.element = element("span", "versions");
    this.place = element("span");
    const step = (sign, label, by) => {
      const e = small(sign, () => show(this.#branch, this.#branch.index + by));
      e.setAttribute("aria-label", label);
      return e;
    };
    this.before = step("‹", t("The version before"), -1);
    this.after = step("›", t("The version behind"), 1);
    this.element.append(this.before, this.place, this.after);
    this.element.hidden = true;
  }
  update(branch) {
    this.#branch = branch;
    this.element.hidden = !branch;
    if (!branch) return;
    this.place.textContent = `${branch.index} / ${branch.count}`;
    this.before.disabled = branch.index <= 1;
    this.after.disabled = branch.index >= branch.count;
  }
}

export class UserMessage {
  message = null;
  #editor = null;

  /** ctx: {load(id), fail(text), acts}: how files are had, and acts {again(message, text), takeBack(message), version(message, index)}. */
  constructor(ctx) {
    const {acts} = this.ctx = ctx;
    this.acts = acts;
    this.element = element("article", "message user");
    this.body = element("div", "text");
    this.body.dir = "auto";
    this.author = element("div", "author");
    this.author.dir = "auto";
    this.author.hidden = true;
    this.you = element("span", "hidden", t("You:"));
    this.files = element("ul", "files");
    this.note = element("span", "note");
    this.actions = element("div", "actions");
    this.takeBack = small(t("Take back"), () => acts.takeBack(this.message));
    this.edit = small(t("Rewrite"), () => this.#edit(), "at-rest");
    this.versions = new Versions((branch, index) => acts.version(this.message, index));
    this.retry = small(t("Try again"), () => acts.again(this.message), "at-rest retry");
    this.retry.hidden = true;
    this.actions.append(this.versions.element, this.retry, this.edit, this.takeBack);
    this.element.append(this.you, this.author, this.files, this.body, this.note, this.actions);
  }

  update(message) {
    const was = this.message, waiting = message.state !== "sent";
    this.message = message;
    this.element.classList.toggle("waiting", waiting);
    this.element.classList.toggle("lost", message.state === "lost");
    if (was?.text !== message.text) this.body.textContent = visible(message.text);
    this.body.hidden = message.text === "" || this.#editor !== null;
    this.author.hidden = !message.author;
    this.you.hidden = Boolean(message.author);
    if (message.author) this.author.textContent = visible(message.author.name);
    if (was?.files !== message.files) this.files.replaceChildren(...message.files.map(file => fileView(file, this.ctx)));
    this.files.hidden = message.files.length === 0;
    this.note.textContent = waiting ? STATES[message.state]?.() ?? "" : "";
    this.note.hidden = !waiting;
    this.takeBack.hidden = !waiting || Boolean(message.again);
    this.takeBack.textContent = message.state === "lost" ? t("Write it again") : t("Take back");
    this.edit.hidden = waiting || Boolean(message.past) || Boolean(message.author) || this.#editor !== null;
    this.versions.update(waiting ? null : message.branch);
  }

  /** Nothing answers it, and nothing is about to. */
  unanswered(yes) { this.retry.hidden = !yes; }

  #edit() {
    this.#editor = editor(this.message.text, {
      send: text => {
        this.#endEdit();
        this.acts.again(this.message, text);
      },
      cancel: () => {
        this.#endEdit();
        this.edit.focus();
      },
    });
    this.element.classList.add("editing");
    this.element.insertBefore(this.#editor.element, this.note);
    this.update(this.message);
    this.#editor.focus();
  }
  /** Opens it for rewriting, where that can be. */
  rewrite() {
    if (this.edit.hidden) return false;
    this.edit.click();
    return true;
  }
  #endEdit() {
    this.#editor?.element.remove();
    this.#editor = null;
    this.element.classList.remove("editing");
    this.update(this.message);
  }

  refresh() {}
}

const ENDS = {
  stopped: () => t("Stopped."),
  interrupted: () => t("The answer was broken off."),
  error: end => end.message ? visible(end.message) : t("The answer failed."),
  short: () => "",
};

/** The text of an answer, as it was written. */
const textOf = message => message.parts.filter(p => p.type === "text").map(p => p.text).join("\n\n");

export class AssistantMessage {
  message = null;
  #views = new Map();

  /** ctx: of partView, with name and acts {again, copy(text), read(text), canRead(), feedback(message, what)}. */
  constructor(ctx) {
    this.ctx = ctx;
    this.element = element("article", "message assistant");
    this.parts = element("div", "parts");
    this.ending = element("p", "ending");
    this.actions = element("div", "actions");
    this.retry = drawn("again", t("Try again"), () => ctx.acts.again(this.message), "at-rest retry");
    this.copy = drawn("copy", t("Copy"), () => this.#copy());
    this.read = drawn("speaker", t("Read aloud"), () => ctx.acts.read(textOf(this.message)));
    this.feedback = new Feedback(this.element, ctx.acts.feedback);
    this.actions.append(this.copy, this.read, this.retry, this.feedback.up, this.feedback.down);
    this.label = element("span", "hidden", `${ctx.name}:`);
    this.element.append(this.label, this.parts, this.ending, this.actions);
  }

  update(message) {
    const was = this.message;
    this.message = message;
    if (was?.parts !== message.parts) this.#updateParts(message.parts);
    this.element.classList.toggle("streaming", message.open);
    if (message.open) this.element.setAttribute("aria-busy", "true"); // it is read out when it is whole
    else this.element.removeAttribute("aria-busy");
    const end = message.end && !message.open ? ENDS[message.end.type]?.(message.end) ?? "" : "";
    this.ending.className = message.end?.type === "error" ? "ending error" : "ending";
    this.ending.textContent = end;
    this.ending.hidden = end === "";
    this.element.hidden = message.parts.length === 0 && end === "";
    this.#updateActions(message, end);
  }

  #updateActions(message, end) {
    const said = message.parts.some(p => p.type === "text"), asked = message.parts.some(p => p.state === "asked");
    this.actions.hidden = message.open || asked;
    this.retry.word.textContent = end ? t("Try again") : t("Another answer");
    this.retry.hidden = Boolean(message.past);
    this.copy.hidden = !said;
    this.read.hidden = !said || !this.ctx.acts.canRead();
    this.feedback.up.hidden = this.feedback.down.hidden = !said || Boolean(message.past);
    this.feedback.update(message);
  }

  async #copy() {
    const copied = await this.ctx.acts.copy(textOf(this.message));
    this.copy.word.textContent = copied ? t("Copied") : t("Not copied");
    setTimeout(() => { this.copy.word.textContent = t("Copy"); }, 2000);
  }

  #updateParts(parts) {
    const views = new Map();
    let place = this.parts.firstChild;
    for (const part of parts) {
      const key = `${part.type} ${part.id}`;
      let shown = this.#views.get(key);
      if (!shown) shown = {view: partView(part, this.ctx), part};
      else if (shown.part !== part) shown.view.update(part);
      shown.part = part;
      views.set(key, shown);
      if (shown.view.element === place) place = place.nextSibling;
      else this.parts.insertBefore(shown.view.element, place);
    }
    for (const [key, {view}] of this.#views) if (!views.has(key)) view.element.remove();
    this.#views = views;
  }

  named(name) { this.label.textContent = `${name}:`; }

  /** The library that reads Markdown has come behind what is shown already, or what the site can do. */
  refresh() {
    if (this.message) this.update(this.message);
    for (const {view} of this.#views.values()) view.refresh?.();
  }
}
