// SPDX-License-Identifier: BSD-2-Clause
// A turn worker that dies: another one goes on with its turn, on the same stream and cursor.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import {once} from "node:events";
import {HttpAgent} from "@ag-ui/client";
import {API, eventually, pause, Stack, transcript, uuid} from "./harness.mjs";

const EXPENSE = "tool name=create_expense args={\"amount\":12.5,\"category\":\"diesel\"}";
const WHOLE = /^The road north follows the coast for most of the day.*\.$/s;
const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes((e.data ?? e).type);

/** A routing service that keeps its callers waiting until it is released. */
async function startSlowRoutes() {
  const waiting = new Set();
  const server = http.createServer((request, response) => {
    if (server.quick) answer(response);
    else waiting.add(response);
  });
  const answer = response => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({code: "Ok", routes: [{distance: 916000, duration: 36000, legs: [{distance: 916000, duration: 36000}]}]}));
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, {waiting, url: `http://127.0.0.1:${server.address().port}`, quick: false});
}

describe("a turn whose worker is killed", () => {
  let stack, routes;
  const times = [];
  before(async () => {
    routes = await startSlowRoutes();
    stack = await Stack.start({settings: {"respawn.min": "50ms", "osrm.url": routes.url}});
  });
  after(async () => {
    routes.closeAllConnections();
    routes.close();
    times.sort((a, b) => a - b);
    console.log(`takeover times in ms, from the kill to the next event: ${times.map(t => t.toFixed(0)).join(" ")}`);
    await stack.stop();
  });

  const workerOf = session => eventually(async () =>
    (await stack.seats("turn")).find(w => w.session === session || w.turn === session), `a worker of ${session}`);
  const requestsWith = tag => stack.double.requests.filter(r => r.raw.includes(tag));
  const recordsOf = (user, family) => stack.redis("HLEN", `tp:{${user}}:r:${family}`).then(Number);

  async function kill(session) {
    const {pid, turn} = await workerOf(session);
    const calls = stack.double.requests.length;
    process.kill(pid, "SIGKILL");
    const began = performance.now();
    stack.double.release(); // what the dead one was being told
    return {turn, began, calls};
  }
  /** The next worker has asked the model and is told the whole of it. */
  async function goOn(calls) {
    await stack.double.until(d => d.requests.length > calls, "the next worker asks the model");
    await eventually(() => { stack.double.release(); return stack.double.requests.every(r => !r.open); }, "the model has answered");
  }
  const resumed = e => (e.data ?? e).name === "turnpike.resumed";

  const PHASES = {
    "before the model's first word": {scenario: "text words=20 hold=0", at: r => r.types().includes("RUN_STARTED"), requests: 2},
    "after the first word": {scenario: "text words=20 hold=1", at: r => r.text().length > 0, requests: 2, torn: true},
    "in the middle of the text": {scenario: "text words=20 hold=12", at: r => r.text().split(" ").length > 10, requests: 2, torn: true},
    "in the middle of a tool's arguments": {scenario: `${EXPENSE} hold=4 | text words=20`, at: r => r.types().filter(t => t === "TOOL_CALL_ARGS").length > 0,
      requests: 3, torn: true, tool: true},
    "between a tool and the model": {scenario: `${EXPENSE} | text words=20 hold=0`, at: r => r.types().includes("TOOL_CALL_RESULT"), requests: 3, tool: true},
    "in the text behind a tool": {scenario: `${EXPENSE} | text words=20 hold=5`, at: r => r.text().length > 0, requests: 3, tool: true, torn: true},
  };
  for (const [name, phase] of Object.entries(PHASES)) {
    test(`${name}: the same streams go on to the whole answer, and a tool has written once`, async () => {
      const session_id = uuid(), tag = uuid(), user = `u-${tag}`, headers = {"X-Dev-User": user};
      const text = `${tag} [[${phase.scenario}]]`;
      const socket = await stack.socket(`/ws/${user}`, {headers});
      const reader = stack.chatStream(text, {session_id}, {headers: {...headers, Accept: "text/event-stream"}});
      await reader.until("RUN_STARTED");
      socket.send({type: "subscribe", session_id});
      await eventually(() => phase.at(reader), "the phase to be killed in");
      await stack.double.until(d => d.held > 0, "the model holds");
      if (phase.scenario.endsWith("hold=0")) await eventually(async () => (await workerOf(session_id)).stage === "model-wait", "it waits for the model");
      const {began, calls} = await kill(session_id);
      await reader.until(resumed);
      times.push(performance.now() - began);
      await goOn(calls);
      await reader.all();
      await socket.until(FINAL);
      const last = reader.last.data;
      assert.equal(last.type, "RUN_FINISHED", JSON.stringify(last));
      assert.equal(reader.events.filter(FINAL).length, 1);
      assert.deepEqual(transcript(socket.events()), transcript(reader.events));
      assert.equal(reader.types().includes("MESSAGES_SNAPSHOT"), !!phase.torn, reader.types().join(" "));
      assert.equal(requestsWith(tag).length, phase.requests);
      if (phase.tool) assert.equal(await recordsOf(user, "expense"), 1);
      const stored = (await stack.get(`/sessions/${session_id}/messages`, {headers})).json.messages;
      assert.match(stored.at(-1).content, WHOLE);
      const after = reader.events.slice(reader.events.findIndex(resumed)).filter(e => e.data.type === "TEXT_MESSAGE_CONTENT");
      assert.equal(after.map(e => e.data.delta).join(""), stored.at(-1).content);
      assert.ok(after.every(e => e.data.messageId === stored.at(-1).id));
      assert.deepEqual(stored.map(m => m.role), phase.tool ? ["user", "assistant", "tool", "assistant"] : ["user", "assistant"]);
      await socket.end();
    });
  }

  test("while a tool waits for the network: it is called again, and has written once", async () => {
    const session_id = uuid(), tag = uuid(), user = `u-${tag}`, headers = {"X-Dev-User": user};
    const reader = stack.chatStream(`${tag} [[tool name=plan_trip args={"origin":"-33.87,151.21","destination":"-27.47,153.02"} | text words=20]]`,
      {session_id}, {headers: {...headers, Accept: "text/event-stream"}});
    await reader.until("TOOL_CALL_END");
    await eventually(async () => (await workerOf(session_id)).stage === "tool" && routes.waiting.size > 0, "the tool waits")
      .catch(async error => { throw new Error(`${error.message}; ${reader.types().join(" ")}`); });
    routes.quick = true;
    const {began} = await kill(session_id);
    await reader.until(resumed);
    times.push(performance.now() - began);
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
    assert.equal(reader.types().filter(t => t === "TOOL_CALL_RESULT").length, 1);
    assert.equal(JSON.parse(reader.events.find(e => e.data.type === "TOOL_CALL_RESULT").data.content).success, true);
    assert.equal(await recordsOf(user, "trip"), 1);
    assert.equal(requestsWith(tag).length, 2);
  });

  test("the stock AG-UI client accepts it and has the stored conversation in the end", async () => {
    const threadId = uuid(), agent = new HttpAgent({url: `${stack.url}${API}/agui`, threadId}), warnings = [], events = [];
    agent.addMessage({id: uuid(), role: "user", content: `[[${EXPENSE} | text words=20 hold=7]]`});
    const warn = console.warn;
    console.warn = (...args) => warnings.push(args.join(" "));
    try {
      const run = agent.runAgent({runId: uuid()}, {onEvent: ({event}) => { events.push(event); }});
      await eventually(() => events.some(e => e.type === "TEXT_MESSAGE_CONTENT"), "text");
      await stack.double.until(d => d.held > 0, "the model holds");
      const {calls} = await kill(threadId);
      await goOn(calls);
      await run;
    } finally {
      console.warn = warn;
    }
    assert.deepEqual(warnings, []);
    assert.equal(events.at(-1).type, "RUN_FINISHED");
    const stored = (await stack.get(`/sessions/${threadId}/messages`)).json.messages;
    assert.deepEqual(agent.messages.map(m => [m.id, m.role, m.content ?? ""]), stored.map(m => [m.id, m.role, m.content ?? ""]));
    assert.match(agent.messages.at(-1).content, WHOLE);
  });

  test("a JSON client that asks again with its message id gets the whole answer", async () => {
    const session_id = uuid(), body = {session_id, client_message_id: uuid()};
    const pending = stack.chat("x [[text words=20 hold=2]]", body);
    await stack.double.until(d => d.held > 0, "the model holds");
    const {calls} = await kill(session_id);
    const lost = await pending;
    assert.equal(lost.status, 502);
    assert.equal(lost.json.retryable, true);
    const again = stack.chat("x [[text words=20 hold=2]]", body);
    await goOn(calls);
    const reply = await again;
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.json.response, WHOLE);
  });

  test("frozen instead of dead: shut out when it wakes up", async () => {
    stack.writeSettings({lease: "3s"});
    process.kill(stack.pid, "SIGHUP");
    await eventually(async () => (await stack.workers("turn")).every(w => w.generation === 2), "the new settings are in use");
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=6]]`, {session_id});
    await reader.until("TEXT_MESSAGE_CONTENT");
    await stack.double.until(d => d.held > 0, "the model holds");
    const {pid} = await workerOf(session_id);
    const calls = stack.double.requests.length;
    process.kill(pid, "SIGSTOP");
    await reader.until(resumed);
    process.kill(pid, "SIGCONT");
    await goOn(calls);
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_FINISHED");
    assert.equal(reader.events.filter(FINAL).length, 1);
    const stored = (await stack.get(`/sessions/${session_id}/messages`)).json.messages;
    assert.equal(stored.length, 2);
    assert.match(stored[1].content, WHOLE);
    await eventually(async () => (await stack.seats("turn")).find(w => w.pid === pid)?.session !== session_id, "the frozen one has let go");
    process.kill(pid, 0); // it lives
  });

  // A turn that only waits is spared when its worker is killed, eight times; then each death counts.
  test("again and again: it goes on as long as it is spared, then it ends with an error", async () => {
    const session_id = uuid(), client_message_id = uuid(), trace = "0123456789abcdef0123456789abcdef";
    const message = {message: "x [[text words=20 hold=3]]", session_id, client_message_id};
    const reader = stack.sse("/chat", {method: "POST", body: message, headers: {Accept: "text/event-stream", traceparent: `00-${trace}-0123456789abcdef-01`}});
    let deaths = 0;
    for (const ended = () => reader.events.some(FINAL); ; deaths++) {
      await eventually(() => ended() || reader.events.filter(e => e.data.type === "TEXT_MESSAGE_START").length === deaths + 1, `attempt ${deaths + 1}`);
      await eventually(() => ended() || stack.double.held > 0, "the model holds");
      if (ended()) break;
      assert.ok(deaths < 12, "it ends at last");
      await kill(session_id);
    }
    assert.ok(deaths >= 3, `${deaths} deaths`);
    await reader.all();
    assert.equal(reader.last.data.type, "RUN_ERROR");
    assert.equal(reader.last.data.code, "turn_attempts");
    assert.equal(reader.events.filter(FINAL).length, 1);
    // What was on the screen and is not stored is closed and taken back.
    const events = reader.events.map(e => e.data);
    assert.deepEqual(events.slice(-3).map(e => e.type), ["TEXT_MESSAGE_END", "MESSAGES_SNAPSHOT", "RUN_ERROR"]);
    assert.equal(events.at(-3).messageId, events.findLast(e => e.type === "TEXT_MESSAGE_START").messageId);
    assert.equal(events.filter(e => e.type === "TEXT_MESSAGE_START").length, events.filter(e => e.type === "TEXT_MESSAGE_END").length);
    const stored = (await stack.get(`/sessions/${session_id}/messages`)).json.messages;
    assert.deepEqual(events.at(-2).messages.map(m => [m.id, m.role]), stored.map(m => [m.id, m.role]));
    assert.deepEqual(stored.map(m => m.role), ["user"]);
    const {status, json} = await stack.post("/chat", message); // the same id gives the same failure
    assert.deepEqual([status, json.type, json.status, json.code, json.retryable, json.trace_id, json.session_id],
      [500, "urn:turnpike:problem:turn_attempts", 500, "turn_attempts", true, trace, session_id]);
    assert.ok(json.turn_id && json.detail);
    assert.equal((await stack.chat("again [[text say=Here.]]", {session_id})).json.response, "Here.");
  });

  test("its session deleted in the middle: what is open is closed before the end", async () => {
    const session_id = uuid();
    const reader = stack.chatStream("x [[text words=20 hold=3]]", {session_id});
    await reader.until("TEXT_MESSAGE_CONTENT");
    await stack.double.until(d => d.held > 0, "the model holds");
    assert.equal((await stack.request("DELETE", `/sessions/${session_id}`)).status, 200);
    await reader.all();
    assert.deepEqual(reader.types().slice(-2), ["TEXT_MESSAGE_END", "RUN_ERROR"]);
    assert.equal(reader.last.data.code, "session_deleted");
    stack.double.release();
  });

  test("a restart in the middle: the turn goes on in the next generation", async () => {
    const session_id = uuid();
    stack.writeSettings({drain: "1s"});
    const reader = stack.chatStream("x [[text words=20 hold=9]]", {session_id});
    await reader.until("TEXT_MESSAGE_CONTENT");
    await stack.double.until(d => d.held > 0, "the model holds");
    const cursor = reader.last.id, before = reader.events.length, calls = stack.double.requests.length;
    stack.parts.turnpiked.kill("SIGTERM");
    await stack.parts.turnpiked.ended;
    stack.double.release();
    await stack.startDaemon();
    const again = stack.sse(`/sessions/${session_id}/events`, {headers: {"Last-Event-ID": cursor}});
    await goOn(calls);
    await again.until(FINAL);
    assert.equal(again.last.data.type, "RUN_FINISHED");
    assert.ok(before > 0);
    const stored = (await stack.get(`/sessions/${session_id}/messages`)).json.messages;
    assert.match(stored.at(-1).content, WHOLE);
    again.drop();
    await pause(0);
  });
});
