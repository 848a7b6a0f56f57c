// The chat page: shows what the client library delivers. Text from outside is only ever put into
// text nodes.
import {Approvals} from "./approvals.js";
import {TurnpikeClient, newId} from "./client.js";
import {element, sentence} from "./elements.js";
import {Inbox, isEntry} from "./inbox.js";

const $ = id => document.getElementById(id);
const log = $("log"), main = document.querySelector("main"), text = $("text");
const STATES = {connecting: "Connecting", open: "Connected", waiting: "Connection lost, trying again",
  refused: "Not connected", closed: "Closed"};

let session = location.hash.slice(1) || localStorage.getItem("session") || newId();
let client, running = null, older = null;
const items = new Map(); // message or tool call id -> its element and text
const approvals = new Approvals({place: e => log.append(e), answer: (id, body) => client.approve(id, body)});
const inbox = new Inbox({list: $("inbox-list"), count: $("inbox-count"), request: (...args) => client.fetch(...args)});

function remember() {
  localStorage.setItem("session", session);
  history.replaceState(null, "", `#${session}`);
}

// ---- elements --------------------------------------------------------------------------------

/** Runs a change of the log and keeps its end in view if it was. */
function change(fn) {
  const atEnd = main.scrollHeight - main.scrollTop - main.clientHeight < 80;
  fn();
  $("welcome").hidden = log.children.length > 0;
  if (atEnd) main.scrollTop = main.scrollHeight;
}

function place(item, before) {
  if (before) log.insertBefore(item.element, before);
  else log.append(item.element);
}

function message(id, role, content, before = null) {
  let item = items.get(id);
  if (!item) {
    const li = element("li", `message ${role}`);
    li.append(element("span", "hidden", role === "user" ? "You: " : "PAM: "));
    const body = element("p", "text");
    li.append(body);
    item = {element: li, body, text: "", role};
    items.set(id, item);
    place(item, before);
  }
  if (content !== undefined) setText(item, content);
  return item;
}

function setText(item, content) {
  item.text = content;
  item.body.textContent = content;
  if (item.role === "assistant") item.element.hidden = content === "" && !item.element.classList.contains("streaming");
}

/** Adds to the text without writing it all again: one text node grows. */
function addText(item, delta) {
  item.text += delta;
  if (item.body.firstChild) item.body.firstChild.appendData(delta);
  else item.body.textContent = delta;
  item.element.hidden = false;
}

function toolCall(id, name, before = null) {
  let item = items.get(id);
  if (item) return item;
  const li = element("li", "tool running");
  const details = element("details"), summary = element("summary");
  const mark = element("span", "mark", "◌"), label = element("span", "name", sentence(name)), status = element("span", "status", "running");
  mark.setAttribute("aria-hidden", "true");
  summary.append(mark, label, status);
  const args = element("pre"), result = element("pre");
  args.setAttribute("aria-label", "Arguments");
  result.setAttribute("aria-label", "Result");
  args.hidden = result.hidden = true;
  details.append(summary, args, result);
  li.append(details);
  item = {element: li, mark, status, args, result, text: ""};
  items.set(id, item);
  place(item, before);
  return item;
}

function toolArgs(item, json) {
  item.text = json;
  item.args.textContent = pretty(json);
  item.args.hidden = json === "" || json === "{}";
}

function toolResult(item, content) {
  const value = parse(content);
  const failed = value?.success === false || value?.error !== undefined;
  item.element.className = `tool ${failed ? "failed" : "done"}`;
  item.mark.textContent = failed ? "✕" : "✓";
  item.status.textContent = value?.message ?? value?.error?.message ?? (failed ? "failed" : "done");
  item.result.textContent = pretty(content);
  item.result.hidden = false;
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
function pretty(json) {
  const value = parse(json);
  return value === undefined ? json : JSON.stringify(value, null, 2);
}
const plain = content => typeof content === "string" ? content
  : (content ?? []).filter(part => part.type === "text").map(part => part.text).join("");

function ending(content, error = false) {
  log.append(element("li", error ? "ending error" : "ending", content));
}

// ---- stored messages --------------------------------------------------------------------------

function show(messages, before = null) {
  for (const m of messages) {
    if (m.role === "user") {
      confirmed(message(m.id, "user", plain(m.content), before));
    } else if (m.role === "assistant") {
      if (plain(m.content)) message(m.id, "assistant", plain(m.content), before);
      for (const call of m.toolCalls ?? []) toolArgs(toolCall(call.id, call.function.name, before), call.function.arguments);
    } else if (m.role === "tool") {
      const item = items.get(m.toolCallId);
      if (item) toolResult(item, plain(m.content));
    }
  }
}

async function loadHistory(before = null) {
  const query = new URLSearchParams({limit: "50"});
  if (before) query.set("cursor", before);
  let page;
  try {
    page = await client.fetch(`/sessions/${encodeURIComponent(session)}/messages?${query}`);
  } catch (error) {
    if (error.status !== 404) notice(`The earlier messages could not be read: ${error.message}`);
    return;
  }
  const height = main.scrollHeight;
  change(() => show(page.messages, log.firstChild));
  if (before) main.scrollTop += main.scrollHeight - height;
  older = page.has_more ? page.next_cursor : null;
  $("older").hidden = !older;
}

/** What the user has been asked and has not answered, also in another tab. */
async function loadApprovals() {
  const asked = session;
  try {
    const {approvals: open} = await client.fetch(`/approvals?session_id=${encodeURIComponent(asked)}`);
    if (asked === session) change(() => question(open));
  } catch { /* the run's end shows them too */ }
}

function question(list) {
  approvals.show(list);
  for (const call of approvals.calls) {
    const item = items.get(call);
    if (item && item.result.hidden) {
      item.element.className = "tool asked";
      item.mark.textContent = "?";
      item.status.textContent = "waits for you";
    }
  }
}

/** Another tab or device asked: its message is in the store, the events only carry the answer. */
async function showQuestion() {
  const anchor = log.appendChild(document.createComment("question"));
  const asked = session;
  try {
    const page = await client.fetch(`/sessions/${encodeURIComponent(asked)}/messages?limit=10`);
    if (asked === session && anchor.isConnected) {
      change(() => show(page.messages.filter(m => m.role === "user" && !items.has(m.id)), anchor));
    }
  } catch { /* it is there after the next load */ }
  anchor.remove();
}

// ---- events -----------------------------------------------------------------------------------

function confirmed(item) {
  item.element.classList.remove("waiting");
  item.note?.remove();
}

function run(id) {
  running = id;
  $("stop").hidden = !id;
}

function closeOpen() {
  for (const item of items.values()) {
    item.element.classList.remove("streaming");
    if (item.element.classList.contains("running")) {
      item.element.className = "tool failed";
      item.mark.textContent = "✕";
      item.status.textContent = "not finished";
    }
  }
}

/** A start after a snapshot goes on with the snapshot's partial text; any other begins anew. */
function begin(item, set) {
  if (!item.snapshot) set(item, "");
  item.snapshot = false;
}

const handlers = {
  RUN_STARTED(e) {
    run(e.runId);
    const mine = [...items.values()].find(item => item.run === e.runId);
    const asked = (e.input?.messages ?? []).filter(m => m.role === "user");
    if (mine) confirmed(mine);
    else if (asked.length > 0) show(asked.filter(m => !items.has(m.id)));
    else showQuestion();
  },
  MESSAGES_SNAPSHOT(e) {
    const waiting = [...items].filter(([, item]) => item.element.classList.contains("waiting"));
    items.clear();
    log.replaceChildren();
    show(e.messages);
    for (const item of items.values()) item.snapshot = true;
    approvals.again();
    for (const [id, item] of waiting) {
      if (items.has(id)) continue;
      items.set(id, item);
      log.append(item.element);
    }
  },
  TEXT_MESSAGE_START(e) {
    const item = message(e.messageId, e.role ?? "assistant");
    item.element.classList.add("streaming");
    begin(item, setText);
    item.element.hidden = false;
  },
  TEXT_MESSAGE_CONTENT(e) {
    const item = items.get(e.messageId);
    if (item) addText(item, e.delta);
  },
  TEXT_MESSAGE_END(e) {
    const item = items.get(e.messageId);
    item?.element.classList.remove("streaming");
    if (item) setText(item, item.text);
  },
  TOOL_CALL_START(e) {
    begin(toolCall(e.toolCallId, e.toolCallName), toolArgs);
  },
  TOOL_CALL_ARGS(e) {
    const item = items.get(e.toolCallId);
    if (item) toolArgs(item, item.text + e.delta);
  },
  TOOL_CALL_RESULT(e) {
    const item = items.get(e.toolCallId);
    if (item) toolResult(item, plain(e.content));
    approvals.settle(e.toolCallId);
  },
  RUN_FINISHED(e) {
    run(null);
    if (e.outcome?.type === "interrupt") question(e.outcome.interrupts);
    closeOpen();
    if (e.outcome?.type === "cancelled") ending("Stopped.");
  },
  RUN_ERROR(e) {
    run(null);
    closeOpen();
    ending(e.message, true);
  },
};

function notice(content) {
  $("notice").textContent = content;
  $("notice").hidden = !content;
}

// ---- the page -----------------------------------------------------------------------------------

async function open() {
  remember();
  items.clear();
  log.replaceChildren();
  approvals.clear();
  notice("");
  run(null);
  client = new TurnpikeClient({session});
  const mine = client;
  client.addEventListener("state", e => {
    $("state").dataset.state = e.detail;
    $("state-text").textContent = STATES[e.detail];
    if (e.detail !== "open") return;
    notice("");
    inbox.load().catch(() => {}); // the next connection asks again
  });
  client.addEventListener("event", e => isEntry(e.detail) ? inbox.add(e.detail) : change(() => handlers[e.detail.type]?.(e.detail)));
  client.addEventListener("frame", e => {
    if (isEntry(e.detail)) inbox.add(e.detail);
    else if (e.detail.type === "inbox_updated") inbox.remove(e.detail.id);
  });
  client.addEventListener("problem", e => {
    notice(e.detail.message || e.detail.code);
    for (const item of items.values()) {
      if (item.run && item.run === e.detail.clientMessageId && item.note?.isConnected) item.note.textContent = "not sent";
    }
  });
  await loadHistory();
  if (client !== mine) return;
  $("welcome").hidden = log.children.length > 0;
  await loadApprovals();
  if (client !== mine) return;
  client.start();
}

function send(content) {
  notice("");
  change(() => {
    const ids = client.send(content);
    const item = message(ids.messageId, "user", content);
    item.run = ids.runId;
    item.element.classList.add("waiting");
    item.note = element("span", "note", "sending");
    item.element.append(item.note);
  });
  main.scrollTop = main.scrollHeight;
}

function grow() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
}

$("form").addEventListener("submit", event => {
  event.preventDefault();
  const content = text.value.trim();
  if (!content) return;
  send(content);
  text.value = "";
  grow();
  text.focus();
});
text.addEventListener("input", grow);
text.addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("form").requestSubmit();
  }
});
$("stop").addEventListener("click", () => client.stop(running));
$("older").addEventListener("click", () => loadHistory(older));
$("ideas").addEventListener("click", event => {
  if (event.target.matches("button")) send(event.target.textContent);
});
$("new").addEventListener("click", () => {
  client.close();
  session = newId();
  open();
  text.focus();
});
addEventListener("hashchange", () => {
  if (location.hash.slice(1) && location.hash.slice(1) !== session) {
    client.close();
    session = location.hash.slice(1);
    open();
  }
});

open();
