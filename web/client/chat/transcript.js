// SPDX-License-Identifier: BSD-2-Clause
// The conversation on the screen: a message of it is touched when it is another object than before. Of a long one only
// the last messages are there, and earlier ones when somebody goes to them.
import {shown} from "../conversation.js";
import {AssistantMessage, UserMessage} from "./message.js";

const MOST = 120, LEFT = 80; // more than MOST messages are cut to LEFT while the end is looked at
const MORE = 40;

export class Transcript {
  #views = new Map(); // message id -> view
  #first = null;      // id of the first one shown; null: all
  #messages = [];
  #lonely = null;     // the last message, when it is a question that nobody answers

  /** log: holds the messages. ctx: of the messages. */
  constructor(log, ctx) {
    this.log = log;
    this.ctx = ctx;
  }

  clear() {
    this.#views.clear();
    this.#first = this.#lonely = null;
    this.log.replaceChildren();
  }

  /** Are there messages before those that are shown? */
  get hasMore() { return this.#from() > 0; }

  #from() { return this.#first === null ? 0 : Math.max(0, this.#messages.findIndex(m => m.id === this.#first)); }

  /** atEnd: the end is looked at, so nobody misses what is far above it. */
  render(conversation, atEnd) {
    this.#messages = shown(conversation);
    if (atEnd && this.#messages.length - this.#from() > MOST) this.#first = this.#messages.at(-LEFT).id;
    let place = this.log.firstChild;
    const here = new Set();
    for (const message of this.#messages.slice(this.#from())) {
      here.add(message.id);
      let view = this.#views.get(message.id);
      if (!view) this.#views.set(message.id, view = message.role === "user" ? new UserMessage(this.ctx) : new AssistantMessage(this.ctx));
      if (view.message !== message) view.update(message);
      if (view.element === place) place = place.nextSibling;
      else this.log.insertBefore(view.element, place);
    }
    for (const [id, view] of this.#views) {
      if (here.has(id)) continue;
      view.element.remove();
      this.#views.delete(id);
    }
    this.#offer(conversation);
  }

  /** A turn that came to nothing leaves its question: it can be asked again. */
  #offer({run}) {
    const last = this.#messages.at(-1), lonely = last?.role === "user" && last.state === "sent" && !last.past && !run ? this.#views.get(last.id) : null;
    if (lonely !== this.#lonely) this.#lonely?.unanswered(false);
    lonely?.unanswered(true);
    this.#lonely = lonely;
  }

  /** Shows earlier ones of those that are known. */
  more(conversation) {
    const from = Math.max(0, this.#from() - MORE);
    this.#first = from ? this.#messages[from].id : null;
    this.render(conversation, false);
  }

  /** The user's last message is open for rewriting; false: it cannot be rewritten now. */
  rewriteLast() {
    const last = this.#messages.findLast(m => m.role === "user");
    return this.#views.get(last?.id)?.rewrite() ?? false;
  }

  /** The assistant's name is another one. */
  named(name) {
    for (const view of this.#views.values()) view.named?.(name);
  }

  /** The library that reads Markdown has come behind what is shown already. */
  refresh() {
    for (const view of this.#views.values()) view.refresh();
  }
}
