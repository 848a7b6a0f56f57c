// SPDX-License-Identifier: BSD-2-Clause
// Redis comes back without its last moments, as after a loss of power with `appendfsync everysec`: clients
// have seen more than the log has. The copy of its files that it is given is from an earlier moment.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {cpSync, rmSync} from "node:fs";
import {join} from "node:path";
import {isDeepStrictEqual} from "node:util";
import {disorder, fold, plain} from "../faults/clients.mjs";
import {eventually, SLOW, Stack, transcript, uuid} from "./harness.mjs";

const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes((e.data ?? e).type);
const LONG = 60000 * SLOW;

describe("a Redis that has lost its tail", () => {
  let stack;
  before(async () => { stack = await Stack.start({durable: true, settings: {"respawn.min": "50ms", lease: "2s"}}); });
  after(() => stack.stop());

  const live = () => join(stack.dir, "redis/appendonlydir"), copy = () => join(stack.dir, "earlier");
  /** What Redis has written by now; with appendfsync always that is all. */
  function remember() {
    rmSync(copy(), {recursive: true, force: true});
    cpSync(live(), copy(), {recursive: true});
  }
  async function loseSince() {
    stack.parts.redis.kill("SIGKILL");
    await stack.parts.redis.ended;
    rmSync(live(), {recursive: true});
    cpSync(copy(), live(), {recursive: true});
  }
  const logOf = session => stack.redis("XRANGE", `tp:{dev}:s:${session}:log`, "-", "+");
  const ask = async (socket, text, more) => {
    const id = uuid();
    for (;;) {
      socket.message(text, {client_message_id: id, ...more});
      const frame = await socket.until(f => f.type === "error" || f.type === "accepted", LONG);
      if (frame.type === "accepted") return frame;
      assert.ok(["store_unavailable", "no_answer"].includes(frame.code), JSON.stringify(frame));
    }
  };
  const twoHolds = "x [[text words=40 hold=10,30]]";

  test("the end of a run that goes on: its worker puts it there again, and viewers see each event once", async () => {
    const session_id = uuid(), socket = await stack.socket();
    await ask(socket, twoHolds, {session_id});
    await stack.double.until(d => d.held > 0, "the model holds");
    await eventually(() => socket.text().split(" ").length >= 10, "its text so far is seen");
    remember();
    const size = (await logOf(session_id)).length;
    await stack.double.go();
    await eventually(() => socket.text().split(" ").length >= 30, "more of it is seen");
    await loseSince();
    await stack.startRedis();
    await stack.double.go();
    await socket.until(FINAL, LONG);
    const events = transcript(socket.events()), ids = socket.events().map(e => e.metadata.cursor);
    assert.equal(new Set(ids).size, ids.length, "each event once");
    assert.equal(events.at(-1).type, "RUN_FINISHED", JSON.stringify(events.at(-1)));
    const text = events.filter(e => e.type === "TEXT_MESSAGE_CONTENT");
    assert.equal(text.length, 1);
    assert.equal(text[0].delta.split(" ").length, 40);
    const log = await logOf(session_id);
    assert.ok(log.length > size);
    assert.equal(log.split("\n").filter(l => / F \{/.test(l)).length, 1);
    await socket.end();
  });

  test("a run that had begun and ended since: its viewers are told what there is, and see the next run", async () => {
    const session_id = uuid(), socket = await stack.socket();
    await ask(socket, "x [[text words=3]]", {session_id});
    await socket.until(FINAL);
    remember();
    await ask(socket, "x [[text words=5]]", {session_id});
    await socket.until(FINAL);
    const {cursor} = socket;
    await loseSince();
    await stack.startRedis();
    const late = await stack.socket(`/ws?session_id=${session_id}&cursor=${cursor}`);
    await ask(socket, "x [[text say=Afterwards.]]", {session_id});
    // What it has seen and the log does not have is taken back.
    const stored = async () => (await stack.redis("LRANGE", `tp:{dev}:s:${session_id}:msgs`, 0, -1)).split("\n").map(m => plain(JSON.parse(m)));
    await eventually(() => /Afterwards\.$/.test(fold(socket.events()).at(-1)?.content), "the next run is seen", LONG);
    await eventually(async () => isDeepStrictEqual(fold(socket.events()), await stored()), "it shows the stored conversation", LONG);
    const told = () => /Afterwards\.$/.test(late.text()) || late.frames.some(f => f.type === "MESSAGES_SNAPSHOT" && f.messages.at(-1).content === "Afterwards.");
    await eventually(told, "the one that came back is told as well", LONG);
    for (const s of [socket, late]) {
      assert.ok(!s.events().some(e => e.type === "RUN_ERROR"));
      assert.equal(disorder(s.events()), null);
    }
    assert.equal((await stored()).length, 4);
    await socket.end();
    await late.end();
  });

  test("a run that had begun since and not ended: RUN_ERROR, and the session goes on", async () => {
    const session_id = uuid(), socket = await stack.socket();
    await ask(socket, "x [[text words=3]]", {session_id});
    await socket.until(FINAL);
    remember();
    await ask(socket, "x [[text words=9 hold=3]]", {session_id});
    await stack.double.until(d => d.held > 0, "the model holds");
    await eventually(() => socket.events().filter(e => e.type === "RUN_STARTED").length === 2, "it is seen to start");
    await loseSince();
    await stack.startRedis();
    const end = await socket.until(FINAL, LONG);
    assert.equal(end.type, "RUN_ERROR");
    assert.ok(["events_gone", "log_lost"].includes(end.code), JSON.stringify(end));
    stack.double.release();
    await ask(socket, "x [[text say=Afterwards.]]", {session_id});
    await socket.until(e => e.type === "RUN_FINISHED", LONG);
    assert.match(socket.text(), /Afterwards\.$/);
    await socket.end();
  });

  test("the end of a run whose worker is gone too: who comes back with a cursor that is lost gets a snapshot", async () => {
    const session_id = uuid(), socket = await stack.socket();
    const {turn_id} = await ask(socket, "x [[text words=20 hold=0,15]]", {session_id});
    await stack.double.until(d => d.held > 0, "the model holds");
    const {pid} = await eventually(async () => (await stack.seats("turn")).find(w => w.turn === turn_id), "its worker");
    await eventually(() => socket.events().length > 0, "it is seen to start");
    remember();
    await stack.double.go();
    await eventually(() => socket.text().split(" ").length >= 10, "text is seen that will be lost");
    process.kill(pid, "SIGSTOP");
    await loseSince();
    const {cursor} = socket;
    process.kill(pid, "SIGKILL");
    await stack.startRedis();
    const log = await eventually(async () => {
      stack.double.release();
      const text = await logOf(session_id).catch(() => "");
      return / F \{/.test(text) && text;
    }, "another worker has ended the turn", LONG);
    assert.ok(!log.includes(`${cursor}\n`), "the cursor is lost");
    const back = await stack.socket(`/ws?session_id=${session_id}&cursor=${cursor}`);
    const snapshot = await back.until("MESSAGES_SNAPSHOT", LONG);
    assert.equal(snapshot.messages.at(-1).role, "assistant");
    assert.equal(snapshot.messages.at(-1).content.split(" ").length, 20);
    await back.end();
    // One that stayed connected: what it was shown and Redis has lost is taken back.
    const stored = async () => (await stack.redis("LRANGE", `tp:{dev}:s:${session_id}:msgs`, 0, -1)).split("\n").map(m => plain(JSON.parse(m)));
    await eventually(async () => isDeepStrictEqual(fold(socket.events()), await stored()), "it shows the stored conversation", LONG)
      .catch(error => { throw new Error(`${error.message}: ${JSON.stringify(socket.events()).slice(0, 3000)}`); });
    await socket.end();
  });
});
