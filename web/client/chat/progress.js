// SPDX-License-Identifier: BSD-2-Clause
// The line that says what is going on while nothing of an answer moves, from the moment of sending on.
import {element} from "./elements.js";
import {duration} from "./parts.js";
import {n, t} from "./words.js";

const ELAPSED_FROM = 3000;
const STEPS = {
  "model-queued": () => t("Waiting for the model"),
  resumed: () => t("Going on after an interruption"),
  summarizing: () => t("Reading the earlier messages again"),
};

/** What a conversation waits for: {text, since} or null. `state`: of the connection. */
export function waitsFor({messages, run}, state) {
  const open = run && messages.findLast(m => m.open);
  const moving = open?.parts.some(p => p.open || p.state === "running");
  if (run && !moving) return {text: STEPS[run.step]?.() ?? t("Working"), since: run.startedAt, key: run.id};
  if (run) return null;
  const waiting = messages.find(m => m.role === "user" && (m.state === "sending" || m.state === "queued"));
  if (!waiting) return null;
  if (state === "offline" || state === "resuming") return {text: t("Waiting for the connection"), key: waiting.id};
  if (waiting.state !== "queued") return {text: t("Sending"), key: waiting.id};
  return {text: waiting.position > 1 ? n(waiting.position - 1, "Waiting: {n} message is before it", "Waiting: {n} messages are before it") : t("Waiting for its turn"), key: waiting.id};
}

export class Progress {
  #timer = 0; #since = 0; #key = null; #text = "";

  constructor() {
    this.element = element("p", "working");
    this.element.hidden = true;
  }

  show(what) {
    this.element.hidden = what === null;
    if (!what) {
      this.stop();
      return;
    }
    if (what.key !== this.#key) this.#since = what.since ?? Date.now();
    this.#key = what.key;
    this.#text = what.text;
    this.#timer ||= setInterval(() => this.#draw(), 1000);
    this.#draw();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#key = null;
  }

  #draw() {
    const elapsed = Date.now() - this.#since;
    this.element.textContent = elapsed < ELAPSED_FROM ? t("{what} …", {what: this.#text})
      : t("{what} … {time}", {what: this.#text, time: duration(Math.floor(elapsed / 1000) * 1000)});
  }
}
