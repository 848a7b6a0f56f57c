// SPDX-License-Identifier: BSD-2-Clause
// Stop: from any connection, at any moment; the model's connection is closed and the run ends as
// cancelled, once.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import http from "node:http";
import {eventually, Stack, uuid} from "./harness.mjs";

const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes(e.type);
const STOPS = 40;

describe("stop", () => {
  let stack, routes;
  before(async () => {
    routes = http.createServer(() => {}); // a routing service that never answers
    routes.listen(0, "127.0.0.1");
    await once(routes, "listening");
    stack = await Stack.start({settings: {"osrm.url": `http://127.0.0.1:${routes.address().port}`}});
  });
  after(async () => {
    routes.closeAllConnections();
    routes.close();
    await stack.stop();
  });

  const requestOf = tag => stack.double.requests.findLast(r => r.raw.includes(tag));
  /** Exactly one final event, and it says cancelled; the model's caller has hung up. */
  async function assertStopped(turn, session_id, tag, asked = true) {
    const all = await stack.redis("XRANGE", `tp:{dev}:s:${session_id}:log`, "-", "+");
    const finals = all.split("\n").filter(l => l.startsWith(`${turn} F `)).map(l => JSON.parse(l.slice(turn.length + 3)));
    assert.equal(finals.length, 1, all);
    assert.equal(finals[0].type, "RUN_FINISHED");
    assert.equal(finals[0].outcome?.type ?? finals[0].outcome, "cancelled", JSON.stringify(finals[0]));
    assert.equal((await stack.get(`/turns/${turn}`)).json.state, "cancelled");
    if (asked) await stack.double.until(() => requestOf(tag)?.open === false, "the double's caller has hung up");
  }

  const STATES = {
    "while the model is silent": {scenario: "silent", at: (r, tag) => requestOf(tag)},
    "before the model's first word": {scenario: "text words=20 hold=0", at: () => stack.double.held > 0},
    "in the middle of the text": {scenario: "text words=20 hold=7", at: r => r.text().length > 0},
    "in the middle of a tool's arguments": {scenario: "tool name=create_expense args={\"amount\":12.5,\"category\":\"diesel\"} hold=3",
      at: r => r.types().includes("TOOL_CALL_ARGS")},
    "while a tool waits for the network": {scenario: "tool name=plan_trip args={\"origin\":\"-33.87,151.21\",\"destination\":\"-27.47,153.02\"} | text",
      at: r => r.types().includes("TOOL_CALL_END")},
  };
  for (const [name, state] of Object.entries(STATES)) {
    test(`${name}: an SSE run is stopped over HTTP`, async () => {
      const session_id = uuid(), tag = uuid();
      const reader = stack.chatStream(`${tag} [[${state.scenario}]]`, {session_id});
      await reader.until("RUN_STARTED");
      await eventually(() => state.at(reader, tag), "the state to stop it in");
      const turn = (await stack.get(`/sessions/${session_id}`)).json.running_turn;
      const stopped = await stack.post(`/turns/${turn}/cancel`, {});
      assert.equal(stopped.status, 202, stopped.text);
      await reader.all();
      assert.equal(reader.events.filter(e => FINAL(e.data)).length, 1);
      await assertStopped(turn, session_id, tag);
    });
  }

  test("an SSE run by a socket, a socket's run over HTTP, a JSON client's run by a socket", async () => {
    const socket = await stack.socket();
    for (const kind of ["sse", "socket", "json"]) {
      const session_id = uuid(), tag = uuid(), text = `${tag} [[text words=20 hold=5]]`;
      let reader, reply;
      socket.send({type: "subscribe", session_id});
      if (kind === "sse") reader = stack.chatStream(text, {session_id});
      else if (kind === "json") reply = stack.chat(text, {session_id});
      else socket.message(text, {session_id});
      await stack.double.until(d => d.held > 0, "an answer is held");
      const turn = (await stack.get(`/sessions/${session_id}`)).json.running_turn;
      if (kind === "socket") {
        assert.equal((await stack.post(`/sessions/${session_id}/cancel`, {})).status, 202);
      } else {
        socket.send({type: "cancel", session_id});
        assert.equal((await socket.until("cancel_result")).turn_id, turn);
      }
      // The run's end may come before the answer to the stop.
      await eventually(() => socket.events().some(e => FINAL(e) && e.threadId === session_id), "the end of the run");
      await reader?.all();
      if (reply) assert.equal((await reply).json.code, "turn_cancelled");
      await assertStopped(turn, session_id, tag);
    }
    await socket.end();
  });

  test("by the client's message id, before the run's id is known", async () => {
    const session_id = uuid(), tag = uuid(), client_message_id = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=5]]`, {session_id, client_message_id});
    await stack.double.until(d => d.held > 0, "an answer is held");
    const stopped = await stack.post("/cancel", {client_message_id});
    assert.equal(stopped.status, 202, stopped.text);
    await reader.all();
    await assertStopped(stopped.json.turn_id, session_id, tag);
  });

  for (const by of ["HTTP", "a socket"]) {
    test(`by ${by}, before its message has arrived: the model is never asked`, async () => {
      const session_id = uuid(), tag = uuid(), client_message_id = uuid();
      if (by === "HTTP") {
        assert.equal((await stack.post("/cancel", {client_message_id})).status, 202);
      } else {
        const socket = await stack.socket();
        socket.send({type: "cancel", client_message_id});
        await socket.until("cancel_result");
        await socket.end();
      }
      const reader = stack.chatStream(`${tag} [[text words=20]]`, {session_id, client_message_id});
      await reader.all();
      const turn = (await stack.chat(`${tag} [[text words=20]]`, {session_id, client_message_id}, {headers: {Prefer: "respond-async"}})).json.turn_id;
      await assertStopped(turn, session_id, tag, false);
      assert.equal(requestOf(tag), undefined);
    });
  }

  test("of a queued turn: it ends in its turn, the others are untouched", async () => {
    const session_id = uuid(), tag = uuid(), headers = {Prefer: "respond-async"};
    const send = async text => (await stack.chat(text, {session_id}, {headers})).json.turn_id;
    const first = await send("one [[text words=9 hold=3]]");
    await stack.double.until(d => d.held > 0, "an answer is held");
    const second = await send(`${tag} [[text words=9]]`), third = await send("three [[text words=9]]");
    const stopped = await stack.post(`/turns/${second}/cancel`, {});
    assert.equal(stopped.status, 202);
    assert.equal(stopped.json.state, "queued");
    await stack.double.go();
    for (const turn of [first, third]) {
      await eventually(async () => (await stack.get(`/turns/${turn}`)).json.state === "done", "it is done");
    }
    await assertStopped(second, session_id, tag, false);
    assert.equal(requestOf(tag)?.body?.messages.at(-1).content?.includes?.(tag) ?? false, false);
  });

  test("twice, and of a turn that has ended, changes nothing", async () => {
    const session_id = uuid(), tag = uuid();
    const reader = stack.chatStream(`${tag} [[text words=20 hold=5]]`, {session_id});
    await stack.double.until(d => d.held > 0, "an answer is held");
    const turn = (await stack.get(`/sessions/${session_id}`)).json.running_turn;
    await Promise.all([1, 2, 3].map(() => stack.post(`/turns/${turn}/cancel`, {})));
    await reader.all();
    const late = await stack.post(`/turns/${turn}/cancel`, {});
    assert.equal(late.status, 200);
    assert.equal(late.json.stopping, false);
    await assertStopped(turn, session_id, tag);
  });

  test(`how long it takes: ${STOPS} stops`, async () => {
    const times = [], closed = [];
    for (let i = 0; i < STOPS; i++) {
      const session_id = uuid(), tag = uuid();
      const reader = stack.chatStream(`${tag} [[text words=20 hold=${i % 2 ? 8 : 0}]]`, {session_id});
      await stack.double.until(() => requestOf(tag) && stack.double.held > 0, "an answer is held");
      const turn = (await stack.get(`/sessions/${session_id}`)).json.running_turn;
      const began = performance.now();
      const hangUp = stack.double.until(() => !requestOf(tag).open, "hung up").then(() => closed.push(performance.now() - began));
      const stop = stack.post(`/turns/${turn}/cancel`, {});
      await reader.until(e => FINAL(e.data));
      times.push(performance.now() - began);
      await Promise.all([stop, hangUp, reader.all()]);
    }
    for (const [what, list] of [["until RUN_FINISHED", times], ["until the model's connection is closed", closed]]) {
      list.sort((a, b) => a - b);
      console.log(`stop, ${what}: median ${list[STOPS / 2].toFixed(1)} ms, worst ${list.at(-1).toFixed(1)} ms of ${STOPS}`);
    }
  });
});
