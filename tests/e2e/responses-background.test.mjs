// SPDX-License-Identifier: BSD-2-Clause
// Answers that OpenAI makes in the background: whatever happens to our side of the connection, the
// model is asked once, and a viewer sees each character once.
import {after, before, beforeEach, describe, test} from "node:test";
import assert from "node:assert/strict";
import {HttpAgent} from "@ag-ui/client";
import {API, eventually, Stack, transcript, uuid} from "./harness.mjs";

const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes((e.data ?? e).type);
const EXPENSE = "tool name=create_expense args={\"amount\":12.5,\"category\":\"diesel\"}";
const WHOLE = /^The road north follows the coast for most of the day.*\.$/s;
const RESUMED = e => (e.data ?? e).name === "turnpike.resumed";

describe("answers in the background", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({chain: "responses", settings: {"respawn.min": "50ms", "responses.background": "on", "responses.thinking": "low", "turn.attempts": 5, "turn.seats": 24, "turn.user": 24}});
  });
  after(() => stack.stop());
  beforeEach(() => stack.double.release());

  const records = tag => [...stack.double.background.records.values()].filter(r => JSON.stringify(r.body).includes(tag));
  const posts = tag => stack.double.requests.filter(r => r.method === "POST" && r.body?.input && r.raw.includes(tag));
  const recordsOf = (user, family) => stack.redis("HLEN", `tp:{${user}}:r:${family}`).then(Number);
  const workerOf = session => eventually(async () =>
    (await stack.seats("turn")).find(w => w.session === session || w.turn === session), `a worker of ${session}`);
  const kill = async session => process.kill((await workerOf(session)).pid, "SIGKILL");
  const stored = async (session, headers) => (await stack.get(`/sessions/${session}/messages`, {headers})).json.messages;
  const said = reader => reader.events.filter(e => e.data.type === "TEXT_MESSAGE_CONTENT").map(e => e.data.delta).join("");
  const number = e => e[1].sequence_number;

  test("nothing happens: created, told, kept with the vendor's store", async () => {
    const tag = uuid(), session_id = uuid();
    const reader = stack.chatStream(`${tag} [[think words=12]]`, {session_id});
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED");
    assert.deepEqual(reader.events.filter(e => e.data.name === "turnpike.model").map(e => e.data.value.status), ["queued", "in_progress"]);
    const [record] = records(tag);
    assert.equal(record.body.background && record.body.store && record.body.stream, true);
    assert.deepEqual(record.gets, []);
    assert.equal(record.cancels, 0);
    assert.equal(await stack.redis("HGET", `tp:{dev}:turn:${reader.events[0].data.runId}`, "upstream"), "");
  });

  const PHASES = {
    "before the first word": {scenario: "text words=20 hold=0", at: r => r.events.some(e => e.data.value?.status === "in_progress")},
    "after the first word": {scenario: "text words=20 hold=1", at: r => r.text().length > 0},
    "in the middle of the text": {scenario: "text words=20 hold=12", at: r => r.text().split(" ").length > 10},
    "in the middle of a thought": {scenario: "think words=20 hold=2", at: r => r.types().includes("REASONING_MESSAGE_CONTENT")},
    "in the text behind a thought": {scenario: "think words=20 hold=9", at: r => r.text().length > 0},
    "in the middle of a tool's arguments": {scenario: `${EXPENSE} hold=4 | text words=20`, at: r => r.types().filter(t => t === "TOOL_CALL_ARGS").length > 0, tool: true},
    "in the text behind a tool": {scenario: `${EXPENSE} | text words=20 hold=5`, at: r => r.text().length > 0, tool: true},
  };
  for (const [name, phase] of Object.entries(PHASES)) {
    test(`kill -9 ${name}: the next worker goes on behind the last event`, async () => {
      const session_id = uuid(), tag = uuid(), user = `u-${tag}`, headers = {"X-Dev-User": user};
      const socket = await stack.socket(`/ws/${user}`, {headers});
      const reader = stack.chatStream(`${tag} [[${phase.scenario}]]`, {session_id}, {headers: {...headers, Accept: "text/event-stream"}});
      await reader.until("RUN_STARTED");
      socket.send({type: "subscribe", session_id});
      await stack.double.until(d => d.held > 0, "the model holds");
      await eventually(() => phase.at(reader), "the phase to be killed in");
      const record = records(tag).at(-1), shown = record.events.length;
      await kill(session_id);
      await reader.until(RESUMED);
      await stack.double.until(() => record.gets.length > 0, "the rest is asked for");
      stack.double.release();
      await reader.all();
      await socket.until(FINAL);
      assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
      assert.deepEqual(transcript(socket.events()), transcript(reader.events));
      assert.ok(!reader.types().includes("MESSAGES_SNAPSHOT"), reader.types().join(" "));
      assert.equal(posts(tag).length, phase.tool ? 2 : 1);
      assert.equal(record.gets.length, 1);
      assert.ok(record.gets[0] > 0 && record.gets[0] <= number(record.events[shown - 1]), `${record.gets[0]} of ${shown}`);
      const messages = await stored(session_id, headers);
      assert.match(messages.at(-1).content, WHOLE);
      assert.equal(said(reader), messages.at(-1).content);
      assert.equal(reader.types().filter(t => t === "TEXT_MESSAGE_START").length, 1);
      if (phase.tool) assert.equal(await recordsOf(user, "expense"), 1);
      if (name.includes("thought")) {
        const thought = messages.find(m => m.role === "reasoning");
        assert.equal(thought.content, "Let me see.");
        assert.match(thought.encryptedValue, /^responses-[0-9a-f]{8}:item:\{/);
      }
      assert.equal(record.cancels, 0);
      await socket.end();
    });
  }

  test("killed again and again: one question, one answer", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=3,8,14]]`, {session_id});
    for (const words of [3, 8, 14]) {
      await eventually(() => reader.text().split(" ").length > words, `${words} words`);
      await stack.double.until(d => d.held > 0, "the model holds");
      const [record] = records(tag), gets = record.gets.length;
      await kill(session_id);
      await stack.double.until(() => record.gets.length > gets, "the rest is asked for");
      stack.double.release();
    }
    await reader.all();
    const [record] = records(tag);
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.equal(posts(tag).length, 1);
    assert.equal(record.gets.length, 3);
    assert.deepEqual(record.gets, [...record.gets].sort((a, b) => a - b));
    assert.equal(said(reader), (await stored(session_id)).at(-1).content);
    assert.match(said(reader), WHOLE);
  });

  test("the stock AG-UI client takes the run of two workers as one", async () => {
    const threadId = uuid(), tag = uuid(), agent = new HttpAgent({url: `${stack.url}${API}/agui`, threadId}), events = [];
    agent.addMessage({id: uuid(), role: "user", content: `${tag} [[think words=20 hold=9]]`});
    const run = agent.runAgent({runId: uuid()}, {onEvent: ({event}) => { events.push(event); }});
    await eventually(() => events.some(e => e.type === "TEXT_MESSAGE_CONTENT"), "text");
    await stack.double.until(d => d.held > 0, "the model holds");
    await kill(threadId);
    await stack.double.until(() => records(tag)[0].gets.length > 0, "the rest is asked for");
    stack.double.release();
    await run;
    assert.equal(events.at(-1).type, "RUN_FINISHED");
    const messages = await stored(threadId);
    assert.deepEqual(agent.messages.map(m => [m.id, m.role, m.content ?? ""]), messages.map(m => [m.id, m.role, m.content ?? ""]));
    assert.match(agent.messages.at(-1).content, WHOLE);
    assert.equal(posts(tag).length, 1);
  });

  test("it fails behind the death of a worker, when the next one has said more: what is open is closed", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6,12]]`, {session_id});
    await eventually(() => reader.text().length > 0, "a word");
    await stack.double.until(d => d.held > 0, "the model holds");
    const [record] = records(tag);
    await kill(session_id);
    await stack.double.until(() => record.gets.length > 0, "the rest is asked for");
    await stack.double.go();
    await stack.double.until(d => d.held > 0, "the model holds again");
    stack.double.background.push(record, "response.failed", {type: "response.failed", sequence_number: 500,
      response: {...record.response, status: "failed", error: {code: "server_error", message: "The server had an error"}}});
    await reader.until("MESSAGES_SNAPSHOT");
    await stack.double.until(() => posts(tag).length === 2, "the model is asked anew");
    await eventually(() => { stack.double.release(); return reader.events.some(FINAL); }, "the end");
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    const types = reader.types();
    assert.equal(types.filter(t => t === "TEXT_MESSAGE_START").length, types.filter(t => t === "TEXT_MESSAGE_END").length);
    assert.ok(types.indexOf("TEXT_MESSAGE_END") < types.indexOf("MESSAGES_SNAPSHOT"));
    assert.match((await stored(session_id)).at(-1).content, WHOLE);
  });

  test("workers die at any moment: each viewer sees each character once", async () => {
    const sessions = Array.from({length: 12}, (_, i) => ({session_id: uuid(), tag: uuid(),
      scenario: i % 3 === 0 ? "think words=60 delay=15" : i % 3 === 1 ? `${EXPENSE} delay=15 | text words=60 delay=15` : "text words=80 delay=15"}));
    const readers = sessions.map(s => stack.chatStream(`${s.tag} [[${s.scenario}]]`, {session_id: s.session_id}));
    await Promise.all(readers.map(r => r.until("TEXT_MESSAGE_CONTENT")));
    for (let deaths = 0; deaths < 4 && !readers.every(r => r.events.some(FINAL)); deaths++) {
      for (const pid of new Set((await stack.seats("turn")).filter(w => w.turn).map(w => w.pid))) process.kill(pid, "SIGKILL");
      const seen = readers.map(r => r.events.filter(RESUMED).length);
      await eventually(() => readers.every((r, i) => r.events.some(FINAL) || r.events.filter(RESUMED).length > seen[i] || r.events.filter(RESUMED).length > deaths), "they go on");
      const words = readers.map(r => r.text().length);
      await eventually(() => readers.every((r, i) => r.events.some(FINAL) || r.text().length > words[i]), "they say more");
    }
    for (const [i, reader] of readers.entries()) {
      await reader.all();
      const {session_id, tag} = sessions[i], content = (await stored(session_id)).at(-1).content;
      assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
      assert.match(content, WHOLE);
      assert.ok(!reader.types().includes("MESSAGES_SNAPSHOT"), `${i}: ${reader.types().join(" ")}`);
      assert.equal(said(reader), content);
      assert.equal(posts(tag).length, i % 3 === 1 ? 2 : 1);
      assert.ok(records(tag).every(r => r.cancels === 0));
    }
    assert.ok(readers.some(r => r.events.filter(RESUMED).length > 1), "they were killed more than once");
  });

  test("a worker that has to leave hands the answer on", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await eventually(() => reader.text().split(" ").length > 5, "some words");
    await stack.double.until(d => d.held > 0, "the model holds");
    stack.writeSettings({drain: "100ms"});
    process.kill(stack.pid, "SIGHUP");
    const [record] = records(tag);
    await stack.double.until(() => record.gets.length > 0, "the rest is asked for", 30000);
    stack.double.release();
    await eventually(async () => (await stack.get(`/sessions/${session_id}`)).json.running_turn === null, "the turn has ended"); // the viewer's worker has left too
    const events = (await stack.redis("XRANGE", `tp:{dev}:s:${session_id}:log`, "-", "+")).split("\n").filter(l => / [-STF] \{/.test(l)).map(l => JSON.parse(l.slice(l.indexOf("{"))));
    assert.equal(events.at(-1).type, "RUN_FINISHED", JSON.stringify(events.at(-1)));
    assert.equal(posts(tag).length, 1);
    assert.equal(record.cancels, 0);
    assert.match(events.map(e => e.type === "TEXT_MESSAGE_CONTENT" ? e.delta : "").join(""), WHOLE);
    assert.ok(events.every(e => e.type !== "MESSAGES_SNAPSHOT"));
    assert.equal(events.filter(e => e.type === "TEXT_MESSAGE_END").length, 1);
    stack.writeSettings({drain: "5s"});
    await stack.reload();
  });

  test("the connection is cut: the same worker asks for the rest", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[cut words=20 after=7 later=2]]`, {session_id});
    await reader.all();
    const [record] = records(tag);
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.ok(!reader.events.some(RESUMED));
    assert.equal(posts(tag).length, 1);
    assert.deepEqual(record.gets, Array(3).fill(record.gets[0]), "twice 503, then the rest");
    assert.ok(record.gets[0] > 5);
    assert.match(said(reader), WHOLE);
    assert.equal(said(reader), (await stored(session_id)).at(-1).content);
  });

  test("the user stops it: the vendor is told", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await eventually(() => reader.text().length > 0, "a word");
    const turn = (await stack.get(`/sessions/${session_id}`)).json.running_turn;
    assert.equal((await stack.post(`/turns/${turn}/cancel`, {})).status, 202);
    await reader.all();
    const [record] = records(tag);
    await stack.double.until(() => record.cancels === 1, "it is cancelled");
    assert.equal(reader.last.data.outcome.type, "cancelled");
  });

  test("the user stops it while it has no worker: the next one tells the vendor", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await eventually(() => reader.text().length > 0, "a word");
    await stack.double.until(d => d.held > 0, "the model holds");
    const turn = (await stack.get(`/sessions/${session_id}`)).json.running_turn, {pid} = await workerOf(session_id);
    process.kill(pid, "SIGSTOP");
    assert.equal((await stack.post(`/turns/${turn}/cancel`, {})).status, 202);
    process.kill(pid, "SIGKILL");
    await reader.all();
    const [record] = records(tag);
    await stack.double.until(() => record.cancels === 1, "it is cancelled");
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.equal(reader.last.data.outcome.type, "cancelled");
    assert.equal(said(reader), (await stored(session_id)).at(-1).content);
    assert.equal(posts(tag).length, 1);
  });

  test("the vendor has forgotten it: the next worker asks anew, and the torn text goes", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await eventually(() => reader.text().length > 0, "a word");
    await stack.double.until(d => d.held > 0, "the model holds");
    stack.double.background.expire();
    await kill(session_id);
    await reader.until("MESSAGES_SNAPSHOT");
    await stack.double.until(() => posts(tag).length === 2, "the model is asked anew");
    await eventually(() => { stack.double.release(); return reader.events.some(FINAL); }, "the end");
    await reader.all();
    const text = (await stored(session_id)).at(-1).content;
    assert.match(text, WHOLE);
    assert.ok(said(reader).endsWith(text));
  });

  test("it failed at the vendor's while nobody listened: the next worker asks anew", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await eventually(() => reader.text().length > 0, "a word");
    await stack.double.until(d => d.held > 0, "the model holds");
    const [record] = records(tag), {pid} = await workerOf(session_id);
    process.kill(pid, "SIGSTOP");
    stack.double.background.push(record, "response.failed", {type: "response.failed", sequence_number: 500,
      response: {...record.response, status: "failed", error: {code: "server_error", message: "The server had an error"}}});
    process.kill(pid, "SIGKILL");
    await reader.until("MESSAGES_SNAPSHOT");
    assert.equal(record.gets.length, 1);
    await stack.double.until(() => posts(tag).length === 2, "the model is asked anew");
    await eventually(() => { stack.double.release(); return reader.events.some(FINAL); }, "the end");
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.match((await stored(session_id)).at(-1).content, WHOLE);
    assert.equal(record.cancels, 0);
  });

  test("it fails before a word: asked anew by the same worker", async () => {
    const tag = uuid(), session_id = uuid();
    const reader = stack.chatStream(`${tag} [[overloaded after=0 words=20 times=1 | text words=20]]`, {session_id});
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.equal(posts(tag).length, 2);
    assert.match(said(reader), WHOLE);
  });

  test("the connection breaks for good in the middle: the turn says so, and the vendor is told", async () => {
    stack.writeSettings({"model.idle": "500ms"});
    await stack.reload();
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[cut words=20 after=7 later=99]]`, {session_id});
    await eventually(() => reader.events.some(FINAL), "the end", 60000);
    const [record] = records(tag);
    assert.equal(reader.last.data.code, "model_interrupted", JSON.stringify(reader.last.data));
    assert.equal(record.gets.length, 8);
    await stack.double.until(() => record.cancels === 1, "it is cancelled");
    stack.writeSettings({"model.idle": "60s"});
    await stack.reload();
  });

  test("the time of the turn is over: the vendor is told", async () => {
    stack.writeSettings({"turn.time": "2s"});
    await stack.reload();
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await reader.all();
    const [record] = records(tag);
    assert.equal(reader.last.data.code, "turn_deadline");
    await stack.double.until(() => record.cancels === 1, "it is cancelled");
    stack.writeSettings({"turn.time": "120s"});
    await stack.reload();
  });

  test("a server that knows no background mode is asked without it", async () => {
    const tag = uuid();
    stack.double.refuse = (api, body) => body?.background ? [400, {error: {message: "Unknown parameter: 'background'.", type: "invalid_request_error", param: "background", code: "unknown_parameter"}}] : undefined;
    const reply = await stack.chat(`${tag} [[text words=3]]`, {session_id: uuid()});
    stack.double.refuse = undefined;
    assert.equal(reply.status, 200, reply.text);
    assert.equal(posts(tag).at(-1).body.store, false);
  });
});

describe("answers that are not in the background", () => {
  let stack;
  before(async () => { stack = await Stack.start({chain: "responses", settings: {"respawn.min": "50ms"}}); });
  after(() => stack.stop());

  test("kill -9: the next worker asks anew, and the torn text goes", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await eventually(() => reader.text().length > 0, "a word");
    await stack.double.until(d => d.held > 0, "the model holds");
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.session === session_id), "its worker");
    process.kill(pid, "SIGKILL");
    await reader.until("MESSAGES_SNAPSHOT");
    await eventually(() => { stack.double.release(); return reader.events.some(FINAL); }, "the end");
    await reader.all();
    assert.equal(stack.double.requests.filter(r => r.raw.includes(tag)).length, 2);
    assert.ok(stack.double.requests.every(r => r.method === "POST"));
    assert.match((await stack.get(`/sessions/${session_id}/messages`)).json.messages.at(-1).content, WHOLE);
  });
});
