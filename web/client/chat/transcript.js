// The conversation on the screen: a message of it is touched when it is another object than before.
import {AssistantMessage, UserMessage} from "./message.js";

export class Transcript {
  #views = new Map(); // message id -> view

  /** log: holds the messages. ctx: of the messages' parts. */
  constructor(log, ctx) {
    this.log = log;
    this.ctx = ctx;
  }

  clear() {
    this.#views.clear();
    this.log.replaceChildren();
  }

  render({messages}) {
    let place = this.log.firstChild;
    const here = new Set();
    for (const message of messages) {
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
  }

  /** The library that reads Markdown has come behind what is shown already. */
  refresh() {
    for (const view of this.#views.values()) view.refresh();
  }
}
