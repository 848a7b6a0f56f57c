// SPDX-License-Identifier: BSD-2-Clause
// What happens when a process dies, is full, drains or reloads.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, processesOf, SLOW, Stack, transcript, uuid} from "./harness.mjs";

const FINAL = f => f.type === "RUN_FINISHED" || f.type === "RUN_ERROR";

describe("a process that dies", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"respawn.min": "50ms"}}); });
  after(() => stack.stop());

  test("stream workers: clients come back with their cursors and lose nothing", async () => {
    const session_id = uuid();
    const socket = await stack.socket();
    socket.message("x [[text words=60 delay=10 hold=30]]", {session_id});
    await socket.until(() => socket.text().split(" ").length > 10);
    const reader = stack.sse(`/sessions/${session_id}/events?cursor=${socket.events()[0].metadata.cursor.split("-")[0]}-0`);
    await reader.until(() => reader.text().split(" ").length > 10);
    for (const {pid} of await stack.workers("stream")) process.kill(pid, "SIGKILL");
    await socket.closed;
    await reader.all();
    const seenBySocket = socket.events(), seenByReader = [...reader.events];
    const again = await eventually(() => stack.socket().catch(() => null), "a stream worker is back");
    again.send({type: "subscribe", session_id, cursor: seenBySocket.at(-1).metadata.cursor});
    const readerAgain = stack.sse(`/sessions/${session_id}/events`, {headers: {"Last-Event-ID": seenByReader.at(-1).id}});
    await readerAgain.response;
    await stack.double.go();
    await Promise.all([again.until("RUN_FINISHED"), readerAgain.until("RUN_FINISHED")]);
    const a = transcript([...seenBySocket, ...again.events()]), b = transcript([...seenByReader, ...readerAgain.events]);
    assert.deepEqual(a, b);
    const texts = a.filter(e => e.type === "TEXT_MESSAGE_CONTENT");
    assert.equal(texts.length, 1);
    assert.equal(texts[0].delta.split(" ").length, 60);
    readerAgain.drop();
    await again.end();
  });

  test("every worker at once: service comes back", async () => {
    for (const pool of ["api", "turn", "stream", "tool", "housekeeper"]) {
      for (const {pid} of await stack.workers(pool)) process.kill(pid, "SIGKILL");
    }
    await eventually(async () => (await stack.get("/health/ready").catch(() => ({}))).status === 200, "ready again");
    assert.equal((await eventually(async () => {
      const r = await stack.chat("hello");
      return r.status === 200 && r;
    })).status, 200);
  });

  test("Redis: requests get 503 with Retry-After, and service comes back by itself", async () => {
    const redis = stack.parts.redis;
    redis.kill("SIGSTOP");
    const reply = await stack.chat("hello");
    assert.equal(reply.status, 503, reply.text);
    assert.ok(reply.headers["retry-after"], JSON.stringify(reply.headers));
    assert.equal((await stack.get("/health/live")).status, 200);
    assert.equal((await stack.get("/health/ready")).status, 503);
    redis.kill("SIGCONT");
    await eventually(async () => (await stack.chat("hello")).status === 200, "service is back");
  });

  test("the supervisor: no worker outlives it", async () => {
    const other = await Stack.start({double: false});
    const sid = other.pid;
    process.kill(sid, "SIGKILL");
    await eventually(() => processesOf(sid).length === 0, "all workers are gone");
    await other.stop({check: false});
  });
});

describe("a full machine", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"turn.seats": 2, "turn.reserved": 1}}); });
  after(() => stack.stop());

  test("refuses in milliseconds with 503 and Retry-After, and status still answers", async () => {
    const running = [1, 2].map(() => stack.chatStream("x [[text hold=2]]"));
    await Promise.all(running.map(r => r.until("RUN_STARTED")));
    const times = [];
    for (let i = 0; i < 30; i++) {
      const began = performance.now();
      const reply = await stack.chat("one too many");
      times.push(performance.now() - began);
      assert.equal(reply.status, 503, reply.text);
      assert.equal(reply.json.code, "pool_full");
      assert.equal(reply.json.retryable, true);
      assert.ok(Number(reply.headers["retry-after"]) >= 1);
    }
    times.sort((a, b) => a - b);
    assert.ok(times[15] < 1000, `median ${times[15]} ms`); // 2 ms here; one that waited takes seconds
    const status = await stack.status();
    assert.equal(status.turns.running, 2);
    assert.equal((await stack.get("/health/live")).status, 200);
    const socket = await stack.socket();
    socket.message("one too many", {session_id: uuid()});
    const refused = await socket.until(f => f.type === "error" || FINAL(f));
    assert.notEqual(refused.type, "RUN_FINISHED");
    await stack.double.go();
    await Promise.all(running.map(r => r.until("RUN_FINISHED")));
    await eventually(async () => (await stack.chat("now")).status === 200, "there is room again");
    await socket.end();
  });

  test("still takes stops, duplicates and queued messages", async () => {
    const session_id = uuid(), client_message_id = uuid();
    const first = stack.chatStream("x [[text hold=2]]", {session_id, client_message_id});
    const other = stack.chatStream("x [[text hold=2]]");
    await Promise.all([first, other].map(r => r.until("RUN_STARTED")));
    const duplicate = stack.chatStream("x [[text hold=2]]", {session_id, client_message_id});
    await duplicate.until("RUN_STARTED");
    const queued = stack.chatStream("queued [[text say=Queued.]]", {session_id});
    await queued.response;
    assert.equal(queued.status, 200);
    const stop = await stack.post(`/sessions/${session_id}/cancel`, {});
    assert.ok([200, 202].includes(stop.status), stop.text);
    await first.until("RUN_FINISHED");
    await queued.until("RUN_FINISHED");
    assert.equal(queued.text(), "Queued.");
    await stack.double.go();
    await other.until("RUN_FINISHED");
  });

  test("with every worker stopped, nginx itself refuses politely, and status answers", async () => {
    const pids = (await stack.workers("turn")).map(w => w.pid);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const status = await stack.status();
      assert.equal(typeof status, "object");
      assert.equal((await stack.get("/sessions")).status, 200);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await eventually(async () => (await stack.chat("hello")).status === 200, "turn workers are back");
  });
});

describe("an operator", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"turn.seats": 16, drain: "10s"}}); });
  after(() => stack.stop());

  test("reloads under load without one failed request", async () => {
    let stop = false, done = 0;
    const failures = [];
    const clients = Array.from({length: 6}, async (_, i) => {
      while (!stop) {
        const reply = i % 2 ? await stack.chat("x [[text words=5]]") : await stack.get("/sessions?limit=1");
        if (reply.status !== 200) failures.push(`${reply.status} ${reply.text}`);
        done++;
      }
    });
    try {
      for (let i = 0; i < 3 || done <= 50; i++) {
        const {generation} = await stack.status();
        process.kill(stack.pid, "SIGHUP");
        await eventually(async () => {
          const s = await stack.status();
          return s.generation > generation && s.state === "running";
        }, "the reload is done", 30000 * SLOW);
      }
    } finally {
      stop = true;
    }
    await Promise.all(clients);
    assert.deepEqual(failures, []);
  });

  test("reloads while a turn runs: it is finished, and a socket comes back with its cursor", async () => {
    const session_id = uuid();
    const socket = await stack.socket();
    socket.message("x [[text words=40 hold=20]]", {session_id});
    await socket.until("TEXT_MESSAGE_CONTENT");
    process.kill(stack.pid, "SIGHUP");
    const {code} = await socket.closed;
    assert.equal(code, 1012);
    const again = await stack.socket();
    again.send({type: "subscribe", session_id, cursor: socket.events().at(-1).metadata.cursor});
    await stack.double.go();
    await again.until("RUN_FINISHED");
    assert.equal((socket.text() + again.text()).split(" ").length, 40);
    await again.end();
  });

  test("a reload with a bad configuration keeps the old one serving", async () => {
    const good = {...stack.settings};
    stack.writeSettings({"turn.seats": "many"});
    process.kill(stack.pid, "SIGHUP");
    await eventually(() => /turn\.seats/.test(stack.log()), "the fault is logged");
    assert.equal((await stack.chat("hello")).status, 200);
    stack.settings = good;
    stack.writeSettings();
  });

  test("ends the machine: running turns are finished, nothing new is taken, nothing is left", async () => {
    const other = await Stack.start({settings: {drain: "10s"}});
    const reader = other.chatStream("x [[text words=10 hold=4]]", {session_id: "s"});
    await reader.until("TEXT_MESSAGE_CONTENT");
    const sid = other.pid;
    other.parts.turnpiked.kill("SIGTERM");
    await eventually(async () => (await other.chat("new").catch(() => ({status: 0}))).status !== 200, "new ones are refused");
    await other.double.go();
    const end = await other.parts.turnpiked.ended;
    assert.equal(end.code, 0);
    assert.deepEqual(processesOf(sid), []);
    const stored = await other.redis("LRANGE", "tp:{dev}:s:s:msgs", 0, -1);
    assert.match(stored, /"assistant"/, `the turn was not finished: ${stored}`);
    await other.stop();
  });
});
