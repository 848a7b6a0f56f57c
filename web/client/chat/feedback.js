// SPDX-License-Identifier: BSD-2-Clause
// What the user thinks of an answer: up, or down with a reason.
import {button, element} from "./elements.js";
import {icon} from "./icons.js";
import {t} from "./words.js";

const UP = 5, DOWN = 1;
const REASONS = {unhelpful: () => t("Not helpful"), incorrect: () => t("Not correct"), inappropriate: () => t("Not appropriate")};
const LONGEST = 1000;
let serial = 0;

export class Feedback {
  #form = null; #message = null;

  /** place: where the form for the reason goes. send(message, {rating, feedback_type, feedback_text}): rejects when refused. */
  constructor(place, send) {
    this.place = place;
    this.send = send;
    this.up = this.#thumb("up", t("A good answer"), () => this.#say({rating: UP, feedback_type: "helpful"}));
    this.down = this.#thumb("down", t("A bad answer"), () => this.#ask());
  }

  #thumb(sign, label, act) {
    const e = button("", "thumb", act);
    e.append(icon(sign));
    e.title = label;
    e.setAttribute("aria-label", label);
    return e;
  }

  update(message) {
    this.#message = message;
    this.up.setAttribute("aria-pressed", String(message.feedback >= 4));
    this.down.setAttribute("aria-pressed", String(message.feedback <= 2));
  }

  async #say(what) {
    this.#close();
    try {
      await this.send(this.#message, what);
    } catch (error) {
      this.place.append(this.#form = element("p", "ending error", error.message));
      this.#form.setAttribute("role", "alert");
    }
  }

  #close() {
    this.#form?.remove();
    this.#form = null;
  }

  #ask() {
    if (this.#form) return this.#close();
    const form = this.#form = element("form", "reason"), set = element("fieldset"), text = element("textarea"), row = element("div", "row"), name = `reason-${++serial}`;
    set.append(element("legend", "", t("What was wrong with it?")));
    for (const [type, label] of Object.entries(REASONS)) {
      const choice = element("label"), radio = Object.assign(element("input"), {type: "radio", name, value: type, checked: type === "unhelpful"});
      choice.append(radio, element("span", "", label()));
      set.append(choice);
    }
    Object.assign(text, {rows: 2, maxLength: LONGEST, placeholder: t("More, if you like"), dir: "auto"});
    text.setAttribute("aria-label", t("More, if you like"));
    const send = Object.assign(element("button", "", t("Send")), {type: "submit"});
    row.append(send, button(t("Cancel"), "quiet", () => this.#done()));
    form.append(set, text, row);
    form.addEventListener("keydown", event => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#done();
    });
    form.addEventListener("submit", event => {
      event.preventDefault();
      const feedback_type = form.querySelector("input:checked")?.value ?? "unhelpful", feedback_text = text.value.trim();
      this.down.focus();
      this.#say({rating: DOWN, feedback_type, ...feedback_text && {feedback_text}});
    });
    this.place.append(form);
    form.querySelector("input:checked").focus();
  }

  #done() {
    this.#close();
    this.down.focus();
  }
}
