// SPDX-License-Identifier: BSD-2-Clause
// The client library with everything that it tells kept, for tests.
import {TurnpikeClient} from "../../web/client/index.js";
import {SLOW} from "./harness.mjs";

/** A client whose events, states and problems are kept. */
export class Watched extends TurnpikeClient {
  seen = []; frames = []; states = []; problems = [];
  constructor(options) {
    super(options);
    this.addEventListener("event", e => this.seen.push(e.detail));
    this.addEventListener("frame", e => this.frames.push(e.detail));
    this.addEventListener("state", e => this.states.push(e.detail));
    this.addEventListener("problem", e => this.problems.push(e.detail));
  }
  /** Waits for an event of the library that `test` takes: of those that come from now on, unless it holds already. */
  async until(name, test, already = () => false) {
    if (already()) return undefined;
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`no such ${name}: ${test}; states ${this.states}; problems ${JSON.stringify(this.problems)}`)), 20000 * SLOW);
      const listener = e => {
        if (!test(e.detail)) return;
        clearTimeout(timer);
        this.removeEventListener(name, listener);
        done(e.detail);
      };
      this.addEventListener(name, listener);
    });
  }
  reaches(state) { return this.until("state", s => s === state, () => this.state === state); }
  finished(runId) { return this.until("event", e => e.type === "RUN_FINISHED" && e.runId === runId, () => this.seen.some(e => e.type === "RUN_FINISHED" && e.runId === runId)); }
  async ask(text) {
    const {runId} = this.send(text);
    await this.finished(runId);
    return this.said(runId);
  }
  said(runId) {
    const from = this.seen.findIndex(e => e.type === "RUN_STARTED" && e.runId === runId);
    const next = this.seen.findIndex((e, i) => i > from && e.type === "RUN_STARTED");
    return this.seen.slice(from, next < 0 ? undefined : next).filter(e => e.type === "TEXT_MESSAGE_CONTENT").map(e => e.delta).join("");
  }
}

/** What a browser tells the library of its page and its network, for one test. */
export class Page {
  #document = Object.assign(new EventTarget(), {hidden: false});
  #window = new EventTarget();

  constructor(t) {
    globalThis.document = this.#document;
    for (const name of ["addEventListener", "removeEventListener"]) globalThis[name] = this.#window[name].bind(this.#window);
    t.after(() => {
      for (const name of ["document", "addEventListener", "removeEventListener"]) delete globalThis[name];
    });
  }
  hide() { this.#change(true); }
  show() { this.#change(false); }
  #change(hidden) {
    this.#document.hidden = hidden;
    this.#document.dispatchEvent(new Event("visibilitychange"));
  }
  online() { this.#window.dispatchEvent(new Event("online")); }
}
