// SPDX-License-Identifier: BSD-2-Clause
// JSON consumers: POST /chat and the routes around it, in the shapes that today's clients use.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";

describe("a JSON consumer", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  test("gets the answer of a message in one reply", async () => {
    const reply = await stack.chat("hello [[text words=6]]");
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.headers["content-type"], /^application\/json/);
    assert.match(reply.headers["x-request-id"], /^[0-9a-f]{32}$/);
    const r = reply.json;
    assert.equal(r.response, "The road north follows the coast.");
    for (const name of ["session_id", "conversation_id", "message_id", "timestamp"]) assert.equal(typeof r[name], "string", name);
    for (const name of ["actions", "suggestions"]) assert.ok(Array.isArray(r[name]), name);
    assert.equal(typeof r.processing_time_ms, "number");
    assert.equal(typeof r.context_updates, "object");
    assert.ok(r.tokens_used > 0, JSON.stringify(r));
  });

  test("a tool's result and arguments are once in each form of a reply", async () => {
    const label = `mark-${uuid()}`, user = uuid(), as = {headers: {"X-Dev-User": user}};
    const args = {action: "create", type: "timer", duration_seconds: 7200, label};
    stack.double.scenario = `tool name=set_timer_or_alarm args=${JSON.stringify(args)} | text say=Done.`;
    const times = (text, mark) => text.split(mark).length - 1, session_id = uuid();
    try {
      const json = await stack.chat("hello", {session_id}, as);
      const [{result, id}] = json.json.tool_calls, mark = result.timers[0].id; // the store has made it: no other part of the turn has it
      const inResult = times(JSON.stringify(result), mark);
      assert.deepEqual(json.json.actions, [{type: "tool", tool: "set_timer_or_alarm", status: "success", tool_call_id: id, entity: "timers"}]);
      const once = (what, text, of = mark) => assert.equal(times(text, of), inResult, `${what}: ${text}`);
      const asked = (what, text) => assert.equal(times(text, label), 1 + times(JSON.stringify(result), label), `${what}: ${text}`); // once as an argument
      once("JSON", json.text);
      asked("JSON", json.text);
      const {text} = await stack.get(`/sessions/${session_id}/messages`, as);
      once("messages", text);
      asked("messages", text);
      once("turn", (await stack.get(`/turns/${json.json.turn_id}`, as)).text);
      const seen = stack.sse(`/sessions/${session_id}/events`, {headers: {...as.headers, "Last-Event-ID": "1-1"}});
      await seen.until(e => ["RUN_FINISHED", "MESSAGES_SNAPSHOT"].includes(e.data.type));
      once("resume", seen.raw.toString());
      asked("resume", seen.raw.toString());
      seen.drop();
      const stream = stack.chatStream("hello", {}, {headers: {...as.headers, Accept: "text/event-stream"}});
      await stream.all();
      const made = JSON.parse(stream.events.find(e => e.data.type === "TOOL_CALL_RESULT").data.content);
      once("SSE", stream.raw.toString(), made.timers[0].id);
      const socket = await stack.socket("/ws", as);
      socket.message("hello");
      await socket.until("RUN_FINISHED");
      const content = socket.events().find(e => e.type === "TOOL_CALL_RESULT").content;
      once("WebSocket", socket.frames.map(f => JSON.stringify(f)).join("\n"), JSON.parse(content).timers[0].id);
      await socket.end();
      const ui = await stack.post("/ai/chat", {id: uuid(), trigger: "submit-message", messages: [{id: uuid(), role: "user", parts: [{type: "text", text: "hello"}]}]}, as);
      assert.equal(times(ui.text, "\"tool-output-available\""), 1);
      once("AI SDK", ui.text, /"timers":\[\{"id":"([^"]+)"/.exec(ui.text)[1]);
    } finally {
      stack.double.scenario = "text";
    }
  });

  test("with Prefer: respond-async gets 202 at once and asks for the answer later", async () => {
    const body = {message: "hello [[text words=6 hold=3]]", session_id: uuid(), client_message_id: uuid()}, headers = {Prefer: "wait=10, Respond-Async"};
    const reply = await stack.post("/chat", body, {headers});
    assert.equal(reply.status, 202, reply.text);
    assert.equal(reply.headers["preference-applied"], "respond-async");
    assert.ok(reply.headers.location.endsWith(`/turns/${reply.json.turn_id}`), reply.headers.location);
    const ask = () => stack.get(`/turns/${reply.json.turn_id}`);
    assert.equal((await ask()).json.state, "running");
    assert.equal((await ask()).json.reply, undefined);
    const again = await stack.post("/chat", body, {headers});
    assert.equal(again.json.turn_id, reply.json.turn_id);
    await stack.double.go();
    const done = await eventually(async () => { const turn = await ask(); return turn.json.state === "done" && turn.json; }, "the turn is done");
    assert.equal(done.http_status, 200);
    assert.equal(done.reply.response, "The road north follows the coast.");
  });

  test("may send the optional fields of today's clients", async () => {
    const reply = await stack.chat("hello", {session_id: "old_client-1", context: {user_location: {lat: -33.9, lng: 151.2, city: "Sydney"}},
      use_case: "trip", voice_input: false, attachments: []});
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.session_id, "old_client-1");
  });

  test("goes on with its conversation: the model is sent what was said before", async () => {
    const session_id = uuid();
    await stack.chat("the first thing [[text say=First_answer.]]", {session_id});
    await stack.chat("the second thing", {session_id});
    const {body} = stack.double.requests.at(-1);
    const texts = JSON.stringify(body.messages);
    assert.match(texts, /the first thing/);
    assert.match(texts, /First answer\./);
    assert.match(texts, /the second thing/);
    assert.deepEqual(body.messages.map(m => m.role), ["user", "assistant", "user"]);
  });

  test("sees its tools run: the result of a tool reaches the model and the answer", async () => {
    const reply = await stack.chat("what time is it [[tool name=get_current_time args={\"timezone\":\"Australia/Brisbane\"} | text say=It_is_late.]]");
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.response, "It is late.");
    const results = stack.double.requests.at(-1).body.messages.at(-1).content.filter(p => p.type === "tool_result");
    assert.equal(results.length, 1);
    assert.match(JSON.stringify(results[0].content), /success\\*":\s*true/);
  });

  test("sends the same client message id twice and gets one turn", async () => {
    const before = stack.double.requests.length;
    const body = {client_message_id: uuid(), session_id: uuid()};
    const [a, b] = await Promise.all([stack.chat("only once [[text delay=20]]", body), stack.chat("only once [[text delay=20]]", body)]);
    const c = await stack.chat("only once [[text delay=20]]", body);
    for (const reply of [a, b, c]) assert.equal(reply.status, 200, reply.text);
    assert.equal(a.json.response, b.json.response);
    assert.equal(a.json.message_id, b.json.message_id);
    assert.equal(a.json.message_id, c.json.message_id);
    assert.equal(stack.double.requests.length - before, 1);
    const messages = (await stack.get(`/sessions/${body.session_id}/messages`)).json.messages;
    assert.deepEqual(messages.map(m => m.role), ["user", "assistant"]);
  });

  test("cannot use a client message id for another message", async () => {
    const body = {client_message_id: uuid(), session_id: uuid()};
    await stack.chat("one", body);
    const reply = await stack.chat("two", body);
    assert.equal(reply.status, 409);
    assert.equal(reply.json.code, "client_message_mismatch");
  });

  test("sends messages while a turn runs: they are answered in order", async () => {
    const session_id = uuid();
    const first = stack.chat("one [[text hold=2]]", {session_id});
    await stack.double.until(d => d.held > 0);
    const second = stack.chat("two [[text say=Second.]]", {session_id});
    const rejected = await stack.chat("three", {session_id, on_busy: "reject"});
    assert.equal(rejected.status, 409);
    assert.equal(rejected.json.code, "session_busy");
    await stack.double.go();
    assert.equal((await first).status, 200);
    const reply = await second;
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.response, "Second.");
    const {messages} = (await stack.get(`/sessions/${session_id}/messages`)).json;
    assert.deepEqual(messages.map(m => m.role), ["user", "assistant", "user", "assistant"]);
  });

  test("lists, renames, reads and deletes sessions", async () => {
    const session_id = uuid();
    await stack.chat("A session about kangaroos", {session_id});
    const list = await stack.get("/sessions?limit=100");
    assert.equal(list.status, 200);
    const entry = list.json.sessions.find(s => s.id === session_id);
    assert.match(entry.title, /kangaroos/);
    assert.equal(entry.message_count, 2);
    const renamed = await stack.request("PATCH", `/sessions/${session_id}`, {body: {title: "Marsupials"}});
    assert.equal(renamed.status, 200, renamed.text);
    assert.equal((await stack.get(`/sessions/${session_id}`)).json.title, "Marsupials");
    assert.equal((await stack.request("DELETE", `/sessions/${session_id}`)).status, 200);
    for (const path of ["", "/messages", "/events"]) {
      assert.equal((await stack.get(`/sessions/${session_id}${path}`, {headers: {Accept: "*/*"}})).status, 404, path);
    }
  });

  test("pages through a long conversation", async () => {
    const session_id = uuid();
    for (let i = 0; i < 4; i++) await stack.chat(`message ${i} [[text words=1]]`, {session_id});
    const seen = [];
    let cursor = "";
    do {
      const page = (await stack.get(`/sessions/${session_id}/messages?limit=3${cursor && `&cursor=${cursor}`}`)).json;
      seen.unshift(...page.messages.map(m => m.id));
      cursor = page.has_more ? page.next_cursor : "";
    } while (cursor);
    assert.equal(seen.length, 8);
    assert.equal(new Set(seen).size, 8);
  });

  test("reads and deletes its history as today's clients do", async () => {
    const user = {headers: {"X-Dev-User": uuid()}};
    const {json: {conversation_id}} = await stack.chat("remember this", {}, user);
    const history = await stack.get(`/history?conversation_id=${conversation_id}&page=1&limit=20`, user);
    assert.equal(history.status, 200, history.text);
    assert.equal(history.json.messages.length, 2);
    assert.equal(history.json.has_more, false);
    assert.ok("conversation" in history.json && "next_cursor" in history.json);
    const deleted = await stack.request("DELETE", `/history?conversation_id=${conversation_id}`, user);
    assert.equal(deleted.status, 200, deleted.text);
    assert.equal(deleted.json.success, true);
    assert.deepEqual((await stack.get(`/history?conversation_id=${conversation_id}`, user)).json?.messages ?? [], []);
  });

  test("keeps a context", async () => {
    const user = {headers: {"X-Dev-User": uuid()}};
    assert.equal((await stack.get("/context", user)).status, 200);
    const put = await stack.request("PUT", "/context", {body: {location: {lat: 1, lng: 2}, preferences: {units: "metric"}}, ...user});
    assert.equal(put.status, 200, put.text);
    await stack.request("PUT", "/context", {body: {vehicle_info: {fuel: "diesel"}}, ...user});
    const context = (await stack.get("/context", user)).json;
    assert.deepEqual(context.preferences, {units: "metric"});
    assert.deepEqual(context.vehicle_info, {fuel: "diesel"});
  });

  test("gives feedback on a message of its own", async () => {
    const {json} = await stack.chat("rate me");
    const good = await stack.post("/feedback", {message_id: json.message_id, rating: 5, feedback_type: "helpful", feedback_text: "thanks"});
    assert.equal(good.status, 200, good.text);
    assert.equal(good.json.success, true);
    const bad = await stack.post("/feedback", {message_id: json.message_id, rating: 6});
    assert.equal(bad.status, 422);
    assert.equal(bad.json.field, "rating");
    assert.equal((await stack.post("/feedback", {message_id: uuid(), rating: 4})).status, 404);
  });

  test("asks for a turn, and stops one", async () => {
    const session_id = uuid();
    const pending = stack.chat("long [[text hold=2]]", {session_id});
    await stack.double.until(d => d.held > 0);
    const session = await eventually(async () => {
      const s = (await stack.get(`/sessions/${session_id}`)).json;
      return s.running_turn && s;
    });
    const turn = await stack.get(`/turns/${session.running_turn}`);
    assert.equal(turn.status, 200, turn.text);
    assert.equal(turn.json.state, "running");
    const began = Date.now();
    const stopped = await stack.post(`/turns/${session.running_turn}/cancel`, {});
    assert.ok([200, 202].includes(stopped.status), stopped.text);
    const reply = await pending;
    assert.ok(Date.now() - began < 15000, "the stop took too long");
    assert.ok([200, 409, 499].includes(reply.status), reply.text);
    await stack.double.until(d => !d.requests.at(-1).open, "the model's connection is closed");
    assert.equal((await stack.get(`/turns/${session.running_turn}`)).json.state, "cancelled");
  });

  test("gets the catalogue of tools and the state of health", async () => {
    const tools = await stack.get("/tools");
    assert.equal(tools.status, 200);
    assert.ok(tools.json.tools.length >= 12);
    for (const tool of tools.json.tools) assert.equal(tool.arguments_schema.type, "object", tool.name);
    for (const path of ["/health", "/health/live", "/health/ready"]) {
      assert.equal((await stack.get(path)).status, 200, path);
      assert.equal((await stack.get(path, {raw: true})).status, 200, path);
    }
    assert.equal((await stack.get("/health")).json.status, "healthy");
  });
});
