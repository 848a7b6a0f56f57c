// SPDX-License-Identifier: BSD-2-Clause
// Web Push on this device: asks the browser for a subscription and tells the server of it. docs/push.md.
import {locale, t} from "./client/chat/words.js";

const EVENTS = ["reminders", "approvals"];

const bytesOf = key => Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));

export class Push extends EventTarget {
  #request; #siteInfo; #kept; #state = "off"; #events = EVENTS;
  onchange = null;

  /** request: client.fetch. siteInfo(): of GET /page. kept(): a promise of Kept (kept.js). */
  constructor({request, siteInfo, kept}) {
    super();
    this.#request = request;
    this.#siteInfo = siteInfo;
    this.#kept = kept;
  }

  /** unsupported: by the browser or the site. blocked: the browser was told to ask no more. on, off. */
  get state() {
    if (!this.#siteInfo().push?.public_key || !("PushManager" in globalThis) || !("serviceWorker" in navigator) || !("Notification" in globalThis)) return "unsupported";
    return Notification.permission === "denied" ? "blocked" : this.#state;
  }

  /** What this device is told of: reminders, approvals, answers. */
  get events() { return [...this.#events]; }

  /** Says again that this device is there: browsers change their addresses. With each start. */
  async confirm() {
    const kept = await this.#kept(), push = await kept.get("push");
    if (!push || this.state === "unsupported") return;
    const subscription = await this.#subscription();
    if (!subscription || Notification.permission !== "granted") {
      await kept.delete("push");
      return this.#enter("off");
    }
    this.#events = push.events ?? EVENTS;
    await this.#tell(subscription);
  }

  /** Asks the person, the browser and the server. Throws an Error that can be shown. */
  async enable(events = this.#events) {
    if (await Notification.requestPermission() !== "granted") {
      this.#changed();
      throw new Error(t("The browser does not allow notifications of this page. Its settings can change that."));
    }
    const registration = await navigator.serviceWorker.ready;
    let subscription = await registration.pushManager.getSubscription();
    if (subscription && !(await (await this.#kept()).get("push"))) { // of somebody who was here before: theirs ends
      await subscription.unsubscribe();
      subscription = null;
    }
    try {
      subscription ??= await registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: bytesOf(this.#siteInfo().push.public_key)});
    } catch {
      throw new Error(t("The browser's push service cannot be reached."));
    }
    this.#events = events;
    await this.#tell(subscription);
  }

  async disable() {
    const kept = await this.#kept(), push = await kept.get("push"), subscription = await this.#subscription();
    await kept.delete("push");
    this.#enter("off");
    await subscription?.unsubscribe();
    if (push) await this.#request(`/push/subscriptions/${push.id}`, {method: "DELETE"}).catch(error => { if (error.status !== 404) throw error; });
  }

  async #subscription() { return (await navigator.serviceWorker?.getRegistration())?.pushManager.getSubscription() ?? null; }

  async #tell(subscription) {
    const {endpoint, keys, expirationTime = null} = subscription.toJSON();
    const {id} = await this.#request("/push/subscriptions", {method: "POST", body: {endpoint, keys: {p256dh: keys.p256dh, auth: keys.auth}, events: this.#events, expirationTime}});
    await (await this.#kept()).set("push", {id, events: this.#events, language: locale(), words: this.#words()});
    this.#enter("on");
  }

  /** What sw.js says: it has no words of its own. */
  #words() {
    return {
      ack: t("Got it"), snooze: t("In 10 minutes"), reminder: t("Reminder"), timer: t("Timer"), alert: t("A message from your assistant"),
      message: t("{from} wrote", {from: "{from}"}),
    };
  }

  #enter(state) {
    this.#state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
    this.onchange?.(this.state);
  }
}
