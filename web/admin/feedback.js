// SPDX-License-Identifier: BSD-2-Clause
// What users say about answers: filters, pages, export.
import {element, visible} from "../client/chat/elements.js";
import {n, t} from "../client/chat/words.js";
import {moment, seconds, verdict} from "./figures.js";

const LONGEST = 600; // characters of an answer

export class Feedback {
  #cursor = null; #asked = 0; #count = 0;

  /** request: of the client. */
  constructor($, request) {
    Object.assign(this, {$, request});
    this.form = $("filters");
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      this.load();
    });
    $("more").addEventListener("click", () => this.#page());
    $("csv").addEventListener("click", () => this.#export("csv"));
    $("jsonl").addEventListener("click", () => this.#export("jsonl"));
  }

  #query(more) {
    const query = new URLSearchParams(more);
    for (const [name, value] of new FormData(this.form)) if (value) query.set(name, value);
    return query;
  }

  /** From the newest on, by the filters of now. */
  load() {
    this.#cursor = null;
    this.#count = 0;
    this.$("feedback").replaceChildren();
    return this.#page();
  }

  /** Nothing stays of what users have said, nor comes later. */
  clear() {
    this.#asked++;
    this.#cursor = null;
    this.#count = 0;
    this.form.reset();
    this.$("feedback").replaceChildren();
    this.$("feedback-state").textContent = "";
    this.$("more").hidden = true;
  }

  async #page() {
    const {$} = this, asked = ++this.#asked;
    $("more").hidden = true;
    $("feedback-state").textContent = t("Loading");
    try {
      const page = await this.request(`/admin/feedback?${this.#query(this.#cursor ? {cursor: this.#cursor} : {})}`);
      if (asked !== this.#asked) return;
      this.#cursor = page.next_cursor;
      this.#count += page.feedback.length;
      const first = page.feedback.map(entry => $("feedback").appendChild(this.#entry(entry)))[0];
      if (this.#count > page.feedback.length) first?.focus(); // where one has read to
      $("more").hidden = !page.next_cursor;
      $("feedback-state").textContent = this.#count ? n(this.#count, "{n} entry", "{n} entries") : page.next_cursor ? t("Nothing fits so far; there is more to look through.") : t("Nobody has said anything that fits.");
    } catch (error) {
      if (asked === this.#asked) $("feedback-state").textContent = error.message;
    }
  }

  #entry(f) {
    const e = element("li");
    e.tabIndex = -1;
    const part = (title, text, className = "") => {
      if (!text) return;
      const points = Array.from(text), p = element("p", className);
      p.append(element("strong", "", `${title}: `), visible(points.length > LONGEST ? `${points.slice(0, LONGEST).join("")}…` : text));
      e.append(p);
    };
    const took = f.created_at && f.ended_at ? seconds((Date.parse(f.ended_at) - Date.parse(f.created_at)) / 1000) : "";
    e.append(element("p", "about", [moment(f.at), t("{n} of 5", {n: f.rating}), f.user, f.type, f.model, took].filter(Boolean).join(" · ")));
    part(t("Comment"), f.text, "comment");
    part(t("Question"), f.question);
    part(t("Answer"), f.answer);
    if (f.tools.length) {
      const p = element("p", "about", `${t("Tools")}: `);
      for (const tool of f.tools) p.append(`${tool.name} `, tool.outcome === "error" ? verdict("failed") : "", tool.error ? ` ${tool.error}` : "", " ");
      e.append(p);
    }
    if (!f.question && !f.answer) e.append(element("p", "about", t("The turn is not stored any more.")));
    return e;
  }

  async #export(form) {
    try {
      const file = await this.request(`/admin/feedback?${this.#query({format: form})}`, {blob: true, signal: AbortSignal.timeout(300000)});
      const link = element("a");
      link.href = URL.createObjectURL(file);
      link.download = `feedback.${form}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    } catch (error) {
      this.$("feedback-state").textContent = error.message;
    }
  }
}
