// SPDX-License-Identifier: BSD-2-Clause
// A Redis that answers late: turns end whole, nothing is taken over that somebody runs, nothing comes twice.
// And one that was away: the first request after it is back is served.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {join} from "node:path";
import {RedisProxy} from "../doubles/redis-proxy.mjs";
import {eventually, pause, SLOW, Stack, transcript, uuid} from "./harness.mjs";

const LONG = 90000 * SLOW;
const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes((e.data ?? e).type);
const EXPENSE = "tool name=create_expense args={\"amount\":12.5,\"category\":\"diesel\"}";

describe("a Redis that answers 50 to 200 ms late", () => {
  let stack, proxy;
  before(async () => {
    stack = await Stack.start({settings: {lease: "10s", "redis.timeout": "5s"}});
    proxy = await RedisProxy.start({path: join(stack.run, "redis.sock")}, join(stack.run, "slow.sock"));
    stack.writeSettings({"redis.socket": join(stack.run, "slow.sock")});
    await stack.reload(LONG);
    proxy.delay = () => 50 + Math.random() * 150;
  });
  after(async () => {
    await stack?.stop();
    proxy?.close();
  });

  async function run(n) {
    const user = `u-${n}`, headers = {"X-Dev-User": user}, session_id = uuid();
    const socket = await stack.socket(`/ws?session_id=${session_id}`, {headers});
    const reader = stack.chatStream(`x [[${EXPENSE} delay=20 | text words=60 delay=20]]`, {session_id, client_message_id: uuid()},
      {headers: {...headers, Accept: "text/event-stream"}});
    await reader.all(LONG);
    const {turn_id} = {turn_id: reader.events[0].data.runId};
    assert.equal(reader.last?.data.type, "RUN_FINISHED", reader.raw.toString().slice(-500));
    await socket.until(FINAL, LONG);
    return {user, session_id, socket, reader, turn_id};
  }

  test("turns with tools end whole, in their first attempt, and are seen once and in order", async () => {
    const runs = await Promise.all(Array.from({length: 6}, (_, n) => run(n)));
    for (const {user, session_id, socket, reader} of runs) {
      const seen = transcript(reader.events), texts = seen.filter(e => e.type === "TEXT_MESSAGE_CONTENT");
      assert.equal(texts.length, 1);
      assert.equal(texts[0].delta.split(" ").length, 60);
      assert.deepEqual(transcript(socket.events().filter(e => e.metadata?.cursor)), seen);
      assert.equal(new Set(reader.events.map(e => e.id)).size, reader.events.length);
      assert.ok(!reader.events.some(e => e.data.name === "turnpike.resumed"), "taken over though its worker was alive");
      assert.equal(await stack.redis("HLEN", `tp:{${user}}:r:expense`), "1");
      const log = await stack.redis("XRANGE", `tp:{${user}}:s:${session_id}:log`, "-", "+");
      assert.equal(log.split("\n").filter(line => / F \{/.test(line)).length, 1);
      await socket.end();
    }
  });

  test("bursts of silence shorter than the lease: the same", async () => {
    const bursts = (async () => {
      for (let i = 0; i < 4; i++) await stack.redis("EVAL", "local t = redis.call('TIME') local e = t[1] * 1000000 + t[2] + 400000 "
        + "repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] > e return 1", "0");
    })();
    const runs = await Promise.all(Array.from({length: 3}, (_, n) => run(`b${n}`)));
    await bursts;
    for (const {socket, reader} of runs) {
      assert.equal(transcript(reader.events).filter(e => e.type === "TEXT_MESSAGE_CONTENT")[0].delta.split(" ").length, 60);
      assert.ok(!reader.events.some(e => e.data.name === "turnpike.resumed"));
      await socket.end();
    }
  });
});

describe("a Redis that was away", () => {
  let stack;
  before(async () => { stack = await Stack.start({durable: true}); });
  after(() => stack.stop());

  test("the first request to each worker after it is back is served, however often it was tried before", async () => {
    const headers = {"X-Dev-User": "someone"};
    await Promise.all(Array.from({length: 8}, () => stack.chat("x [[text words=3 delay=20]]", {session_id: uuid()}, {headers})));
    stack.parts.redis.kill("SIGKILL");
    await stack.parts.redis.ended;
    // Refused again and again: the workers' back-off grows as far as it goes.
    for (let i = 0; i < 60; i++) {
      for (const reply of await Promise.all([stack.chat("x"), stack.get("/sessions"), stack.chat("x"), stack.chat("x")])) {
        assert.equal(reply.status, 503, reply.text);
        assert.equal(reply.json.code, "store_unavailable");
      }
    }
    await stack.startRedis();
    await eventually(async () => await stack.redis("PING").catch(() => "") === "PONG", "Redis answers itself");
    const replies = await Promise.all([...Array.from({length: 6}, () => stack.chat("x [[text words=3]]", {session_id: uuid()})), stack.get("/sessions"), stack.get("/sessions")]);
    for (const reply of replies) assert.equal(reply.status, 200, reply.text);
  });
});

describe("a Redis that is silent for longer than a lease, and shorter than redis.timeout", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {lease: "2s", "redis.timeout": "60s"}}); });
  after(() => stack.stop());

  test("no turn is taken over from a worker that lives", async () => {
    const session_id = uuid(), reader = stack.chatStream("x [[text words=20 hold=8]]", {session_id});
    await stack.double.until(d => d.held > 0, "the model holds");
    await eventually(() => reader.text().split(" ").length >= 8, "its text so far is seen");
    const requests = stack.double.requests.length;
    stack.parts.redis.kill("SIGSTOP");
    await pause(4000);
    stack.parts.redis.kill("SIGCONT");
    await stack.redis("PING");
    // Longer than a housekeeper's look: a takeover would have begun by then.
    const {turn} = await eventually(async () => (await stack.seats("turn")).find(w => w.session === session_id), "its worker");
    await eventually(async () => Number(await stack.redis("HGET", `tp:{dev}:turn:${turn}`, "lease")) - Number((await stack.redis("TIME")).split("\n")[0]) * 1000 > 0, "its lease is renewed");
    await stack.double.go();
    await reader.all(LONG);
    assert.equal(reader.last.data.type, "RUN_FINISHED");
    assert.equal(reader.text().split(" ").length, 20);
    assert.ok(!reader.events.some(e => e.data.name === "turnpike.resumed"));
    assert.equal(stack.double.requests.length, requests);
  });
});
