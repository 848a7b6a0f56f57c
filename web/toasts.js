// SPDX-License-Identifier: BSD-2-Clause
// Entries of the inbox as they come, where they are seen wherever the conversation is scrolled to: over the
// page, in its title, and, when the user has asked for it, as notifications of the system.
import {button, element} from "./client/chat/elements.js";
import {n, region, t} from "./client/chat/words.js";

const SHOWN = 3; // the others are counted

export class Toasts {
  #toasts = new Map(); // entry's id -> element
  #title = document.title;

  /** region: a live region. act(id, what): acknowledges or snoozes. openInbox(): shows them all. pushed(): whether pushes tell of them already. */
  constructor(region, {act, openInbox, pushed}) {
    this.region = region;
    this.act = act;
    this.pushed = pushed;
    this.list = element("ol");
    this.more = button("", "quiet", () => {
      this.clear();
      openInbox();
    });
    this.notify = button("", "quiet", () => this.#ask());
    const row = element("div", "row");
    row.append(this.more, this.notify);
    region.append(this.list, row);
    this.#drawn();
  }

  /** text, when: what is told. later: what the button says that puts it off. */
  add(id, text, when, later) {
    if (this.#toasts.has(id)) return;
    const li = element("li", "toast"), words = element("p", "text", text), row = element("div", "row");
    words.dir = "auto";
    row.append(button(t("Got it"), "quiet", () => this.act(id, "ack")), button(later, "quiet", () => this.act(id, "snooze")),
      button(t("Hide"), "quiet", () => this.remove(id)));
    li.append(words, element("time", "", when.toLocaleTimeString(region(), {hour: "2-digit", minute: "2-digit"})), row);
    this.#toasts.set(id, li);
    this.#drawn();
    if (document.hidden) this.#tell(id, text);
  }

  remove(id) {
    const li = this.#toasts.get(id);
    if (!li) return;
    const focused = li.contains(document.activeElement);
    this.#untell(id);
    li.remove();
    this.#toasts.delete(id);
    this.#drawn();
    if (focused) (this.list.querySelector("button") ?? document.querySelector("turnpike-chat")).focus();
  }

  clear() {
    this.#toasts.clear();
    this.#drawn();
  }

  /** The action did not work. */
  fault(id, text) {
    const row = this.#toasts.get(id)?.querySelector(".row");
    row?.querySelector(".note")?.remove();
    row?.append(element("span", "note", text));
  }

  /** The newest stand first. Those that are there already are not moved: they would be read out again. */
  #drawn() {
    const newest = [...this.#toasts.values()].slice(-SHOWN).reverse();
    for (const li of [...this.list.children]) if (!newest.includes(li)) li.remove();
    for (const [i, li] of newest.entries()) if (this.list.children[i] !== li) this.list.insertBefore(li, this.list.children[i] ?? null);
    const hidden = this.#toasts.size - newest.length;
    this.more.textContent = n(hidden, "1 more in the inbox", "{n} more in the inbox");
    this.notify.textContent = t("Also tell me when this page is hidden");
    this.more.hidden = hidden === 0;
    this.notify.hidden = this.#toasts.size === 0 || globalThis.Notification?.permission !== "default";
    this.region.classList.toggle("empty", this.#toasts.size === 0);
    document.title = this.#toasts.size ? `(${this.#toasts.size}) ${this.#title}` : this.#title;
  }

  async #ask() {
    await Notification.requestPermission();
    this.#drawn();
  }

  async #tell(id, text) {
    if (globalThis.Notification?.permission !== "granted" || this.pushed()) return;
    const options = {body: text, tag: id, icon: "icon.svg"};
    try {
      const told = new Notification("PAM", options);
      told.onclick = () => {
        focus();
        told.close();
      };
    } catch { // this browser wants a service worker for them
      await (await navigator.serviceWorker?.getRegistration())?.showNotification("PAM", options);
    }
  }

  /** It was answered here: the system need not tell of it any more. */
  async #untell(id) {
    const registration = await navigator.serviceWorker?.getRegistration();
    for (const told of await registration?.getNotifications({tag: id}) ?? []) told.close();
  }
}
