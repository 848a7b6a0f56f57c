// SPDX-License-Identifier: BSD-2-Clause
// The parts of an answer: text, thoughts, tool calls, notices. Each view has an element and update(part).
import {card} from "./cards.js";
import {element, legible, visible} from "./elements.js";
import {Answer} from "./markdown.js";
import {faultOf, toolSentence} from "./tools.js";
import {n, region, t} from "./words.js";

/** A time that something took: "120 ms", "3 s". */
export function duration(ms) {
  const format = (value, unit, digits = 0) => new Intl.NumberFormat(region(), {style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits}).format(value);
  if (ms < 1000) return format(Math.round(ms), "millisecond");
  if (ms < 90000) return format(ms / 1000, "second", ms < 10000 ? 1 : 0);
  return format(ms / 60000, "minute", 1);
}

const now = fn => fn();

class TextView {
  #part = null;

  constructor() {
    this.element = element("div", "text");
    this.element.dir = "auto";
    this.answer = new Answer(this.element, now);
  }
  update(part) {
    const was = this.#part;
    this.#part = part;
    this.element.classList.toggle("open", part.open);
    if (was?.text !== part.text) {
      if (was?.open && part.text.length > was.text.length && part.text.startsWith(was.text)) this.answer.add(part.text.slice(was.text.length));
      else this.answer.set(part.text);
    }
    if (was?.open && !part.open) this.answer.end();
  }
  refresh() { this.answer.refresh(); }
}

class ReasoningView {
  #part = null;

  constructor() {
    this.element = element("details", "reasoning");
    this.title = element("summary");
    this.body = element("div", "thought");
    this.body.dir = "auto";
    this.element.append(this.title, this.body);
    this.element.addEventListener("toggle", () => this.#fill());
  }
  update(part) {
    this.#part = part;
    this.element.classList.toggle("open", part.open);
    this.element.classList.toggle("silent", part.text === "");
    this.title.textContent = part.open ? t("Thinking …") : part.ms >= 500 ? t("Thought for {time}", {time: duration(part.ms)}) : t("Thought");
    this.#fill();
  }
  #fill() {
    if (this.element.open) this.body.textContent = visible(this.#part.text);
  }
}

const MARKS = {running: "◌", asked: "?", done: "✓", failed: "✕", stopped: "–"};

class ToolView {
  #part = null; #ctx; #card = null;

  constructor(ctx) {
    this.#ctx = ctx;
    this.element = element("div", "tool");
    this.mark = element("span", "mark");
    this.mark.setAttribute("aria-hidden", "true");
    this.name = element("span", "name");
    this.status = element("span", "status");
    this.details = element("details");
    const summary = element("summary");
    summary.append(this.mark, this.name, this.status);
    this.args = element("pre");
    this.result = element("pre");
    this.args.setAttribute("aria-label", t("Arguments"));
    this.result.setAttribute("aria-label", t("Result"));
    this.details.append(summary, this.args, this.result);
    this.details.addEventListener("toggle", () => this.#fill());
    this.element.append(this.details);
  }

  update(part) {
    const was = this.#part;
    this.#part = part;
    this.element.className = `tool ${part.state}`;
    this.mark.textContent = MARKS[part.state];
    this.name.textContent = visible(toolSentence(part));
    this.status.textContent = this.#status(part);
    this.#fill();
    if (was?.result !== part.result || was?.state !== part.state) this.#showCard(part);
  }

  #status({state, code, ms}) {
    if (state === "running") return "";
    if (state === "asked") return t("waits for you");
    if (state === "stopped") return t("not finished");
    if (state === "failed") return faultOf(code);
    return ms === undefined ? "" : duration(ms);
  }

  /** Drawn when somebody looks. */
  #fill() {
    if (!this.details.open) return;
    const {args, json, result, resultText, state} = this.#part;
    this.args.textContent = args === undefined ? visible(json) : legible(args);
    this.args.hidden = json === "" || json === "{}";
    this.result.textContent = result === undefined ? visible(resultText) : legible(result);
    this.result.hidden = resultText === "" || state === "failed" || state === "stopped"; // the model's, not the user's
  }

  #showCard(part) {
    this.#card?.remove();
    this.#card = part.state === "done" && this.#ctx.cards ? card(part.name, part.result, part.args, this.#ctx, this.#ctx.cards) : null;
    if (!this.#card) return;
    this.#card.classList.add("card");
    this.element.append(this.#card);
  }
}

class NoticeView {
  constructor() { this.element = element("p", "notice-part"); }
  update(part) {
    const count = Number(part.text) || 0;
    this.element.textContent = part.name === "summary-failed"
      ? n(count, "The summary of {n} earlier message failed: the answer may not know it.", "The summary of {n} earlier messages failed: the answer may not know them.") : visible(part.text);
  }
}

const VIEWS = {text: TextView, reasoning: ReasoningView, tool: ToolView, notice: NoticeView};

/** The view of a part. ctx: that of cards, and `cards`, the table. */
export function partView(part, ctx) {
  const view = new VIEWS[part.type](ctx);
  view.update(part);
  return view;
}
