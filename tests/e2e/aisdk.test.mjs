// SPDX-License-Identifier: BSD-2-Clause
// Chats of the AI SDK: the stock Chat of @ai-sdk/react with the stock DefaultChatTransport, which checks every chunk against its
// own schema. What the client shows at the end is compared with what is stored.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Chat} from "@ai-sdk/react";
import {DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses, lastAssistantMessageIsCompleteWithToolCalls,
  validateUIMessages} from "ai";
import {API, eventually, Stack, uuid, within} from "./harness.mjs";

const WHOLE = /^The road north follows the coast for most of the day.*\.$/s;
const textOf = message => (message?.parts ?? []).filter(p => p.type === "text").map(p => p.text).join("");
const types = message => message.parts.map(p => p.type);
const tool = (message, name) => message.parts.find(p => p.type === `tool-${name}`);
const quiet = chat => eventually(() => ["ready", "error"].includes(chat.status), "the chat is ready");

/** What a person sees of a message: without what only the stream knows, and members that are not there. */
function shown(messages) {
  return JSON.parse(JSON.stringify(messages)).map(({id, role, parts}) => ({id, role, parts: parts.map(({approval, ...part}) => ({
    ...part, ...part.state === "approval-requested" && {approval}}))
    .map(part => part.type === "text" ? {...part, state: "done"} : part)}));
}

describe("the AI SDK", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"respawn.min": "50ms"}}); });
  after(() => stack.stop());

  function connect({user = uuid(), id = uuid(), messages, body, ...options} = {}) {
    const api = `${stack.url}${API}/ai/chat`;
    const chat = new Chat({id, messages, onError: () => {}, ...options,
      transport: new DefaultChatTransport({api, headers: {"X-Dev-User": user}, body})});
    return Object.assign(chat, {user, asUser: {headers: {"X-Dev-User": user}}});
  }
  async function stored(chat) {
    const reply = await stack.get(`/ai/chat/${chat.id}/messages`, chat.asUser);
    assert.equal(reply.status, 200, reply.text);
    if (reply.json.messages.length) await validateUIMessages({messages: reply.json.messages});
    return reply.json.messages;
  }
  /** The end of the turn reaches the stream before the store's readers are asked: both are one script. */
  async function assertStored(chat) {
    assert.deepEqual(shown(chat.messages), shown(await stored(chat)));
  }
  const turnWorker = session => eventually(async () => (await stack.seats("turn")).find(w => w.session === session), `a worker of ${session}`);
  const event = async (chat, title = "Dentist") => (await stack.post("/tools/create_calendar_event",
    {title, start_date: "2031-05-20T15:00:00"}, chat.asUser)).json.event.id;
  const titles = async chat => (await stack.post("/tools/get_calendar_events", {}, chat.asUser)).json.events.map(e => e.title).sort();
  const deletion = (id, then = "text say=Done.") => `please [[tool name=delete_calendar_event args={"event_id":"${id}"} | ${then}]]`;

  test("text: one message with one step, and what a reload shows", async () => {
    const chat = connect();
    await chat.sendMessage({text: "hello [[text words=20]]"});
    assert.equal(chat.status, "ready", chat.error?.message);
    const [mine, answer] = chat.messages;
    assert.equal(answer.id, `reply:${mine.id}`);
    assert.deepEqual(types(answer), ["step-start", "text"]);
    assert.match(textOf(answer), WHOLE);
    assert.match(answer.metadata.runId, /^[0-9a-f-]{36}$/);
    assert.ok(answer.metadata.usage[0].outputTokens > 0);
    await assertStored(chat);
  });

  test("tools and thinking: a step for each answer of the model", async () => {
    const chat = connect();
    await chat.sendMessage({text: "[[think | tool name=get_current_time,no_such_tool args={\"timezone\":\"Australia/Sydney\"};{} | text say=It_is_late.]]"});
    const first = chat.messages[1];
    assert.deepEqual(types(first), ["step-start", "reasoning", "text"]);
    await chat.sendMessage({text: "and [[tool name=get_current_time,no_such_tool args={\"timezone\":\"Australia/Sydney\"};{} | text say=It_is_late.]]"});
    const answer = chat.messages[3];
    assert.deepEqual(types(answer), ["step-start", "tool-get_current_time", "tool-no_such_tool", "step-start", "text"]);
    assert.equal(tool(answer, "get_current_time").state, "output-available");
    assert.deepEqual(tool(answer, "get_current_time").input, {timezone: "Australia/Sydney"});
    assert.equal(tool(answer, "get_current_time").output.success, true);
    assert.equal(tool(answer, "no_such_tool").state, "output-error");
    assert.match(tool(answer, "no_such_tool").errorText, /no tool named/);
    await assertStored(chat);
  });

  for (const [name, {said, body, expect, left}] of Object.entries({
    "yes": {said: {approved: true}, expect: "output-available", left: []},
    "no": {said: {approved: false, reason: "not now"}, expect: "output-denied", left: ["Dentist", "Vet"]},
    "yes, with other arguments": {said: {approved: true}, body: (id, other) => ({approvals: {[id]: {editedArgs: {event_id: other}}}}), expect: "output-available", left: ["Dentist"]},
  })) {
    test(`an approval answered with ${name}: the same message goes on`, async () => {
      const chat = connect({sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses});
      const id = await event(chat), other = body && await event(chat, "Vet");
      if (name === "no") await event(chat, "Vet");
      await chat.sendMessage({text: deletion(id, "text say=So_be_it.")});
      assert.equal(chat.status, "ready", chat.error?.message);
      const part = tool(chat.messages[1], "delete_calendar_event");
      assert.equal(part.state, "approval-requested");
      assert.deepEqual(part.approval.descriptor.arguments, {event_id: id});
      assert.match(part.approval.requestReason, /delete/i);
      await assertStored(chat);
      await chat.addToolApprovalResponse({id: part.approval.id, ...said, options: {body: body?.(part.approval.id, other)}});
      await eventually(() => chat.status === "ready" && textOf(chat.messages[1]).includes("So be it"), "the message goes on");
      assert.equal(chat.messages.length, 2);
      assert.deepEqual(types(chat.messages[1]), ["step-start", "tool-delete_calendar_event", "step-start", "text"]);
      assert.equal(tool(chat.messages[1], "delete_calendar_event").state, expect);
      assert.deepEqual(await titles(chat), left);
      await assertStored(chat);
    });
  }

  test("an approval that the conversation has left behind is refused, and nothing is done", async () => {
    const chat = connect();
    const id = await event(chat);
    await chat.sendMessage({text: deletion(id)});
    const {approval} = tool(chat.messages[1], "delete_calendar_event");
    await chat.sendMessage({text: "never mind [[text say=Right.]]"});
    assert.equal(textOf(chat.messages[3]), "Right.");
    await chat.addToolApprovalResponse({id: approval.id, approved: true});
    await chat.sendMessage();
    assert.equal(chat.status, "error");
    assert.equal(JSON.parse(chat.error.message).code, "approval_cancelled");
    assert.deepEqual(await titles(chat), ["Dentist"]);
    assert.equal((await stored(chat)).find(m => m.id === chat.messages[1].id).parts.find(p => p.type === "tool-delete_calendar_event").state, "output-error");
  });

  test("a tool of the page: called there, its output continues the message", async () => {
    const called = [];
    const chat = connect({sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
      body: {tools: [{name: "show_map", description: "Shows a map", parameters: {type: "object", properties: {place: {type: "string"}}}}]},
      onToolCall: ({toolCall}) => {
        if (toolCall.toolName !== "show_map") return;
        called.push(toolCall.input);
        chat.addToolOutput({tool: "show_map", toolCallId: toolCall.toolCallId, output: {shown: true}});
      }});
    await chat.sendMessage({text: "[[tool name=show_map,get_current_time args={\"place\":\"Perth\"};{\"timezone\":\"Australia/Perth\"} | text say=There_it_is.]]"});
    await eventually(() => chat.status === "ready" && textOf(chat.messages[1]).includes("There it is"), "the message goes on");
    assert.deepEqual(called, [{place: "Perth"}]);
    assert.equal(chat.messages.length, 2);
    assert.deepEqual(tool(chat.messages[1], "show_map").output, {shown: true});
    const told = stack.double.requests.at(-1).raw;
    assert.ok(told.includes("{\\\"shown\\\":true}"), told);
    await assertStored(chat);
  });

  test("a tool of the page is not called again by a page that comes back", async () => {
    const called = [], body = {tools: [{name: "show_map", description: "Shows a map"}]};
    const page = {body, sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls, onToolCall: ({toolCall}) => { called.push(toolCall.toolCallId); }};
    const chat = connect(page);
    await chat.sendMessage({text: "[[tool name=show_map args={\"place\":\"Perth\"} | text words=20 hold=8]]"});
    await chat.addToolOutput({tool: "show_map", toolCallId: called[0], output: {shown: true}});
    await eventually(() => textOf(chat.lastMessage).length > 20, "some text");
    const again = connect({...page, user: chat.user, id: chat.id, messages: await stored(chat)});
    const resumed = again.resumeStream();
    await eventually(() => textOf(again.lastMessage).length > 20, "the text so far");
    stack.double.release();
    await resumed;
    await quiet(chat);
    assert.equal(called.length, 1);
    assert.equal(again.messages.length, 2);
    await assertStored(again);
    await assertStored(chat);
  });

  test("regenerate and edit lead back to the message that is meant", async () => {
    const chat = connect();
    await chat.sendMessage({text: "one [[text say=First.]]"});
    await chat.sendMessage({text: "two [[text say=Second.]]"});
    const before = shown(chat.messages);
    await chat.regenerate();
    assert.deepEqual(shown(chat.messages), before);
    await assertStored(chat);
    await chat.regenerate({messageId: chat.messages[1].id});
    assert.deepEqual(shown(chat.messages), before.slice(0, 2));
    await assertStored(chat);
    await chat.sendMessage({text: "one, but [[text say=Third.]]", messageId: chat.messages[0].id});
    assert.deepEqual(chat.messages.map(textOf), ["one, but [[text say=Third.]]", "Third."]);
    await assertStored(chat);
  });

  test("a page that sends its last message only: new ones, answers, and again", async () => {
    const api = `${stack.url}${API}/ai/chat`, user = uuid();
    const prepareSendMessagesRequest = ({id, messages, body, ...rest}) =>
      ({body: {...body, id, messages: messages.slice(-1), trigger: rest.trigger, messageId: rest.messageId}});
    const chat = Object.assign(new Chat({id: uuid(), onError: () => {}, sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
      transport: new DefaultChatTransport({api, headers: {"X-Dev-User": user}, prepareSendMessagesRequest})}), {user, asUser: {headers: {"X-Dev-User": user}}});
    await chat.sendMessage({text: "one [[text say=First.]]"});
    await chat.sendMessage({text: deletion(await event(chat), "text say=Gone.")});
    await chat.addToolApprovalResponse({id: tool(chat.lastMessage, "delete_calendar_event").approval.id, approved: true});
    await eventually(() => chat.status === "ready" && textOf(chat.lastMessage) === "Gone.", "the message goes on");
    await chat.regenerate({messageId: chat.messages[1].id});
    assert.deepEqual(chat.messages.map(textOf), ["one [[text say=First.]]", "First."]);
    await assertStored(chat);
  });

  test("a file goes to the assistant, or is refused by name", async () => {
    const chat = connect();
    await chat.sendMessage({text: "look [[text say=Seen.]]", files: [{type: "file", mediaType: "text/plain", url: "ftp://example.org/x"}]});
    assert.equal(JSON.parse(chat.error.message).field, "url");
  });

  test("errors: of the request, of the model, and of a broken-off model", async () => {
    const chat = connect();
    await chat.sendMessage({text: " "});
    assert.equal(`${chat.error.statusCode} ${JSON.parse(chat.error.message).code}`, "422 invalid_field");
    const other = connect();
    await other.sendMessage({text: "[[http status=400]]"});
    assert.equal(other.status, "error");
    assert.match(other.error.message, /did not accept the request/);
    const torn = connect();
    await torn.sendMessage({text: "[[cut after=5]]"});
    assert.match(torn.error.message, /broke off/);
    assert.ok(textOf(torn.messages[1]).length > 0);
    assert.equal(torn.messages[1].metadata.errorCode, "model_interrupted");
    await assertStored(torn);
    const bad = await stack.post("/ai/chat", {id: uuid(), messages: []});
    assert.equal(`${bad.status} ${bad.json.field} ${bad.headers["content-type"]}`, "422 messages application/problem+json; charset=utf-8");
  });

  test("the same message twice is one turn", async () => {
    const body = {id: uuid(), trigger: "submit-message", messages: [{id: uuid(), role: "user", parts: [{type: "text", text: "once [[text say=Once.]]"}]}]};
    const replies = await Promise.all([stack.post("/ai/chat", body), stack.post("/ai/chat", body)]);
    for (const reply of replies) {
      assert.equal(reply.status, 200);
      assert.equal(reply.headers["x-vercel-ai-ui-message-stream"], "v1");
      assert.ok(reply.text.endsWith("data: [DONE]\n\n"), reply.text);
    }
    assert.equal(replies[0].text, replies[1].text);
    assert.equal((await stack.get(`/sessions/${body.id}/messages`)).json.messages.length, 2);
  });

  test("a page that goes away and comes back: the turn went on, the message is whole", async () => {
    const chat = connect();
    const sent = chat.sendMessage({text: "[[text words=20 hold=8]]"});
    await eventually(() => textOf(chat.lastMessage).length > 20, "some text");
    await chat.stop(); // ends the request, not the turn
    await sent;
    assert.equal((await stack.get(`/sessions/${chat.id}`, chat.asUser)).json.running_turn?.length, 36);
    const again = connect({user: chat.user, id: chat.id, messages: await stored(chat)});
    assert.equal(again.messages.length, 1);
    const resumed = again.resumeStream();
    await eventually(() => again.messages.length === 2 && textOf(again.lastMessage).length > 20, "the text so far");
    stack.double.release();
    await resumed;
    assert.match(textOf(again.lastMessage), WHOLE);
    assert.equal(again.status, "ready");
    await assertStored(again);
    await again.resumeStream(); // nothing runs: 204
    assert.equal(again.status, "ready");
    const idle = await stack.get(`/ai/chat/${uuid()}/stream`);
    assert.equal(idle.status, 204);
  });

  test("resumed while it goes on after an approval: the whole message", async () => {
    const chat = connect({sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses});
    const id = await event(chat);
    await chat.sendMessage({text: deletion(id, "text words=20 hold=8")});
    const {approval} = tool(chat.messages[1], "delete_calendar_event");
    await chat.addToolApprovalResponse({id: approval.id, approved: true});
    await eventually(() => textOf(chat.lastMessage).length > 20, "some text");
    const again = connect({user: chat.user, id: chat.id, messages: await stored(chat)});
    const resumed = again.resumeStream();
    await eventually(() => textOf(again.lastMessage).length > 20, "the text so far");
    assert.deepEqual(types(again.lastMessage), ["step-start", "tool-delete_calendar_event", "step-start", "text"]);
    stack.double.release();
    await resumed;
    await quiet(chat);
    assert.equal(again.messages.length, 2);
    assert.equal(tool(again.messages[1], "delete_calendar_event").state, "output-available");
    await assertStored(again);
    await assertStored(chat);
  });

  test("a page that wants its stop to stop the turn says so", async () => {
    const chat = connect({body: {stop_on_abort: true}});
    const sent = chat.sendMessage({text: "[[text words=20 hold=8]]"});
    await eventually(() => textOf(chat.lastMessage).length > 20, "some text");
    await chat.stop();
    await sent;
    await eventually(async () => (await stack.get(`/sessions/${chat.id}`, chat.asUser)).json.running_turn === null, "the turn ends");
    stack.double.release();
    assert.deepEqual((await stored(chat)).map(textOf), chat.messages.map(textOf));
    await chat.sendMessage({text: "to the end [[text say=Yes.]]"});
    assert.equal(textOf(chat.lastMessage), "Yes.");
  });

  test("stop: the turn ends, every client's message with it", async () => {
    const chat = connect();
    const sent = chat.sendMessage({text: "[[text words=20 hold=8]]"});
    await eventually(() => textOf(chat.lastMessage).length > 20, "some text");
    const reply = await stack.post(`/sessions/${chat.id}/cancel`, {}, chat.asUser);
    assert.equal(reply.status, 202, reply.text);
    await sent;
    assert.equal(chat.status, "ready");
    await assertStored(chat);
    stack.double.release();
    await chat.sendMessage({text: "go on [[text say=Yes.]]"});
    assert.equal(textOf(chat.lastMessage), "Yes.");
  });

  const EXPENSE = "tool name=create_expense args={\"amount\":12.5,\"category\":\"diesel\"}";
  for (const [name, {scenario, at}] of Object.entries({
    "in its first text": {scenario: "text words=20 hold=12", at: m => textOf(m).split(" ").length > 10},
    "in a tool's arguments": {scenario: `${EXPENSE} hold=4 | text words=20`, at: m => m.parts.some(p => p.state === "input-streaming" && p.input)},
    "in the text behind a tool": {scenario: `${EXPENSE} | text words=20 hold=5`, at: m => textOf(m).length > 0},
  })) {
    test(`a turn worker that is killed ${name}: nothing torn stays, live and resumed`, async () => {
      const chat = connect();
      const sent = chat.sendMessage({text: `${uuid()} [[${scenario}]]`});
      await eventually(() => chat.messages.length === 2 && at(chat.lastMessage), "the place where it dies");
      const calls = stack.double.requests.length;
      process.kill((await turnWorker(chat.id)).pid, "SIGKILL");
      stack.double.release();
      const again = connect({user: chat.user, id: chat.id, messages: await stored(chat)});
      const resumed = again.resumeStream();
      await eventually(() => again.messages.length === 2 && again.lastMessage.parts.length > 1, "it is resumed before the turn can end");
      await stack.double.until(d => d.requests.length > calls, "the next worker asks the model");
      await eventually(() => { stack.double.release(); return stack.double.requests.every(r => !r.open); }, "the model has answered");
      await within(30000, Promise.all([sent, resumed]), "both streams end");
      assert.equal(chat.status, "ready", chat.error?.message);
      assert.equal(again.status, "ready", again.error?.message);
      assert.match(textOf(chat.lastMessage), WHOLE);
      await assertStored(chat);
      await assertStored(again);
    });
  }

  test("a stream worker that is killed: the client sees a broken stream, and resumes to the whole", async () => {
    const chat = connect();
    const sent = chat.sendMessage({text: "[[text words=20 hold=8]]"});
    await eventually(() => textOf(chat.lastMessage).length > 20, "some text");
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
    await sent;
    assert.equal(chat.status, "error");
    await eventually(async () => (await stack.get("/health/ready").catch(() => ({}))).status === 200
      && (await stack.workers("stream")).length === 2, "new stream workers");
    const resumed = chat.resumeStream();
    await eventually(() => chat.status === "streaming", "the text so far");
    stack.double.release();
    await resumed;
    assert.equal(chat.status, "ready", chat.error?.message);
    assert.match(textOf(chat.lastMessage), WHOLE);
    await assertStored(chat);
  });

  test("a planned end of the stream is no end of the message", async () => {
    const chat = connect();
    const sent = chat.sendMessage({text: "[[text words=20 hold=8]]"});
    await eventually(() => textOf(chat.lastMessage).length > 20, "some text");
    await stack.reload();
    await sent;
    assert.equal(chat.status, "error");
    const resumed = chat.resumeStream();
    await eventually(() => chat.status === "streaming", "the text so far");
    stack.double.release();
    await resumed;
    assert.match(textOf(chat.lastMessage), WHOLE);
    await assertStored(chat);
  });
});

test("a page that comes back before its turn has a worker sees the answer as it begins", async () => {
  const stack = await Stack.start({settings: {"turn.seats": 1, "turn.workers": 1}});
  const chatOf = (id = uuid(), user = uuid()) => Object.assign(new Chat({id, onError: () => {}, transport: new DefaultChatTransport({
    api: `${stack.url}${API}/ai/chat`, headers: {"X-Dev-User": user}})}), {user});
  try {
    const first = chatOf(), second = chatOf();
    const held = first.sendMessage({text: "[[text words=20 hold=8]]"});
    await eventually(() => textOf(first.lastMessage).length > 20, "the only seat is taken");
    const waits = second.sendMessage({text: "[[text say=At_last.]]"});
    await eventually(async () => (await stack.get(`/sessions/${second.id}`, {headers: {"X-Dev-User": second.user}})).json.running_turn, "the second one waits");
    const again = chatOf(second.id, second.user);
    const resumed = again.resumeStream();
    await eventually(() => again.status === "submitted", "it is resumed");
    stack.double.release();
    await within(30000, Promise.all([held, waits, resumed]), "all are answered");
    for (const chat of [second, again]) {
      assert.equal(chat.status, "ready", chat.error?.message);
      assert.equal(textOf(chat.lastMessage), "At last.");
      assert.equal(chat.lastMessage.id, `reply:${second.messages[0].id}`);
    }
  } finally {
    await stack.stop();
  }
});
