// The user's inbox: timers, reminders, alerts and messages, with "got it" and "later".
import {button, element} from "./elements.js";

const SNOOZE_MINUTES = 10;

/** Whether what came over the socket is an entry of the inbox: those have an id of its stream. */
export const isEntry = e => /^\d+-\d+$/.test(e.id ?? "") && e.type !== "inbox_updated" && (e.type !== "CUSTOM" || e.name === "message");

function words(e) {
  if (e.type === "CUSTOM") return `${e.value?.from ?? "Somebody"} wrote: ${e.value?.text ?? e.value?.message ?? ""}`;
  return e.message ?? e.label ?? e.title ?? "";
}

export class Inbox {
  #items = new Map();
  #last = "";

  /** list: the ol; count: where the number of unread ones stands; request: client.fetch. */
  constructor({list, count, request}) {
    this.list = list;
    this.count = count;
    this.request = request;
  }

  /** What came while no socket was open. */
  async load() {
    const page = await this.request(`/inbox?limit=50${this.#last ? `&after=${this.#last}` : ""}`);
    for (const e of page.messages) if (e.state === "new") this.add(e);
  }

  add(e) {
    if (this.#items.has(e.id)) return;
    if (e.snoozed_from) this.remove(e.snoozed_from);
    this.#last = e.id;
    const li = element("li", "entry"), row = element("div", "row");
    const time = new Date(Number(e.id.split("-")[0]));
    li.append(element("p", "text", words(e)), element("time", "", time.toLocaleString()));
    row.append(button("Got it", "quiet", () => this.#post(e.id, "ack", {})),
      button(`In ${SNOOZE_MINUTES} minutes`, "quiet", () => this.#post(e.id, "snooze", {minutes: SNOOZE_MINUTES})));
    li.append(row);
    this.#items.set(e.id, li);
    this.list.prepend(li);
    this.#counted();
  }

  remove(id) {
    this.#items.get(id)?.remove();
    this.#items.delete(id);
    this.#counted();
  }

  async #post(id, what, body) {
    const row = this.#items.get(id)?.querySelector(".row");
    try {
      await this.request(`/inbox/${id}/${what}`, {method: "POST", body});
      this.remove(id);
    } catch (error) {
      row?.append(element("span", "note", error.message));
    }
  }

  #counted() {
    this.count.textContent = String(this.#items.size);
    this.list.parentElement.hidden = this.#items.size === 0;
  }
}
