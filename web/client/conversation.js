// SPDX-License-Identifier: BSD-2-Clause
// A conversation as a value, and how events change it. No DOM, no network, no clock but the one that is handed in:
// reduce(conversation, event) gives the next value. What has not changed is the same object (===), so a view
// has only to look at what differs. docs/chat-element.md has the whole of it; conversation.d.ts the types.
//
// Events are those of AG-UI (docs/stream-protocol.md) and local actions, whose types are in lower case. Whatever comes, in
// whatever order, gives a conversation: an event about what is not known is left out, one that comes again changes nothing.
import {answerId, authorOf, filesOf, messagesOf, parsed, textOf, toolPart, without, withResult} from "./stored.js";
import {withBranches, withFeedback, withVersion} from "./versions.js";

export const initial = Object.freeze({messages: Object.freeze([]), run: null, approvals: Object.freeze([]), older: null, branch: null});

/** Whether a user's message waits for its run: such messages stand at the end. */
export const isPending = message => message.role === "user" && message.state !== "sent" && !message.again;

// ---- small changes --------------------------------------------------------------------------------------

const replaced = (list, at, item) => list[at] === item ? list : [...list.slice(0, at), item, ...list.slice(at + 1)];
const indexOf = (c, id) => c.messages.findLastIndex(m => m.id === id);

/** What is to be seen: the conversation, or, while an earlier version is looked at, that in place of its end. */
export function shown(conversation) {
  const {messages, branch} = conversation;
  if (!branch) return messages;
  const at = messages.findIndex(m => m.id === branch.messageId);
  return at < 0 ? messages : [...messages.slice(0, at), ...branch.messages];
}

function changeMessage(c, id, change) {
  const at = indexOf(c, id);
  if (at < 0) return c;
  const messages = replaced(c.messages, at, change(c.messages[at]));
  return messages === c.messages ? c : {...c, messages};
}

/** The answer that has the part, and where: the last one first, as events are about that. */
function findPart(c, type, id) {
  for (let i = c.messages.length - 1; i >= 0; i--) {
    const at = c.messages[i].parts?.findLastIndex(p => p.id === id && p.type === type) ?? -1;
    if (at >= 0) return {answer: c.messages[i], at, part: c.messages[i].parts[at]};
  }
  return null;
}

function changePart(c, type, id, change) {
  const found = findPart(c, type, id);
  if (!found) return c;
  const part = change(found.part);
  if (part === found.part) return c;
  const parts = part ? replaced(found.answer.parts, found.at, part) : found.answer.parts.toSpliced(found.at, 1);
  return changeMessage(c, found.answer.id, m => ({...m, parts}));
}

/** The user's message that the run answers: the one that is known of it, else the last that was sent. */
const asked = c => c.run?.answers ?? c.messages.findLast(m => m.role === "user" && !isPending(m))?.id ?? "";

/** The answer to a user's message is there, right behind it. */
function withAnswer(c, userId) {
  const id = answerId(userId), at = indexOf(c, id);
  if (at >= 0) return c;
  const answer = {id, role: "assistant", parts: [], open: false}, user = indexOf(c, userId);
  const firstPending = c.messages.findIndex(isPending);
  return {...c, messages: c.messages.toSpliced(user >= 0 ? user + 1 : firstPending >= 0 ? firstPending : c.messages.length, 0, answer)};
}

function addPart(c, part) {
  const id = answerId(asked(c));
  return changeMessage(withAnswer(c, asked(c)), id, m => ({...m, parts: [...m.parts, part], open: c.run !== null}));
}

/** Does the part go on with what a snapshot of this run has of it, or does it begin anew? */
const goesOn = (c, id) => c.kept?.has(id) ?? false;

function beginPart(c, fresh) {
  const found = findPart(c, fresh.type, fresh.id);
  if (!found) return addPart(c, fresh);
  return changePart(c, fresh.type, fresh.id, part => goesOn(c, fresh.id) && fresh.text !== undefined ? {...part, open: true}
    : {...fresh, ...part.startedAt && {startedAt: part.startedAt}});
}

// ---- many messages at once --------------------------------------------------------------------------------

/** What only this screen knows of a part is kept when the part is read again. */
function sameOr(was, is) {
  if (!was) return is;
  const known = {...was.ms !== undefined && {ms: was.ms}, ...was.startedAt !== undefined && {startedAt: was.startedAt}};
  const next = {...is, ...known};
  if (next.type === "tool" && !next.resultText && was.resultText) Object.assign(next, {state: was.state, result: was.result, resultText: was.resultText, ...was.code && {code: was.code}});
  if (next.type === "tool" && !next.resultText && was.state === "asked") next.state = "asked";
  return equal(was, next) ? was : next;
}
function equal(a, b) {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(k => Object.is(a[k], b[k]) || (typeof a[k] === "object" && a[k] !== null && JSON.stringify(a[k]) === JSON.stringify(b[k])));
}

function mergedMessage(was, is) {
  if (!was) return is;
  if (is.role === "user") {
    const next = {...is, ...was.runId && {runId: was.runId}, ...was.branch && {branch: was.branch}, ...was.again && {again: was.again, state: was.state}};
    return equal(was, next) ? was : next;
  }
  const parts = is.parts.map(part => sameOr(was.parts?.find(p => p.id === part.id && p.type === part.type), part));
  const same = parts.length === was.parts.length && parts.every((p, i) => p === was.parts[i]);
  const next = {...was, parts: same ? was.parts : parts};
  return same ? was : next;
}

/**
 * These messages take the place of those that are there. What stands before them stays, and what waits to be sent; an
 * answer that came to nothing (a turn that failed or was stopped) is not stored, and stays with its question.
 */
function replaceMessages(c, stored) {
  const {messages: fresh, results} = messagesOf(stored);
  const known = new Map(c.messages.map(m => [m.id, m])), here = new Set(fresh.map(m => m.id));
  const from = fresh.length ? indexOf(c, fresh[0].id) : -1;
  const messages = from > 0 ? c.messages.slice(0, from) : [];
  for (const [i, message] of fresh.entries()) {
    messages.push(mergedMessage(known.get(message.id), message));
    const answer = message.role === "user" && fresh[i + 1]?.role !== "assistant" && known.get(answerId(message.id));
    if (answer?.end || (answer && answer.open && c.run)) messages.push({...answer, parts: answer.end ? answer.parts : []});
  }
  messages.push(...c.messages.filter(m => isPending(m) && !here.has(m.id)));
  return applyResults({...c, messages, ...from < 0 && {older: null}}, results);
}

function applyResults(c, results) {
  for (const [call, content] of results) c = changePart(c, "tool", call, part => withResult(part, content));
  const orphans = [...results].filter(([call]) => !findPart(c, "tool", call));
  return orphans.length ? {...c, orphans: new Map([...c.orphans ?? [], ...orphans])} : c;
}

/** Earlier messages come before those that are there; an answer may have been cut in two. */
function prependMessages(c, stored) {
  const {messages: earlier} = messagesOf(stored), known = new Set(c.messages.map(m => m.id));
  let rest = c.messages;
  const fresh = earlier.filter(m => !known.has(m.id)), last = fresh.at(-1), head = rest[0];
  if (head?.id === answerId("") && last) {
    const user = last.role === "user" ? last.id : last.id.slice(answerId("").length);
    const parts = last.role === "user" ? head.parts : [...last.parts, ...head.parts];
    if (last.role !== "user") fresh.pop();
    rest = [{...head, id: answerId(user), parts}, ...rest.slice(1)];
  }
  return applyResults({...c, messages: [...fresh, ...rest], orphans: undefined}, c.orphans ?? new Map());
}

// ---- runs -------------------------------------------------------------------------------------------------

const isSnapshotRun = id => String(id ?? "").startsWith("snapshot-");

/** The user's message of a run that has begun: confirmed, and before all that still wait. */
function confirm(c, message, runId) {
  const {id, again, reason: _, position: __, ...rest} = message; // again: gone back to, what came behind it leaves
  const sent = {id, ...rest, state: "sent", runId}, at = indexOf(c, id);
  if (at >= 0 && !isPending(c.messages[at])) {
    const cut = again ? c.messages.toSpliced(at + 1, c.messages.length, ...c.messages.slice(at + 1).filter(isPending)) : c.messages;
    return {...c, messages: replaced(cut, at, equal(cut[at], sent) ? cut[at] : sent)};
  }
  const others = at >= 0 ? c.messages.toSpliced(at, 1) : c.messages, first = others.findIndex(isPending);
  return {...c, messages: others.toSpliced(first >= 0 ? first : others.length, 0, sent)};
}

function runStarted(c, e, now) {
  if (isSnapshotRun(e.runId)) return c;
  const asked = (Array.isArray(e.input?.messages) ? e.input.messages : []).filter(m => m?.role === "user" && m.id);
  const mine = c.messages.find(m => m.role === "user" && m.runId === e.runId && m.state !== "sent");
  let answers = mine?.id ?? null;
  if (mine && asked.some(m => m.author)) c = {...c, messages: c.messages.filter(m => m !== mine)}; // in the chat of a trip the server names messages
  else if (mine) c = confirm(c, mine, e.runId);
  for (const message of asked) {
    const known = c.messages.find(m => m.id === message.id), files = filesOf(message.content);
    c = confirm(c, {...known, id: message.id, role: "user", text: textOf(message.content), files: files.length ? files : known?.files ?? [], ...authorOf(message)}, e.runId);
    answers = message.id;
  }
  answers ??= c.messages.findLast(m => m.role === "user" && !isPending(m))?.id ?? "";
  const goesOnAfterAnswer = asked.length === 0 && !mine;
  c = {...c, run: c.run?.id === e.runId ? {...c.run, answers} : {id: e.runId, startedAt: now, answers}, kept: null, branch: null,
    approvals: goesOnAfterAnswer || c.approvals.length === 0 ? c.approvals : []};
  return changeMessage(withAnswer(c, answers), answerId(answers), ({end: _, ...m}) => ({...m, open: true, runId: e.runId}));
}

const ENDED = {text: part => part.text ? part.open ? {...part, open: false} : part : null, reasoning: part => part.open ? {...part, open: false} : part,
  tool: part => part.state === "running" ? {...part, state: "stopped"} : part, notice: () => null};

/** Nothing of the answer is being written any more. */
function closed(answer) {
  const parts = answer.parts.map(part => ENDED[part.type](part)).filter(Boolean);
  const same = parts.length === answer.parts.length && parts.every((p, i) => p === answer.parts[i]);
  return answer.open || !same ? {...answer, open: false, parts: same ? answer.parts : parts} : answer;
}

function runEnded(c, end) {
  const id = answerId(asked(c));
  c = {...withoutLive(c), run: null, kept: null};
  return changeMessage(end ? withAnswer(c, id.slice(answerId("").length)) : c, id, m => end ? {...closed(m), end} : closed(m));
}

/** Of a run's end (AG-UI interrupts), of GET /approvals, or one that is here already. `schema` is that of the arguments. */
function approvalOf(a) {
  const said = a.metadata ?? a, schema = a.schema ?? a.responseSchema?.properties?.editedArgs;
  return {
    id: a.id, toolCallId: a.toolCallId ?? a.tool_call_id, tool: said.tool ?? "", args: a.args ?? said.arguments ?? {},
    message: a.message ?? "", expiresAt: a.expiresAt ?? a.expires_at ?? null, reason: said.reason ?? "",
    ...schema && {schema}, ...said.preview && {preview: said.preview}, ...said.form && {form: said.form}, ...said.live && {live: true},
  };
}

function withApprovals(c, list) {
  const approvals = list.map(approvalOf).filter(a => a.id && a.toolCallId).map(a => {
    const was = c.approvals.find(old => old.id === a.id);
    return was && JSON.stringify(was) === JSON.stringify(a) ? was : was ? {...was, ...a} : a;
  });
  const same = approvals.length === c.approvals.length && approvals.every((a, i) => a === c.approvals[i]);
  if (!same) c = {...c, approvals};
  for (const {toolCallId} of approvals) c = changePart(c, "tool", toolCallId, part => part.resultText || part.state === "asked" ? part : {...part, state: "asked"});
  return c;
}

/** Questions for which a running call waits: they end with it. */
const withoutLive = c => c.approvals.some(a => a.live) ? {...c, approvals: c.approvals.filter(a => !a.live)} : c;

/** A service does not ask any more: its call goes on. */
function questionOver(c, id) {
  const over = c.approvals.find(a => a.id === id);
  if (!over) return c;
  c = {...c, approvals: c.approvals.filter(a => a.id !== id)};
  return changePart(c, "tool", over.toolCallId, part => part.state === "asked" && !part.resultText ? {...part, state: "running"} : part);
}

function runFinished(c, e) {
  if (isSnapshotRun(e.runId)) return {...c, kept: null};
  if (c.run && e.runId && e.runId !== c.run.id) return c;
  const outcome = e.outcome?.type, reason = e.result?.stopReason;
  c = runEnded(c, outcome === "cancelled" ? {type: "stopped"} : reason ? {type: "short", code: String(reason)} : null);
  return outcome === "interrupt" && Array.isArray(e.outcome.interrupts) ? withApprovals(c, e.outcome.interrupts) : c;
}

const FOR_GOOD = new Set(["turn_cancelled", "session_deleted", "limit_bytes", "limit_log", "limit_model_calls", "limit_output_tokens", "model_credential",
  "model_quota", "model_policy", "model_too_long", "model_rejected"]);

function runError(c, e) {
  const runId = e.metadata?.runId ?? e.runId;
  if (runId && c.run && runId !== c.run.id) return noted(c, runId, {state: "lost", reason: String(e.message ?? "")});
  if (e.code === "turn_cancelled") return runEnded(c, {type: "stopped"});
  return {...runEnded(c, {type: "error", message: String(e.message ?? ""), ...e.code && {code: e.code}, retryable: !FOR_GOOD.has(e.code)}),
    ...e.code === "session_deleted" && {deleted: true}};
}

/** How it is with messages that wait: with that of one run, or with all. */
function noted(c, runId, {state, reason, position}) {
  const messages = c.messages.map(m => {
    if (m.role !== "user" || m.state === "sent" || (runId ? m.runId !== runId : m.state === "lost" || (m.state === "queued" && state === "sending"))) return m;
    if (m.again) return state === "lost" ? {...without(m, "again", "runId"), state: "sent", text: m.again.text} : m;
    const next = {...without(m, "reason", "position"), state, ...reason && {reason}, ...position && {position}};
    return equal(m, next) ? m : next;
  });
  return messages.some((m, i) => m !== c.messages[i]) ? {...c, messages} : c;
}
// ---- the events ---------------------------------------------------------------------------------------------

const took = (part, now) => part.startedAt !== undefined && part.ms === undefined ? {ms: Math.max(0, now - part.startedAt)} : {};
const endReasoning = (c, e, now) => changePart(c, "reasoning", e.messageId, p => p.open ? {...p, open: false, ...took(p, now)} : p);
const beginReasoning = (c, e, now) => findPart(c, "reasoning", e.messageId)?.part.open ? c
  : beginPart(c, {type: "reasoning", id: e.messageId, text: "", open: true, startedAt: now});
const notice = (c, name, value) => addPart(withoutNotice(c, name), {type: "notice", id: name, name, text: String(value ?? "")});
const withoutNotice = (c, name) => changePart(c, "notice", name, () => null);
const step = (c, name) => c.run && c.run.step !== name ? {...c, run: name ? {...c.run, step: name} : without(c.run, "step")} : c;

const CUSTOM = {
  "turnpike.model": (c, value) => step(c, value?.status === "queued" ? "model-queued" : undefined),
  "turnpike.resumed": c => step(withoutLive(c), "resumed"),
  "turnpike.question": (c, value) => withApprovals(step(c), [...c.approvals.filter(a => a.id !== value?.id), value ?? {}]),
  "turnpike.question_over": (c, value) => questionOver(c, value?.id),
  "turnpike.summarizing": c => step(c, "summarizing"),
  "turnpike.summarized": (c, value) => value?.failed ? notice(step(c), "summary-failed", value.messages) : step(c),
};

const EVENTS = {
  RUN_STARTED: runStarted,
  RUN_FINISHED: runFinished,
  RUN_ERROR: runError,
  TEXT_MESSAGE_START: (c, e) => (e.role ?? "assistant") === "assistant" ? beginPart(step(c), {type: "text", id: e.messageId, text: "", open: true}) : c,
  TEXT_MESSAGE_CONTENT: (c, e) => changePart(c, "text", e.messageId, p => p.open && e.delta ? {...p, text: p.text + e.delta} : p),
  TEXT_MESSAGE_END: (c, e) => changePart(c, "text", e.messageId, ENDED.text),
  REASONING_START: (c, e, now) => beginReasoning(step(c), e, now),
  REASONING_MESSAGE_START: (c, e, now) => beginReasoning(step(c), e, now),
  REASONING_MESSAGE_CONTENT: (c, e) => changePart(c, "reasoning", e.messageId, p => p.open && e.delta ? {...p, text: p.text + e.delta} : p),
  REASONING_MESSAGE_END: endReasoning,
  REASONING_END: endReasoning,
  TOOL_CALL_START: (c, e, now) => beginPart(step(c), {...toolPart(e.toolCallId, e.toolCallName), state: "running", startedAt: now}),
  TOOL_CALL_ARGS: (c, e) => changePart(c, "tool", e.toolCallId, p => p.state === "running" && e.delta ? {...p, json: p.json + e.delta} : p),
  TOOL_CALL_END: (c, e) => changePart(c, "tool", e.toolCallId, p => p.args === undefined ? {...p, args: parsed(p.json)} : p),
  TOOL_CALL_RESULT: (c, e, now) => {
    c = changePart(c, "tool", e.toolCallId, p => ({...withResult({...p, args: p.args ?? parsed(p.json)}, e.content), ...took(p, now)}));
    return c.approvals.some(a => a.toolCallId === e.toolCallId) ? {...c, approvals: c.approvals.filter(a => a.toolCallId !== e.toolCallId)} : c;
  },
  MESSAGES_SNAPSHOT: (c, e) => {
    const next = replaceMessages(c, e.messages), ids = (Array.isArray(e.messages) ? e.messages : []).map(m => m?.id);
    const opened = c.run ? changeMessage(withAnswer(next, asked(next)), answerId(asked(next)), m => m.open ? m : {...m, open: true}) : next;
    return withApprovals({...opened, kept: c.run ? new Set(ids) : null}, c.approvals);
  },
  CUSTOM: (c, e) => CUSTOM[e.name]?.(c, e.value) ?? c,

  // Local actions.
  clear: () => initial,
  stored: (c, e) => {
    if (e.prepend) return withFeedback({...prependMessages(c, e.messages), older: e.older ?? null}, e.feedback ?? {});
    const next = withFeedback(replaceMessages(c, e.messages), e.feedback ?? {});
    return {...next, older: next.messages[0]?.id === c.messages[0]?.id && next.messages.length > 0 && c.older !== null ? c.older : e.older ?? null};
  },
  deleted: c => ({...c, deleted: true}),
  // What an earlier page knew of it, until it can be read.
  kept: (c, e) => c.messages.length > 0 ? c : {...c, messages: e.messages},
  sent: (c, e) => indexOf(c, e.ids.messageId) >= 0 ? c : {...c, branch: null, messages: [...c.messages,
    {id: e.ids.messageId, role: "user", text: e.text, files: e.files ?? [], state: e.state ?? "sending", runId: e.ids.runId}]},
  again: (c, e) => changeMessage({...c, branch: null}, e.messageId, m => m.role !== "user" ? m : ({...m, state: "sending", again: {text: m.text}, runId: e.runId, ...e.text !== undefined && {text: e.text}})),
  note: (c, e) => noted(c, e.runId, e),
  takenBack: (c, e) => ({...c, messages: c.messages.filter(m => !(isPending(m) && m.runId === e.runId))}),
  approvals: (c, e) => withApprovals(c, e.approvals),
  branches: (c, e) => withBranches(c, e.branches),
  branch: withVersion,
  feedback: (c, e) => changeMessage(c, e.messageId, m => ({...m, feedback: e.rating})),
};

/** The conversation after an event of AG-UI or a local action. now: in milliseconds, for what takes time. */
export function reduce(conversation, event, now = Date.now()) {
  const handler = Object.hasOwn(EVENTS, event?.type ?? "") ? EVENTS[event.type] : null;
  return handler ? handler(conversation, event, now) : conversation;
}
