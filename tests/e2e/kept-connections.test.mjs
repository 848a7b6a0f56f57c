// SPDX-License-Identifier: BSD-2-Clause
// Messages of WebSockets over the connections that a stream worker keeps to turn workers: workers that die, leave or are restarted between two messages.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";

const END = f => f.type === "RUN_FINISHED" || f.type === "RUN_ERROR" || f.type === "error";

describe("a kept connection to a turn worker", () => {
  let stack, socket, turns;
  before(async () => {
    stack = await Stack.start({settings: {"stream.workers": 1, "turn.workers": 2, "turn.seats": 16, "turn.user": 0, "respawn.min": "50ms", "respawn.max": "100ms"}});
    socket = await stack.socket();
  });
  after(async () => {
    await socket.end();
    await stack.stop();
  });

  const asked = () => stack.double.requests.length;
  const ready = () => eventually(async () => {
    const workers = await stack.workers("turn");
    return workers.length === 2 && workers.every(w => w.state === "ready") && workers;
  }, "both turn workers are ready");

  /** A message and its answer: one turn, asked of the model once. */
  async function answered(more = {}, then = () => {}) {
    const before = asked(), seen = socket.frames.length;
    socket.message("x [[text words=3]]", more);
    await then();
    const end = await socket.until(END);
    assert.equal(end.type, "RUN_FINISHED", JSON.stringify(end));
    assert.equal(socket.frames.slice(seen).filter(f => f.type === "RUN_STARTED").length, 1);
    assert.equal(asked() - before, 1);
  }

  /** The worker that ran the turn of one more message: a connection to it is kept now. */
  async function keeper() {
    const before = new Map((await ready()).map(w => [w.pid, w.turns]));
    await answered();
    const worker = await eventually(async () => (await stack.workers("turn")).find(w => w.turns > before.get(w.pid)), "a worker has run it");
    await eventually(async () => (await stack.seats("turn")).length === 0, "all seats are free");
    return worker.pid;
  }

  test("carries message after message", async () => {
    const pid = await keeper(), before = (await stack.workers("turn")).find(w => w.pid === pid).turns;
    for (let i = 0; i < 20; i++) {
      await answered();
      await eventually(async () => (await stack.seats("turn")).length === 0, "all seats are free");
    }
    assert.equal((await stack.workers("turn")).find(w => w.pid === pid).turns - before, 20);
  });

  test("kill -9 of its worker: the next message goes to another one", async () => {
    for (let i = 0; i < 6; i++) {
      process.kill(await keeper(), "SIGKILL");
      await answered(i % 2 ? {client_message_id: uuid()} : {});
    }
  });

  test("kill -9 of a worker that has not read the message: another one runs it, once", async () => {
    for (const more of [{}, {client_message_id: uuid()}]) {
      const pid = await keeper();
      process.kill(pid, "SIGSTOP");
      await answered(more, async () => {
        socket.send({type: "ping"});
        await socket.until("pong"); // the stream worker has read the message
        process.kill(pid, "SIGKILL");
      });
    }
  });

  test("a worker that is frozen: another one takes the message that it does not read", async () => {
    const pid = await keeper();
    process.kill(pid, "SIGSTOP");
    try {
      await answered({client_message_id: uuid()});
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await answered();
  });

  test("all workers are killed: messages go on", async () => {
    for (let i = 0; i < 3; i++) {
      await keeper();
      for (const {pid} of await stack.workers("turn")) process.kill(pid, "SIGKILL");
      await answered({client_message_id: uuid()});
    }
  });

  test("all workers are replaced: messages go on, without one failure", async () => {
    const old = (await ready()).map(w => w.pid);
    for (const pid of old) process.kill(pid, "SIGTERM");
    do await answered();
    while ((await stack.workers("turn")).some(w => old.includes(w.pid)));
    await answered();
  });

  test("a reload closes it, and the sockets that come back are served", async () => {
    await keeper();
    const reload = stack.reload();
    await socket.closed;
    socket = await eventually(() => stack.socket().catch(() => null), "a socket is open again");
    await answered();
    await reload;
    await answered();
  });

  test("turns stay spread over the workers", async () => {
    await keeper();
    const sockets = [];
    for (let i = 0; i < 12; i++) {
      const s = await stack.socket();
      sockets.push(s);
      s.message("x [[text words=3 hold=1]]");
      await s.until("TEXT_MESSAGE_CONTENT");
      const busy = (await stack.workers("turn")).map(w => w.seats_busy);
      assert.ok(Math.abs(busy[0] - busy[1]) <= 4, `${busy} after ${i + 1} turns`);
    }
    await stack.double.go();
    await Promise.all(sockets.map(s => s.until("RUN_FINISHED")));
    for (const s of sockets) await s.end();
  });
});
