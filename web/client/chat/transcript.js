// The conversation on the screen: messages, tool calls, endings. Text from outside is only ever put into
// text nodes.
import {fileLine} from "./attached.js";
import {element, sentence, visible} from "./elements.js";
import {Answer} from "./markdown.js";

// What a failed tool call says to the user. Its own text is the model's, which tells the user what matters.
const FAULTS = {
  not_found: "Not found.",
  ambiguous: "More than one fits.",
  conflict: "It has changed meanwhile.",
  forbidden: "That is not allowed.",
  denied: "You said no.",
  approval_denied: "You said no.",
  approval_expired: "The question was not answered in time.",
  rate_limited: "Too many at once.",
  limit_reached: "There is no room for more.",
  no_route: "There is no road between these places.",
  provider_not_configured: "This service is not set up here.",
  provider_failed: "The service behind it failed.",
  provider_unavailable: "The service behind it cannot be reached.",
  timeout: "It took too long.",
  unknown_outcome: "It is not known whether it was done.",
};
const FAULT = "That did not work.";

const parse = json => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};
function pretty(json) {
  const value = parse(json);
  return value === undefined ? json : JSON.stringify(value, null, 2);
}
const plain = content => typeof content === "string" ? content
  : (content ?? []).map(part => part.type === "text" ? part.text : fileLine(part)).join("\n");

/** A start after a snapshot goes on with the snapshot's partial text; any other begins anew. */
function begin(item, set) {
  if (!item.snapshot) set("");
  item.snapshot = false;
}

export class Transcript {
  /** Message or tool call id -> its element and what it shows. */
  items = new Map();

  /** log: the ol; scroller: scrolls it; changed(): the log has other children than before. */
  constructor(log, scroller, changed) {
    this.log = log;
    this.scroller = scroller;
    this.changed = changed;
  }

  get empty() { return this.log.children.length === 0; }

  clear() {
    this.items.clear();
    this.log.replaceChildren();
  }

  /** Runs a change of the log and keeps its end in view if it was. */
  change = fn => {
    const box = this.scroller, atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
    fn();
    this.changed();
    if (atEnd) this.toEnd();
  };
  toEnd() { this.scroller.scrollTop = this.scroller.scrollHeight; }

  #place(item, before) {
    if (before) this.log.insertBefore(item.element, before);
    else this.log.append(item.element);
  }

  // ---- messages ----------------------------------------------------------------------------------

  message(id, role, content, before = null) {
    let item = this.items.get(id);
    if (!item) {
      const li = element("li", `message ${role}`), body = element("div", "text");
      body.dir = "auto";
      li.append(element("span", "hidden", role === "user" ? "You: " : "PAM: "), body);
      item = {element: li, role, set: text => { body.textContent = visible(text); }};
      if (role !== "user") this.#answers(item, new Answer(body, this.change));
      this.items.set(id, item);
      this.#place(item, before);
    }
    if (content !== undefined) item.set(content);
    return item;
  }

  #answers(item, answer) {
    const shown = () => { item.element.hidden = answer.text === "" && !item.element.classList.contains("streaming"); };
    item.set = text => {
      answer.set(text);
      shown();
    };
    item.refresh = () => answer.refresh();
    item.add = delta => {
      answer.add(delta);
      item.element.hidden = false;
    };
    item.streaming = on => {
      item.element.classList.toggle("streaming", on);
      if (on) item.element.setAttribute("aria-busy", "true"); // it is read out when it is whole
      else item.element.removeAttribute("aria-busy");
      if (!on) answer.end();
      shown();
    };
  }

  /** What the user has just written: `ids` of client.send. */
  sent(ids, content) {
    const item = this.message(ids.messageId, "user", content);
    item.run = ids.runId;
    item.element.classList.add("waiting");
    item.note = element("span", "note", "sending");
    item.element.append(item.note);
  }
  /** Says of messages that wait, or of that of one run, how it is with them. */
  note(text, runId = null) {
    for (const item of this.items.values()) {
      if (item.note?.isConnected && !item.lost && (!runId || item.run === runId)) item.note.textContent = text;
    }
  }
  /** The message of that run will not be sent. */
  lost(runId) {
    this.note("not sent", runId);
    for (const item of this.items.values()) if (item.run === runId) item.lost = true;
  }
  confirm(runId) {
    const item = [...this.items.values()].find(i => i.run && i.run === runId);
    if (item) this.#confirmed(item);
    return item !== undefined;
  }
  #confirmed(item) {
    item.element.classList.remove("waiting");
    item.note?.remove();
  }

  ending(content, error = false) {
    this.log.append(element("li", error ? "ending error" : "ending", visible(content)));
  }

  /** The library that reads Markdown has come behind what is shown already. */
  refresh() {
    this.change(() => {
      for (const item of this.items.values()) item.refresh?.();
    });
  }

  // ---- tool calls ----------------------------------------------------------------------------------

  toolCall(id, name, before = null) {
    let item = this.items.get(id);
    if (item) return item;
    const li = element("li", "tool running"), details = element("details"), summary = element("summary");
    const mark = element("span", "mark", "◌"), label = element("span", "name", visible(sentence(name))), status = element("span", "status", "running");
    mark.setAttribute("aria-hidden", "true");
    summary.append(mark, label, status);
    const args = element("pre"), result = element("pre");
    args.setAttribute("aria-label", "Arguments");
    result.setAttribute("aria-label", "Result");
    args.hidden = result.hidden = true;
    details.append(summary, args, result);
    li.append(details);
    item = {element: li, mark, status, args, result, text: "", open: true};
    item.set = json => {
      item.text = json;
      args.textContent = visible(pretty(json));
      args.hidden = json === "" || json === "{}";
    };
    this.items.set(id, item);
    this.#place(item, before);
    return item;
  }

  #toolState(item, state, mark, status) {
    item.element.className = `tool ${state}`;
    item.mark.textContent = mark;
    item.status.textContent = visible(status);
  }

  toolResult(item, content) {
    const value = parse(content);
    const failed = value?.success === false || value?.error !== undefined;
    item.open = false;
    if (failed) this.#toolState(item, "failed", "✕", FAULTS[value.error?.code ?? value.code] ?? FAULT);
    else this.#toolState(item, "done", "✓", typeof value?.message === "string" ? value.message : "done");
    item.result.textContent = visible(pretty(content));
    item.result.hidden = failed;
  }

  /** The call waits for the user's answer. */
  asked(id) {
    const item = this.items.get(id);
    if (item?.open) this.#toolState(item, "asked", "?", "waits for you");
  }

  // ---- stored messages and snapshots ---------------------------------------------------------------

  show(messages, before = null) {
    for (const m of messages) {
      if (m.role === "user") {
        this.#confirmed(this.message(m.id, "user", plain(m.content), before));
      } else if (m.role === "assistant") {
        if (plain(m.content)) this.message(m.id, "assistant", plain(m.content), before);
        for (const call of m.toolCalls ?? []) this.toolCall(call.id, call.function.name, before).set(call.function.arguments);
      } else if (m.role === "tool") {
        const item = this.items.get(m.toolCallId);
        if (item) this.toolResult(item, plain(m.content));
      }
    }
  }

  /** Shows these in place of all, and behind them what has not been sent. */
  replace(messages) {
    const waiting = [...this.items].filter(([, item]) => item.element.classList.contains("waiting"));
    this.clear();
    this.show(messages);
    for (const item of this.items.values()) item.snapshot = true;
    for (const [id, item] of waiting) {
      if (this.items.has(id)) continue;
      this.items.set(id, item);
      this.log.append(item.element);
    }
  }

  // ---- events --------------------------------------------------------------------------------------

  /** Nothing runs any more. */
  close() {
    for (const item of this.items.values()) {
      if (item.element.classList.contains("streaming")) item.streaming(false);
      if (item.element.classList.contains("running")) this.#toolState(item, "failed", "✕", "not finished");
    }
  }

  /** The AG-UI events of which a message or a tool call is made. */
  handlers = {
    TEXT_MESSAGE_START: e => {
      const item = this.message(e.messageId, e.role ?? "assistant");
      begin(item, item.set);
      item.streaming?.(true);
    },
    TEXT_MESSAGE_CONTENT: e => this.items.get(e.messageId)?.add?.(e.delta),
    TEXT_MESSAGE_END: e => this.items.get(e.messageId)?.streaming?.(false),
    TOOL_CALL_START: e => {
      const item = this.toolCall(e.toolCallId, e.toolCallName);
      begin(item, item.set);
    },
    TOOL_CALL_ARGS: e => {
      const item = this.items.get(e.toolCallId);
      item?.set(item.text + e.delta);
    },
    TOOL_CALL_RESULT: e => {
      const item = this.items.get(e.toolCallId);
      if (item) this.toolResult(item, plain(e.content));
    },
  };
}
