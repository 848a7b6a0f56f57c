// SPDX-License-Identifier: BSD-2-Clause
// The user's inbox: timers, reminders, alerts and messages, with "got it" and "later".
import {isAfter} from "./client/client.js";
import {button, element, visible} from "./client/chat/elements.js";
import {warningWords} from "./client/chat/limits.js";
import {region, t} from "./client/chat/words.js";
import {Toasts} from "./toasts.js";

const SNOOZE_MINUTES = 10;
const later = () => t("In 10 minutes");

/** Whether what came over the socket is an entry of the inbox: those have an id of its stream. */
export const isEntry = e => /^\d+-\d+$/.test(e.id ?? "") && e.type !== "inbox_updated" && (e.type !== "CUSTOM" || e.name === "message");

function words(e) {
  if (e.type === "CUSTOM") {
    const text = e.value?.text ?? e.value?.message ?? "";
    return e.value?.from ? t("{from} wrote: {text}", {from: e.value.from, text}) : t("Somebody wrote: {text}", {text});
  }
  if (e.alert?.type === "limit_warning") return warningWords(e.alert);
  return e.message ?? e.label ?? e.title ?? "";
}

export class Inbox {
  #items = new Map();
  #known = ""; #newest = ""; #whole = false; // id up to which nothing is missing; the newest; whether they are one
  #user = {};

  /** list: the ol; count: where the number of unread ones stands; toasts: a live region; request: client.fetch; pushed(): whether pushes tell of entries, too. */
  constructor({list, count, toasts, request, pushed = () => false}) {
    this.list = list;
    this.count = count;
    this.request = request;
    this.toasts = new Toasts(toasts, {act: (id, what) => this.#post(id, what), openInbox: () => this.open(), pushed});
  }

  /** What came while no socket was open. */
  async load(signal) {
    const user = this.#user;
    this.#whole = false;
    for (let more = true; more;) {
      const page = await this.request(`/inbox?limit=50${this.#known ? `&after=${this.#known}` : ""}`, {signal});
      if (user !== this.#user) return;
      more = page.has_more && page.messages.length > 0 && this.#known !== "";
      for (const e of page.messages) {
        if (e.state === "new") this.add(e);
        this.#known = e.id;
      }
    }
    if (isAfter(this.#newest, this.#known)) this.#known = this.#newest;
    this.#whole = true;
  }

  /** Returns whether it is one that was not there. */
  add(e) {
    if (isAfter(e.id, this.#newest)) this.#newest = e.id;
    if (this.#whole) this.#known = this.#newest;
    if (this.#items.has(e.id)) return false;
    if (e.snoozed_from) this.remove(e.snoozed_from);
    const li = element("li", "entry"), row = element("div", "row"), text = visible(String(words(e)));
    const time = new Date(Number(e.id.split("-")[0])), body = element("p", "text", text);
    body.dir = "auto";
    li.append(body, element("time", "", time.toLocaleString(region())));
    row.append(button(t("Got it"), "quiet", () => this.#post(e.id, "ack")), button(later(), "quiet", () => this.#post(e.id, "snooze")));
    li.append(row);
    this.#items.set(e.id, li);
    this.list.prepend(li);
    this.toasts.add(e.id, text, time, later());
    this.#counted();
    return true;
  }

  remove(id) {
    this.#items.get(id)?.remove();
    this.#items.delete(id);
    this.toasts.remove(id);
    this.#counted();
  }

  /** Another user's are others. */
  clear() {
    this.#user = {};
    this.#items.clear();
    this.#known = this.#newest = "";
    this.#whole = false;
    this.list.replaceChildren();
    this.toasts.clear();
    this.#counted();
  }

  async #post(id, what) {
    try {
      await this.request(`/inbox/${id}/${what}`, {method: "POST", body: what === "snooze" ? {minutes: SNOOZE_MINUTES} : {}});
      this.remove(id);
    } catch (error) {
      const row = this.#items.get(id)?.querySelector(".row");
      row?.querySelector(".note")?.remove();
      row?.append(element("span", "note", error.message));
      this.toasts.fault(id, error.message);
    }
  }

  open() {
    this.list.parentElement.open = true;
    this.list.parentElement.scrollIntoView();
    this.list.querySelector("button")?.focus();
  }

  #counted() {
    this.count.textContent = String(this.#items.size);
    this.list.parentElement.hidden = this.#items.size === 0;
    navigator.setAppBadge?.(this.#items.size).catch(() => { /* not installed */ });
  }
}
