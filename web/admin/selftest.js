// SPDX-License-Identifier: BSD-2-Clause
// The self-test: begun by a button, then looked at until it is over.
import {n, t} from "../client/chat/words.js";
import {moment, seconds, table, verdict} from "./figures.js";

const LOOK_MS = 500, PATIENCE_MS = 90000;

export class Selftest {
  #timer = 0; #asked = 0;

  /** request: of the client. */
  constructor($, request) {
    Object.assign(this, {$, request});
    $("selftest-run").addEventListener("click", () => this.run());
  }

  async run() {
    const {$} = this;
    $("selftest-run").disabled = true;
    $("selftest-progress").hidden = false;
    $("selftest-progress").removeAttribute("value");
    $("selftest-state").textContent = t("The self-test runs");
    try {
      this.#asked = Date.parse((await this.request("/admin/selftest", {method: "POST"})).asked_at);
      this.#look(Date.now() + PATIENCE_MS);
    } catch (error) {
      this.#over(error.message);
    }
  }

  #over(text) {
    clearTimeout(this.#timer);
    this.$("selftest-run").disabled = false;
    this.$("selftest-progress").hidden = true;
    this.$("selftest-state").textContent = text;
  }

  async #look(until) {
    const asked = this.#asked, found = await this.request("/admin/selftest").catch(() => null);
    if (asked !== this.#asked) return;
    const ours = found && (found.running || Date.parse(found.at) >= this.#asked - 2000);
    if (ours) this.show(found);
    if (ours && !found.running) {
      const failed = found.checks.filter(c => c.state === "failed").length;
      this.#over(failed ? n(failed, "{n} check failed", "{n} checks failed") : t("Nothing failed"));
    } else if (Date.now() > until) {
      this.#over(t("No housekeeper has run the self-test."));
    } else {
      this.#timer = setTimeout(() => this.#look(until), LOOK_MS);
    }
  }

  /** Nothing stays of it. */
  clear() {
    this.#asked = null; // see #look
    this.#over("");
    this.$("selftest").replaceChildren();
  }

  /** found: as GET /admin/selftest gives it, or null. */
  show(found) {
    const {$} = this, checks = found?.checks ?? [], progress = $("selftest-progress");
    progress.max = checks.length || 1;
    if (checks.length) progress.value = checks.filter(c => !["waiting", "running"].includes(c.state)).length;
    const order = ["failed", "running", "waiting", "ok", "not_configured"];
    const sorted = [...checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
    $("selftest").replaceChildren(table(found ? t("At {time} on {machine}", {time: moment(found.at), machine: found.machine}) : "", [
      [t("Service"), c => c.name], [t("State"), c => verdict(c.state)], [t("Time"), c => c.ms === undefined ? "" : seconds(c.ms / 1000), true], [t("Why"), c => c.why ?? ""],
    ], sorted, t("There was no self-test yet.")));
  }
}
