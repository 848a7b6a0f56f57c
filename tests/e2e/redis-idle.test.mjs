// SPDX-License-Identifier: BSD-2-Clause
// Redis closes connections that nobody uses: by its own `timeout`, by an administrator, by a restart. Whoever
// comes next must not notice, whichever worker and whichever route.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, SLOW, Stack, uuid} from "./harness.mjs";

const RATES = {"rate.chat_user": 100000, "rate.api_user": 100000, "rate.feedback_user": 100000, "rate.ws_messages": 100000,
  "rate.tools_minute": 100000, "rate.tools_day": 100000};

/** Requests of every kind, each by a worker whose connections were closed since its last one. */
async function requestsOf(stack, user) {
  const headers = {"X-Dev-User": user}, session_id = uuid(), options = {headers};
  const said = await stack.chat("x [[text words=3]]", {session_id}, options);
  assert.equal(said.status, 200, said.text);
  const socket = await stack.socket("/ws", options), turn = said.json.turn_id;
  const kinds = {
    "POST /chat": () => stack.chat("x [[text words=3]]", {session_id}, options),
    "POST /chat of a new session": () => stack.chat("x [[text words=3]]", {}, options),
    "POST /chat, not waited for": () => stack.post("/chat", {message: "x [[text words=3]]"}, {headers: {...headers, Prefer: "respond-async"}}),
    "POST /chat as a stream": async () => {
      const events = stack.chatStream("x [[text words=3]]", {session_id}, {headers: {Accept: "text/event-stream", ...headers}});
      await events.response;
      if (events.status === 200) await events.until("RUN_FINISHED");
      return events;
    },
    "GET /sessions": () => stack.get("/sessions", options),
    "GET /sessions/{id}/messages": () => stack.get(`/sessions/${session_id}/messages`, options),
    "GET /sessions/{id}/events": async () => {
      const events = stack.sse(`/sessions/${session_id}/events?from=start`, options);
      await events.response;
      events.drop();
      return events;
    },
    "GET /streams/sessions/{id}": () => stack.get(`/streams/sessions/${session_id}`, options),
    "GET /streams/turns/{id} by long-poll": () => stack.get(`/streams/turns/${turn}?offset=-1&live=long-poll`, options),
    "PATCH /sessions/{id}": () => stack.request("PATCH", `/sessions/${session_id}`, {body: {title: "Another"}, headers}),
    "GET /turns/{id}": () => stack.get(`/turns/${turn}`, options),
    "POST /cancel": () => stack.post("/cancel", {client_message_id: uuid()}, options),
    "PUT /context": () => stack.request("PUT", "/context", {body: {context: {a: 1}}, headers}),
    "GET /context": () => stack.get("/context", options),
    "POST /tools without a key": () => stack.post("/tools/set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 3600}, options),
    "POST /tools with a key": () => stack.post("/tools/set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 3600},
      {headers: {...headers, "Idempotency-Key": uuid()}}),
    "GET /inbox": () => stack.get("/inbox", options),
    "GET /export": () => stack.get("/export", options),
    "GET /health/ready": () => stack.get("/health/ready"),
    "a ticket and its socket": async () => {
      const reply = await stack.post("/ws-ticket", {}, options);
      if (reply.status !== 200 && reply.status !== 201) return reply;
      await closeAll(stack);
      await (await stack.socket(`/ws?ticket=${reply.json.ticket}`)).end();
      return reply;
    },
    "a message by an open socket": async () => {
      const client_message_id = uuid(), from = socket.frames.length;
      socket.message("x [[text words=3]]", {session_id, client_message_id});
      const end = await socket.until(f => ["RUN_FINISHED", "RUN_ERROR", "error"].includes(f.type));
      return {status: end.type === "RUN_FINISHED" ? 200 : 503, text: JSON.stringify(socket.frames.slice(from))};
    },
  };
  return {kinds, end: () => socket.end()};
}

/** All connections that workers use for commands, and those that subscribe. */
async function closeAll(stack) {
  for (const type of ["normal", "pubsub"]) await stack.redis("client", "kill", "type", type, "skipme", "yes");
}

/** The connections are closed of all but the housekeeper, which asks every second, and the stream workers, which ping. */
function onlyBusyOnes(stack) {
  return eventually(async () => {
    const last = [...(await stack.redis("client", "list")).matchAll(/ cmd=(\S+)/g)].map(([, cmd]) => cmd);
    return last.filter(cmd => cmd === "evalsha").length <= 1 && last.every(cmd => /^(evalsha|ping|subscribe|client.*)$/.test(cmd));
  }, "what was idle is closed");
}

describe("connections that Redis closed while they were idle", () => {
  let stack;
  before(async () => { stack = await Stack.start({durable: true, settings: RATES}); });
  after(() => stack?.stop());

  for (const [what, close] of [
    ["of commands", () => stack.redis("client", "kill", "type", "normal", "skipme", "yes")],
    ["all", () => closeAll(stack)],
  ]) {
    test(`closed by an administrator, ${what}: the next request of every kind is served`, async () => {
      const {kinds, end} = await requestsOf(stack, "ann"), failed = [];
      for (let round = 0; round < 3; round++) {
        for (const [kind, request] of Object.entries(kinds)) {
          await close();
          const reply = await request();
          if (reply.status >= 300) failed.push(`${kind}: ${reply.status} ${reply.text?.slice?.(0, 300)}`);
        }
      }
      assert.deepEqual(failed, []);
      await end();
    });
  }

  test("closed by Redis' own timeout: the same", async () => {
    const {kinds, end} = await requestsOf(stack, "bea"), failed = [];
    await stack.redis("config", "set", "timeout", "1");
    try {
      for (const kind of ["POST /chat", "GET /sessions", "POST /tools with a key", "a message by an open socket", "a ticket and its socket"]) {
        const request = kinds[kind];
        await onlyBusyOnes(stack);
        const reply = await request();
        if (reply.status >= 300) failed.push(`${kind}: ${reply.status} ${reply.text?.slice?.(0, 300)}`);
      }
    } finally {
      await stack.redis("config", "set", "timeout", "0");
    }
    assert.deepEqual(failed, []);
    await end();
  });

  test("ended by a restart: the first request after it is back is served", async () => {
    const {kinds, end} = await requestsOf(stack, "cem"), failed = [];
    for (const [kind, request] of Object.entries(kinds)) {
      stack.parts.redis.kill("SIGTERM");
      await stack.parts.redis.ended;
      await stack.startRedis();
      await eventually(async () => await stack.redis("ping").catch(() => "") === "PONG", "Redis answers");
      const reply = await request();
      if (reply.status >= 300) failed.push(`${kind}: ${reply.status} ${reply.text?.slice?.(0, 300)}`);
    }
    assert.deepEqual(failed, []);
    await end();
  });

  test("closed while Redis pauses: who asked then is served when it goes on, once", async () => {
    const session_id = uuid(), client_message_id = uuid();
    await stack.redis("client", "pause", "60000", "write");
    const asked = stack.chat("x [[text words=3 joined]]", {session_id, client_message_id});
    await eventually(async () => Number(/blocked_clients:(\d+)/.exec(await stack.redis("info", "clients"))[1]) > 0, "it waits in Redis");
    await closeAll(stack);
    await stack.redis("client", "unpause");
    const reply = await asked;
    assert.equal(reply.status, 200, reply.text);
    const {messages} = (await stack.get(`/sessions/${session_id}/messages`)).json;
    assert.deepEqual(messages.map(m => m.role), ["user", "assistant"]);
  });

  test("closed under a running turn: it ends whole", async () => {
    const session_id = uuid(), events = stack.chatStream("x [[text words=40 hold=20]]", {session_id});
    await events.until(() => events.text().split(" ").length >= 20);
    await closeAll(stack);
    await stack.double.go();
    await events.until("RUN_FINISHED", 30000 * SLOW);
    assert.equal(events.text().split(" ").length, 40);
  });
});
