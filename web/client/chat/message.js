// One message on the screen. Text from outside is only ever put into text nodes.
import {fileLine} from "./attached.js";
import {element, visible} from "./elements.js";
import {partView} from "./parts.js";
import {t} from "./words.js";

const STATES = {
  unsent: () => t("not sent yet"),
  sending: () => t("sending"),
  queued: () => t("waits its turn"),
  lost: () => t("not sent"),
};

export class UserMessage {
  message = null;

  constructor() {
    this.element = element("article", "message user");
    this.body = element("div", "text");
    this.body.dir = "auto";
    this.files = element("ul", "files");
    this.note = element("span", "note");
    this.element.append(element("span", "hidden", t("You:")), this.files, this.body, this.note);
  }

  update(message) {
    const was = this.message, waiting = message.state !== "sent";
    this.message = message;
    this.element.classList.toggle("waiting", waiting);
    this.element.classList.toggle("lost", message.state === "lost");
    if (was?.text !== message.text) this.body.textContent = visible(message.text);
    this.body.hidden = message.text === "";
    if (was?.files !== message.files) this.files.replaceChildren(...message.files.map(file => element("li", "", fileLine(file))));
    this.files.hidden = message.files.length === 0;
    this.note.textContent = waiting ? STATES[message.state]?.() ?? "" : "";
    this.note.hidden = !waiting;
  }
  refresh() {}
}

const ENDS = {
  stopped: () => t("Stopped."),
  interrupted: () => t("The answer was broken off."),
  error: end => end.message ? visible(end.message) : t("The answer failed."),
  short: () => "",
};

export class AssistantMessage {
  message = null;
  #views = new Map();

  /** ctx: {name, ...} as of partView. */
  constructor(ctx) {
    this.ctx = ctx;
    this.element = element("article", "message assistant");
    this.parts = element("div", "parts");
    this.ending = element("p", "ending");
    this.element.append(element("span", "hidden", `${ctx.name}:`), this.parts, this.ending);
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

  /** The library that reads Markdown has come behind what is shown already. */
  refresh() {
    for (const {view} of this.#views.values()) view.refresh?.();
  }
}
