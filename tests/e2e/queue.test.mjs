// SPDX-License-Identifier: BSD-2-Clause
// Messages while a turn runs: they wait in order, interrupt or are rejected, and none is lost.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, pause, SLOW, Stack, uuid} from "./harness.mjs";

const ASYNC = {headers: {Prefer: "respond-async"}};

function tools(stack) {
  const t = {
    send: async (text, more) => {
      const reply = await stack.chat(text, more, ASYNC);
      assert.equal(reply.status, 202, reply.text);
      return reply.json;
    },
    turn: async id => (await stack.get(`/turns/${id}`)).json,
    ended: id => eventually(async () => { // Redis may be away for a while
      const turn = await t.turn(id).catch(() => null);
      return ["done", "cancelled", "failed", "interrupted"].includes(turn?.state) && turn;
    }, `${id} has ended`, 30000),
    said: async session => (await stack.get(`/sessions/${session}/messages?limit=100`)).json.messages
      .filter(m => m.role === "user").map(m => m.content.split(" ")[0]),
    /** A session whose first turn is held by the model. */
    hold: async session_id => {
      const first = await t.send("zero [[text words=9 hold=3]]", {session_id});
      await stack.double.until(d => d.held > 0, "an answer is held");
      return first.turn_id;
    },
  };
  return t;
}

describe("messages during a turn", () => {
  let stack, t;
  before(async () => {
    stack = await Stack.start({settings: {"turn.queue": 4}});
    t = tools(stack);
  });
  after(() => stack.stop());

  test("enqueue: they run in the order of their acceptance, over three kinds of connections", async () => {
    const session_id = uuid(), first = await t.hold(session_id);
    const socket = await stack.socket();
    socket.message("one [[text words=3]]", {session_id});
    const one = await socket.until("accepted");
    const reader = stack.chatStream("two [[text words=3]]", {session_id});
    await reader.response;
    const three = await t.send("three [[text words=3]]", {session_id});
    assert.equal(one.state, "queued");
    assert.equal(one.position, 1);
    assert.equal(three.position, 3);
    await stack.double.go();
    await t.ended(three.turn_id);
    await reader.all();
    assert.equal(reader.types().at(-1), "RUN_FINISHED");
    assert.deepEqual(await t.said(session_id), ["zero", "one", "two", "three"]);
    assert.equal((await t.turn(first)).state, "done");
    const starts = (await stack.redis("XRANGE", `tp:{dev}:s:${session_id}:log`, "-", "+")).split("\n").filter(l => / [SF] \{/.test(l)).map(l => l.split(" ")[1]);
    assert.equal(starts.join(""), "SFSFSFSF");
    await socket.end();
  });

  test("interrupt: the running one ends cancelled, the new one runs next, then the queued ones", async () => {
    const session_id = uuid(), first = await t.hold(session_id);
    const queued = await t.send("queued [[text words=3]]", {session_id});
    const urgent = await t.send("urgent [[text words=3]]", {session_id, on_busy: "interrupt"});
    assert.equal(urgent.position, 1);
    assert.equal((await t.ended(queued.turn_id)).state, "done");
    assert.equal((await t.turn(first)).state, "cancelled");
    assert.equal((await t.turn(urgent.turn_id)).state, "done");
    assert.deepEqual(await t.said(session_id), ["zero", "urgent", "queued"]);
  });

  test("reject answers 409 and changes nothing; a full queue answers 429", async () => {
    const session_id = uuid(), first = await t.hold(session_id);
    const rejected = await stack.chat("no", {session_id, on_busy: "reject"});
    assert.equal(rejected.status, 409);
    assert.equal(rejected.json.code, "session_busy");
    assert.equal(rejected.json.retryable, true);
    const turns = [];
    for (const n of ["one", "two", "three", "four"]) turns.push((await t.send(`${n} [[text words=3]]`, {session_id})).turn_id);
    for (const on_busy of ["enqueue", "interrupt"]) {
      const full = await stack.chat("five", {session_id, on_busy});
      assert.equal(full.status, 429);
      assert.equal(full.json.code, "session_queue_full");
      assert.equal(full.json.limit, 4);
      assert.ok(full.json.retry_after_ms > 0);
    }
    assert.equal((await t.turn(first)).state, "running", "a refused message interrupts nothing");
    await stack.double.go();
    for (const turn of turns) assert.equal((await t.ended(turn)).state, "done");
    assert.deepEqual(await t.said(session_id), ["zero", "one", "two", "three", "four"]);
  });

  test("a queued turn that is stopped gets its final event in its turn, however it came to run", async () => {
    const session_id = uuid();
    await t.hold(session_id);
    const reader = stack.chatStream("one [[text words=3]]", {session_id});
    await reader.response;
    const two = await t.send("two [[text words=3]]", {session_id});
    const turn = (await eventually(async () => (await stack.redis("LINDEX", `tp:{dev}:s:${session_id}:queue`, 0)), "its id"));
    assert.equal((await stack.post(`/turns/${turn}/cancel`, {})).status, 202);
    await stack.double.go();
    await reader.all();
    assert.equal(reader.types().filter(x => /^RUN_(FINISHED|ERROR)$/.test(x)).length, 1);
    assert.equal((await t.ended(turn)).state, "cancelled");
    assert.equal((await t.ended(two.turn_id)).state, "done");
  });
});

describe("a queue outlives", () => {
  let stack, t;
  before(async () => {
    stack = await Stack.start({durable: true, settings: {"respawn.min": "50ms", lease: "2s"}});
    t = tools(stack);
  });
  after(() => stack.stop());

  async function filled() {
    const session_id = uuid(), turns = [await t.hold(session_id)];
    for (const n of ["one", "two", "three"]) turns.push((await t.send(`${n} [[text words=3]]`, {session_id})).turn_id);
    return {session_id, turns};
  }
  async function runsOut({session_id, turns}) {
    const releasing = setInterval(() => stack.double.release(), 20);
    try {
      for (const turn of turns) assert.equal((await t.ended(turn)).state, "done");
    } finally {
      clearInterval(releasing);
    }
    assert.deepEqual(await t.said(session_id), ["zero", "one", "two", "three"]);
    const log = await stack.redis("XRANGE", `tp:{dev}:s:${session_id}:log`, "-", "+");
    for (const turn of turns) assert.equal(log.split("\n").filter(l => l.startsWith(`${turn} F `)).length, 1);
    assert.equal(await stack.redis("LLEN", `tp:{dev}:s:${session_id}:queue`), "0");
  }

  test("the kill -9 of its turn worker", async () => {
    const work = await filled();
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.turn === work.turns[0]), "its worker");
    process.kill(pid, "SIGKILL");
    await runsOut(work);
  });

  test("the kill -9 of Redis", async () => {
    const work = await filled();
    stack.parts.redis.kill("SIGKILL");
    await stack.parts.redis.ended;
    await stack.startRedis();
    await runsOut(work);
  });
});

describe("a busy session", () => {
  let stack, t;
  before(async () => {
    stack = await Stack.start({settings: {"turn.seats": 1, "turn.queue": 200}});
    t = tools(stack);
  });
  after(() => stack.stop());

  const fill = async count => {
    const session_id = uuid(), turns = [await t.hold(session_id)];
    for (let i = 0; i < count; i++) turns.push((await t.send(`q${i} [[text words=2 joined]]`, {session_id})).turn_id);
    return {session_id, turns};
  };
  const doneAll = async ({session_id, turns}) => {
    assert.equal((await t.ended(turns.at(-1))).state, "done");
    for (const turn of turns) assert.equal((await t.ended(turn)).state, "done");
    const log = (await stack.redis("XRANGE", `tp:{dev}:s:${session_id}:log`, "-", "+")).split("\n");
    assert.deepEqual(log.filter(l => / S \{/.test(l)).map(l => l.split(" ")[0]), turns);
  };

  test("has at most 8 turns in a row: the next one is asked for again, like everybody's", async () => {
    // The housekeeper may come while the worker still gives its place back: refused, it asks again.
    const asked = async () => (await stack.workers("turn")).reduce((sum, w) => sum + w.requests, 0) -
      (await stack.status()).turns.refused_full;
    const work = await fill(39), before = await asked();
    await stack.double.go();
    await doneAll(work);
    // 40 turns: 8 with the first request, 8 with each of four more. A request whose answer was late is made again.
    const more = await asked() - before;
    assert.ok(more >= 4 && more < 20, `${more} more requests`);
  });

  test("does not hold the only worker until its queue is empty", async () => {
    const work = await fill(120), other = {headers: {"X-Dev-User": "other"}, timeout: 60000};
    let left = -1;
    const served = stack.chat("me too [[text words=3]]", {}, other).then(async reply => {
      left = Number(await stack.redis("LLEN", `tp:{dev}:s:${work.session_id}:queue`));
      return reply;
    });
    await eventually(async () => await stack.redis("ZCARD", "tp:{other}:places") === "1", "the pool is full, and the other waits");
    await stack.double.go();
    assert.equal((await served).status, 200);
    console.log(`the other user was served with ${left} of 120 messages of the busy session still waiting`);
    assert.ok(left >= 100, "after one share of the busy session: who has waited longer goes first");
    await doneAll(work);
  });
});
