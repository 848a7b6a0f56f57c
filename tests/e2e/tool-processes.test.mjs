// SPDX-License-Identifier: BSD-2-Clause
// Tools that compute for long run in processes of their own, which may stand still and die.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {statSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {promisify} from "node:util";
import {BUILD, eventually, SLOW, Stack, uuid} from "./harness.mjs";

const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes(e.data.type);
const WORD = "quasimodo";
const LONG = 90000 * SLOW;
const call = (...towns) => `tool name=optimize_route args=${JSON.stringify({waypoints: ["Sydney", "Brisbane", ...towns]})}`;
const fault = action => call(`${WORD} ${action} process`);
const START = {"turn.workers": 2, "turn.seats": 64, "development.fault_word": WORD};

const sse = (stack, user, scenario, more) => stack.chatStream(`x [[${scenario} | text words=3]]`, {session_id: uuid(), ...more},
  {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
const works = async (stack, user) => {
  const turn = sse(stack, user, call("Melbourne"));
  await endsWell(turn);
  assert.ok(results(turn)[0].success, JSON.stringify(results(turn)));
};
const results = reader => reader.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => JSON.parse(e.data.content));
const computing = (stack, user, not = 0) => eventually(async () =>
  (await stack.seats("tool")).find(s => s.user === user && s.executing && s.pid !== not), `${user}'s call computes`, LONG);
const deaths = async stack => Object.fromEntries(Object.entries((await stack.status()).pools).map(([pool, p]) => [pool, p.deaths]));

/** What is kept of a session, whoever has seen it. */
const stored = async (stack, user, session) =>
  (await stack.redis("LRANGE", `tp:{${user}}:s:${session}:msgs`, 0, -1)).split("\n").filter(Boolean).map(line => JSON.parse(line));

async function endsWell(reader) {
  await eventually(() => reader.events.some(FINAL), "the turn ends", LONG);
  assert.equal(reader.last.data.type, "RUN_FINISHED", JSON.stringify(reader.last.data));
}

describe("tool processes", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {...START, "tool.processes": 2, "tool.process_ms": "60s", lease: "2s"}});
    await eventually(async () => (await stack.status()).pools.tool.ready === 2, "both serve");
  });
  after(() => stack.stop());

  test("run what is marked, and its result is the turn's", async () => {
    const requests = async () => (await stack.status()).pools.tool.requests;
    const before = await requests();
    const turn = sse(stack, "ann", `${call("Melbourne")} | tool name=get_current_time`);
    await endsWell(turn);
    const [route, time] = results(turn);
    assert.ok(route.success && time.success, JSON.stringify([route, time]));
    assert.equal(await requests(), before + 1, "the other one ran in the turn's worker");
    // An api worker has one request at a time, and runs its tools itself.
    const reply = await stack.post("/tools/optimize_route", {waypoints: ["Sydney", "Brisbane", "Melbourne"]}, {headers: {"X-Dev-User": "ann"}});
    assert.deepEqual(reply.json, route);
    assert.equal(await requests(), before + 1);
    const wrong = sse(stack, "ann", "tool name=optimize_route args={\"waypoints\":3}");
    await endsWell(wrong);
    assert.equal(results(wrong)[0].error.code, "invalid_argument", JSON.stringify(results(wrong)));
    assert.equal(results(wrong)[0].error.path, "/waypoints");
  });

  test("are shown, and nobody else's processes can ask them", async () => {
    const turnpike = async command => (await promisify(execFile)(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), command])).stdout;
    assert.match(await turnpike("status"), /^tool +2\/2 +2 /m);
    assert.match(await turnpike("metrics"), /turnpike_workers_ready\{pool="tool"\} 2/);
    assert.equal(statSync(join(stack.run, "tool.sock")).mode & 0o777, 0o600);
  });

  test("one that is killed while it computes: the call is made again, tokens beside it go on, no worker dies", async () => {
    const before = await deaths(stack);
    const beside = sse(stack, "bob", "text words=60 delay=20 hold=5,20,40");
    const turn = sse(stack, "ann", fault("loop"));
    const first = await computing(stack, "ann");
    const heard = beside.events.length;
    stack.double.release();
    await eventually(() => beside.events.length > heard, "tokens come while it computes");
    process.kill(first.pid, "SIGKILL");
    const second = await computing(stack, "ann", first.pid);
    stack.double.release();
    process.kill(second.pid, "SIGKILL");
    await eventually(() => { stack.double.release(); return turn.events.some(FINAL) && beside.events.some(FINAL); }, "both turns end", LONG);
    for (const t of [turn, beside]) assert.equal(t.last.data.type, "RUN_FINISHED", JSON.stringify(t.last.data));
    const [result] = results(turn);
    assert.equal(result.error?.code, "tool_crashed", JSON.stringify(result));
    assert.match(turn.text(), /\S/, "the turn goes on");
    const now = await deaths(stack);
    assert.equal(now.tool, before.tool + 2);
    assert.equal(now.turn, before.turn);
    await eventually(async () => (await stack.status()).pools.tool.ready === 2, "both are there again");
    await works(stack, "ann");
  });

  test("a call that kills its process is refused when it comes again", async () => {
    const before = await deaths(stack);
    const turn = sse(stack, "eve", fault("crash"));
    await endsWell(turn);
    assert.equal(results(turn)[0].error?.code, "tool_crashed");
    assert.match(stack.log(), /tool=optimize_route user=eve call=\S+ aborted at /);
    const now = (await deaths(stack)).tool;
    assert.ok(now > before.tool && now <= before.tool + 2, `${now - before.tool} died`);
    const again = sse(stack, "eve", fault("crash"));
    await endsWell(again);
    assert.equal(results(again)[0].error?.code, "tool_crashed");
    assert.match(results(again)[0].message, /Nothing was done/);
    assert.equal((await deaths(stack)).tool, now);
    await works(stack, "eve");
    await works(stack, "bob");
  });

  test("a stop ends the turn and the computation that nobody waits for any more", async () => {
    const before = await deaths(stack), client_message_id = uuid();
    const turn = sse(stack, "ann", fault("loop"), {client_message_id});
    const {pid} = await computing(stack, "ann");
    const stop = await stack.post("/cancel", {client_message_id}, {headers: {"X-Dev-User": "ann"}});
    assert.equal(stop.status, 202, stop.text);
    await eventually(() => turn.events.some(FINAL), "the turn ends");
    assert.equal(results(turn)[0].error?.code, "unknown_outcome");
    await eventually(async () => !(await stack.workers("tool")).some(s => s.pid === pid), "its process ends");
    await works(stack, "ann");
    assert.deepEqual(await deaths(stack), before, "which is no failure");
  });

  test("a turn whose worker dies while its tool computes calls it again elsewhere", async () => {
    const turn = sse(stack, "kim", fault("loop"));
    const first = await computing(stack, "kim");
    process.kill((await stack.seats("turn")).find(s => s.user === "kim").pid, "SIGKILL");
    const second = await computing(stack, "kim", first.pid);
    process.kill(second.pid, "SIGKILL");
    process.kill((await computing(stack, "kim", second.pid)).pid, "SIGKILL");
    await eventually(() => turn.events.some(FINAL), "the turn ends", LONG);
    assert.equal(turn.last.data.type, "RUN_FINISHED", JSON.stringify(turn.last.data));
    assert.equal(results(turn)[0].error?.code, "tool_crashed");
    await eventually(async () => (await stack.status()).pools.turn.ready === 2, "the worker is there again");
  });

  test("a user has one call there at a time, another user another one", async () => {
    const args = ["a", "b"].map(i => JSON.stringify({waypoints: ["Sydney", "Brisbane", `${WORD} loop process ${i}`]}));
    const client_message_id = uuid();
    const turn = sse(stack, "ann", `tool name=optimize_route,optimize_route args=${args.join(";")}`, {client_message_id});
    await computing(stack, "ann");
    await works(stack, "bob");
    await works(stack, "eve");
    assert.equal((await stack.seats("tool")).filter(s => s.user === "ann").length, 1);
    await stack.post("/cancel", {client_message_id}, {headers: {"X-Dev-User": "ann"}});
    await eventually(() => turn.events.some(FINAL), "the turn ends");
  });

  test("what is no request of ours harms nobody", async () => {
    const before = await deaths(stack);
    const sockets = [Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(70000, 0xff), Buffer.from([1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
      Buffer.from([1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 0]), Buffer.alloc(0)].map(bytes => {
      const socket = net.connect(join(stack.run, "tool.sock"));
      socket.on("error", () => {});
      socket.resume();
      socket.write(bytes);
      return new Promise(done => socket.on("close", done));
    });
    await Promise.all(sockets);
    await works(stack, "ann");
    assert.deepEqual(await deaths(stack), before);
  });

  test("a reload loses no call", async () => {
    const turns = Array.from({length: 12}, (_, i) => {
      const session_id = uuid();
      sse(stack, `t${i}`, call("Perth", "Cairns", "Darwin"), {session_id});
      return () => stored(stack, `t${i}`, session_id);
    });
    await eventually(async () => (await stack.status()).pools.turn.seats_busy > 0, "turns run");
    await stack.reload(LONG);
    for (const messages of turns) {
      await eventually(async () => (await messages()).length === 4, "the turn has ended", LONG);
      assert.ok(JSON.parse((await messages())[2].content).success, JSON.stringify(await messages()));
    }
    await eventually(async () => (await stack.workers("tool")).length === 2, "the old ones have left", LONG);
  });
});

describe("tool processes that are all busy", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {...START, "tool.processes": 1, "tool.process_ms": "60s", "tool.process_wait": "2s", "respawn.min": "10ms"}});
  });
  after(() => stack.stop());

  test("a call waits for tool.process_wait, then it fails clearly and its turn goes on", async () => {
    const long = sse(stack, "ann", fault("loop"));
    const {pid} = await computing(stack, "ann");
    const turn = sse(stack, "bob", call("Melbourne"));
    await endsWell(turn);
    const [result] = results(turn);
    assert.equal(result.error?.code, "busy", JSON.stringify(result));
    assert.match(result.message, /tool\.process_wait.*Nothing was done/);
    process.kill(pid, "SIGKILL");
    process.kill((await computing(stack, "ann", pid)).pid, "SIGKILL");
    await endsWell(long);
  });

  test("one user's many calls let another user's in after one of them", async () => {
    const names = Array(3).fill("optimize_route").join(","), args = [1, 2, 3].map(i => JSON.stringify({waypoints: ["Sydney", "Brisbane", `${WORD} loop process ${i}`]}));
    const crowd = sse(stack, "ann", `tool name=${names} args=${args.join(";")}`);
    const {pid} = await computing(stack, "ann");
    const turn = sse(stack, "bob", call("Melbourne"));
    await eventually(async () => (await stack.status()).pools.tool.queue === 1, "the other one waits");
    process.kill(pid, "SIGKILL");
    await endsWell(turn);
    assert.ok(results(turn)[0].success, JSON.stringify(results(turn)));
    assert.equal(results(crowd).length, 0, "none of the crowd has ended");
    for (let last = pid; !crowd.events.some(FINAL);) {
      const seat = (await stack.seats("tool")).find(s => s.user === "ann" && s.executing && s.pid !== last);
      if (seat) process.kill(last = seat.pid, "SIGKILL");
      else await new Promise(go => setImmediate(go));
    }
    await endsWell(crowd);
  });
});

describe("the time of a call", () => {
  test("a call beyond tool.process_ms ends with its process, and says so", async () => {
    const stack = await Stack.start({settings: {...START, "tool.processes": 1, "tool.process_ms": "1s"}});
    try {
      const turn = sse(stack, "ann", fault("loop"));
      await endsWell(turn);
      const [result] = results(turn);
      assert.equal(result.error?.code, "timeout", JSON.stringify(result));
      assert.match(result.message, /1000 ms .*tool\.process_ms/);
      assert.match(stack.log(), /tool=optimize_route user=ann call=\S+ the call took longer than tool\.process_ms/);
      const {pools} = await stack.status();
      assert.equal(pools.tool.deaths, 1);
      assert.equal(pools.turn.deaths, 0);
      await works(stack, "bob");
    } finally {
      await stack.stop();
    }
  });

  test("turns that run on in a drain still have their tools; then nobody is left", async () => {
    const stack = await Stack.start({settings: {...START, "tool.processes": 1, drain: "30s"}});
    try {
      const session_id = uuid();
      sse(stack, "ann", `${call("Melbourne")} hold=1`, {session_id});
      await stack.double.until(d => d.held === 1, "the model is about to call");
      const pids = (await stack.status()).slots.map(s => s.pid);
      process.kill(stack.pid, "SIGTERM");
      await eventually(() => /drain: running turns have/.test(stack.log()), "it drains");
      stack.double.release(); // its stream may have been told to come again elsewhere
      await eventually(() => pids.every(pid => { try { process.kill(pid, 0); return false; } catch { return true; } }), "all have left", LONG);
      const messages = await stored(stack, "ann", session_id);
      assert.deepEqual(messages.map(m => m.role), ["user", "assistant", "tool", "assistant"]);
      assert.ok(JSON.parse(messages[2].content).success, messages[2].content);
    } finally {
      await stack.stop();
    }
  });
});
