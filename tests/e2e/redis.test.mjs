// SPDX-License-Identifier: BSD-2-Clause
// Outages of Redis, with the real server: what each means for requests, for turns in flight and for
// their viewers. docs/operate.md has the table that this shows.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, pause, SLOW, Stack, transcript, uuid} from "./harness.mjs";
import {RedisSite} from "./redis-site.mjs";

const WORDS = 60;

/** A turn that streams; `whole` waits for its end on this same stream and checks every word. */
async function streaming(stack, script = `x [[text words=${WORDS} delay=10 hold=20]]`) {
  const session_id = uuid(), socket = await stack.socket();
  for (;;) { // a worker that has not come back to Redis yet may refuse
    socket.message(script, {session_id});
    if ((await socket.until(f => f.type === "error" || f.type === "RUN_STARTED")).type === "RUN_STARTED") break;
    await pause(100);
  }
  await socket.until(() => socket.text().split(" ").length > 10);
  return {
    session_id, socket,
    held: () => stack.double.until(d => d.held > 0),
    whole: async (ms = 30000 * SLOW) => {
      await socket.until("RUN_FINISHED", ms);
      const events = transcript(socket.events());
      const texts = events.filter(e => e.type === "TEXT_MESSAGE_CONTENT");
      assert.equal(texts.length, 1, JSON.stringify(events));
      assert.equal(texts[0].delta.split(" ").length, WORDS);
      assert.equal(events.filter(e => e.type === "RUN_STARTED").length, 1);
      assert.ok(!events.some(e => e.type === "RUN_ERROR"));
      const reply = await eventually(async () => {
        const r = await stack.get(`/sessions/${session_id}/messages`);
        return r.status === 200 && r.json;
      }, "the stored answer");
      assert.ok(JSON.stringify(reply).includes(texts[0].delta), "stored and seen are the same");
      await socket.end();
    },
  };
}

const works = stack => eventually(async () => (await stack.chat("x [[text say=y]]")).status === 200, "service is back", 30000 * SLOW);

async function refused(stack, code, detail) {
  const reply = await eventually(async () => {
    const r = await stack.chat("x [[text say=y]]");
    return r.json?.code === code && r;
  }, `new requests get ${code}`);
  assert.equal(reply.status, 503);
  assert.ok(reply.headers["retry-after"]);
  const ready = await stack.get("/health/ready");
  assert.equal(ready.status, 503);
  assert.match(ready.json.detail, detail);
}

describe("one Redis", () => {
  let stack;
  before(async () => { stack = await Stack.start({durable: true}); });
  after(() => stack.stop());

  for (const signal of ["SIGTERM", "SIGKILL"]) {
    test(`ended with ${signal} and started again: the turn in flight ends whole`, async () => {
      const turn = await streaming(stack);
      stack.parts.redis.kill(signal);
      await stack.parts.redis.ended;
      assert.equal((await stack.chat("hello")).json.code, "store_unavailable");
      await stack.double.go();
      await pause(500);
      await stack.startRedis();
      await turn.whole();
      await works(stack);
    });
  }

  test("still loading its data: new requests are refused, nobody asks it all the time, and the turn in flight ends whole", async () => {
    const turn = await streaming(stack), PAD = 4000, DELAY_US = 2000; // eight seconds
    await stack.redis("eval", `for i = 1, ${PAD} do redis.call("set", "tp:pad:" .. i, "x") end`, 0);
    await stack.redis("bgrewriteaof"); // while it reads its base it answers, LOADING
    await eventually(async () => /aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0/.test(await stack.redis("info", "persistence")), "the base is written");
    stack.parts.redis.kill("SIGKILL");
    await stack.parts.redis.ended;
    await stack.startRedis("--key-load-delay", DELAY_US, "--loading-process-events-interval-bytes", 1024);
    await stack.double.go();
    await refused(stack, "store_unavailable", /Redis/);
    assert.match(await stack.redis("ping").catch(String), /LOADING/, "it loads still");
    await turn.whole();
    await works(stack);
    const refusals = Number(/errorstat_LOADING:count=(\d+)/.exec(await stack.redis("info", "errorstats"))?.[1] ?? 0);
    assert.ok(refusals > 0 && refusals < 500, `${refusals} commands while it loaded`);
  });

  test("frozen for 3 s: the same", async () => {
    const turn = await streaming(stack);
    stack.parts.redis.kill("SIGSTOP");
    await stack.double.go();
    await pause(3000);
    stack.parts.redis.kill("SIGCONT");
    await turn.whole();
    await works(stack);
  });

  test("out of memory: 503 store_full; the turn in flight ends when memory is back", async () => {
    const turn = await streaming(stack);
    await stack.redis("config", "set", "maxmemory", "1");
    await stack.double.go();
    await refused(stack, "store_full", /out of memory/);
    await stack.redis("config", "set", "maxmemory", "0");
    await turn.whole();
    await works(stack);
  });

  test("a replica by mistake: 503 store_readonly; the turn in flight goes on when it is a master", async () => {
    const turn = await streaming(stack);
    await stack.redis("replicaof", "127.0.0.1", "1");
    await stack.double.go();
    await refused(stack, "store_readonly", /read-only/);
    await stack.redis("client", "kill", "type", "normal"); // new connections find out by ROLE
    await pause(300);
    await refused(stack, "store_readonly", /read-only/);
    await stack.redis("replicaof", "no", "one");
    await turn.whole();
    await works(stack);
  });

  test("too few replicas for min-replicas-to-write: the same", async () => {
    const turn = await streaming(stack);
    await stack.redis("config", "set", "min-replicas-to-write", "1");
    await stack.double.go();
    await refused(stack, "store_readonly", /read-only/);
    await stack.redis("config", "set", "min-replicas-to-write", "0");
    await turn.whole();
    await works(stack);
  });

  test("the session is deleted under a running turn: the viewer is told, the session id is free", async () => {
    const {session_id, socket} = await streaming(stack);
    assert.equal((await stack.request("DELETE", `/sessions/${session_id}`)).status, 200);
    const end = await socket.until(f => f.type === "RUN_ERROR" || f.type === "RUN_FINISHED");
    assert.equal(end.type, "RUN_ERROR");
    await eventually(async () => (await stack.status()).turns.running === 0, "the turn is given up");
    assert.equal((await stack.get(`/sessions/${session_id}`)).status, 404);
    await socket.end();
    await works(stack);
  });

  test("the log is deleted under a running turn: it goes on whole, and the next message is answered", async () => {
    const {session_id, socket} = await streaming(stack, `x [[text words=${WORDS} delay=50]]`);
    const key = (await stack.redis("keys", `*:s:${session_id}:log`)).trim();
    assert.ok(key);
    await stack.redis("del", key);
    await socket.until("RUN_FINISHED");
    const {messages} = (await stack.get(`/sessions/${session_id}/messages`)).json;
    assert.equal(messages.at(-1).content.split(/\s+/).length, WORDS);
    socket.message("x [[text say=Afterwards.]]", {session_id});
    await eventually(() => /Afterwards\.$/.test(socket.text()), "the next message is answered");
    await socket.end();
  });
});

describe("Sentinels", () => {
  for (const count of [1, 3]) {
    test(`${count}: the master dies, the turn in flight ends whole on the same stream`, async () => {
      const site = await RedisSite.start(count);
      let stack;
      try {
        stack = await Stack.start({settings: site.settings});
        if (count === 3) site.kill(site.sentinels[0], "SIGSTOP"); // one of them answers nothing
        const turn = await streaming(stack);
        await turn.held();
        await site.inSync();
        site.kill(site.first, "SIGKILL");
        await stack.double.go();
        await turn.whole(60000 * SLOW);
        await works(stack);
        assert.match(await site.cli(site.second, "role"), /^master/);
      } finally {
        await stack?.stop();
        await site.stop();
      }
    });
  }

  test("a master that was cut off and comes back is noticed: nothing is written to it", async () => {
    const site = await RedisSite.start(1);
    let stack;
    try {
      stack = await Stack.start({settings: site.settings});
      await works(stack);
      const turn = await streaming(stack);
      await turn.held();
      await site.inSync();
      site.kill(site.first, "SIGSTOP");
      await stack.double.go();
      await turn.whole(60000 * SLOW);
      site.kill(site.first, "SIGCONT");
      const marks = [];
      for (let i = 0; i < 12; i++) {
        const session_id = uuid(), client_message_id = uuid();
        await eventually(async () => {
          const r = await stack.chat("x [[text say=y]]", {session_id, client_message_id}).catch(() => ({}));
          assert.ok([200, 502, 503, undefined].includes(r.status), r.text);
          return r.status === 200;
        }, "it is answered", 30000 * SLOW);
        marks.push(session_id);
      }
      const kept = await site.cli(site.second, "keys", "*:msgs");
      for (const id of marks) assert.ok(kept.includes(id), `${id} is with the new master`);
      await eventually(async () => /^slave/.test(await site.cli(site.first, "role").catch(() => "")), "the old master follows", 40000 * SLOW);
      await works(stack);
    } finally {
      await stack?.stop();
      await site.stop();
    }
  });
});
