// SPDX-License-Identifier: BSD-2-Clause
// What one turn does to its worker does not reach the others of that worker.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {join} from "node:path";
import {promisify} from "node:util";
import {BUILD, eventually, SLOW, Stack, uuid} from "./harness.mjs";

const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes(e.data.type);
const WORD = "quasimodo";

/** Lets held answers go on, again and again, until all have ended. */
async function allEnd(stack, readers, ms = 90000 * SLOW) {
  await eventually(() => {
    stack.double.release();
    return readers.every(r => r.events.some(FINAL));
  }, "all turns end", ms);
}

describe("poisonous turns among others", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {"turn.workers": 2, "turn.seats": 64, "turn.user": 0, "turn.quarantine": 1,
      "turn.quarantine_idle": "1s", "development.fault_word": WORD}});
  });
  after(() => stack.stop());

  const start = (text, user) => stack.chatStream(text, {session_id: uuid()}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
  const deaths = async () => {
    const {pools} = await stack.status();
    return {turn: pools.turn.deaths, quarantine: pools.quarantine.deaths};
  };

  const attempts = async user => {
    const keys = (await stack.redis("--scan", "--pattern", `tp:{${user}}:turn:*`)).split("\n").filter(k => !k.endsWith(":steps"));
    assert.equal(keys.length, 1, keys.join(" "));
    const [attempt, spare] = (await stack.redis("HMGET", keys[0], "attempt", "spare")).split("\n").map(Number);
    return attempt - (spare || 0);
  };

  test("40 turns, 3 of which abort their worker: those 3 fail after their attempts, the others lose nothing", async () => {
    await eventually(async () => (await stack.status()).pools.turn.ready === 2, "both workers serve");
    const before = await deaths();
    const good = Array.from({length: 37}, (_, i) => start(`x [[text words=30 hold=4,${8 + i % 20}]]`, `u${i}`));
    const bad = [["model-text", "text words=4 hold=0"], ["tool", "tool name=get_current_time hold=1 | text words=4"],
      ["checkpoint", "tool name=get_current_time hold=1 | text words=4"]]
      .map(([stage, scenario], i) => start(`${WORD} crash ${stage} [[${scenario}]]`, `bad${i}`));
    await stack.double.until(d => d.held === 40, "all hold in their text");
    const workers = new Set((await stack.seats("turn")).filter(s => s.turn).map(s => s.pid));
    assert.equal(workers.size, 2, "both workers have turns");
    await allEnd(stack, [...good, ...bad]);
    for (const reader of bad) {
      assert.deepEqual(reader.events.filter(FINAL).map(e => `${e.data.type} ${e.data.code}`), ["RUN_ERROR turn_attempts"]);
    }
    for (const reader of good) {
      assert.deepEqual(reader.events.filter(FINAL).map(e => e.data.type), ["RUN_FINISHED"]);
      const end = reader.events.at(-1).data;
      assert.match(reader.text(), /\.$/, JSON.stringify(end));
    }
    const after = await deaths();
    assert.ok(after.turn - before.turn <= 3, `${after.turn - before.turn} shared workers died`);
    // Each has three attempts: one at most ends a shared worker.
    assert.equal(after.turn - before.turn + after.quarantine - before.quarantine, 9);
    // That a turn was taken over from beside another one is no attempt.
    for (const user of good.keys()) assert.equal(await attempts(`u${user}`), 1, `attempts of u${user} that count`);
    for (const user of bad.keys()) assert.equal(await attempts(`bad${user}`), 3, `attempts of bad${user} that count`);
    assert.match(stack.log(), /aborted at \S+ .*turnpiked\+0x/);
    await eventually(async () => (await stack.status()).pools.quarantine.workers === 0, "the quarantine worker leaves");
  });

  test("a turn that computes for ever is aborted with its name, and its neighbours go on", async () => {
    const before = await deaths();
    const loop = start(`${WORD} loop tool [[tool name=get_current_time | text words=3]]`, "looper");
    await eventually(async () => (await stack.seats("turn")).find(s => s.user === "looper" && s.stage === "tool" && s.executing), "it computes");
    const neighbours = Array.from({length: 8}, (_, i) => start("x [[text words=5]]", `n${i}`));
    await allEnd(stack, neighbours);
    for (const n of neighbours) assert.equal(n.last.data.type, "RUN_FINISHED", JSON.stringify(n.last.data));
    await eventually(async () => (await deaths()).turn > before.turn, "its worker is ended", 60000 * SLOW);
    const log = stack.log();
    assert.match(log, /gives no sign of life, ABRT; .* user looper session \S+ turn \S+: stages [^\n]*tool\+/);
    assert.match(log, /turn=\S+ session=\S+ (?:\S+=\S+ )*aborted at /);
    assert.equal((await deaths()).turn, before.turn + 1);
    const apart = async pid => (await stack.seats("quarantine")).find(s => s.user === "looper" && s.stage === "tool" && s.pid !== pid);
    const first = await eventually(() => apart(0), "it is tried again apart");
    process.kill(first.pid, "SIGKILL");
    const last = await eventually(() => apart(first.pid), "for the last time");
    process.kill(last.pid, "SIGKILL");
    await eventually(() => loop.events.some(FINAL), "it fails", 60000 * SLOW);
    assert.equal(loop.last.data.code, "turn_attempts");
  });

  test("a turn that holds the loop is counted and named", async () => {
    const before = (await stack.status()).pools.turn;
    const slow = start(`${WORD} slow tool [[tool name=get_current_time | text words=3]]`, "snail");
    await allEnd(stack, [slow]);
    assert.equal(slow.last.data.type, "RUN_FINISHED");
    const {pools, slots} = await stack.status();
    assert.ok(pools.turn.passes_slow > before.passes_slow);
    assert.ok(Math.max(...slots.map(s => s.slowest_ms)) >= 60);
    assert.match(stack.log(), /the loop stood still for \d+\.\d ms, in user snail session \S+ turn \S+/);
    const {stdout} = await promisify(execFile)(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "metrics"]);
    assert.match(stdout, /turnpike_slow_passes_total\{process="turn"\} [1-9]/);
  });

  test("a stopped process is told from a starved one: it is ended, and its turns go on elsewhere", async () => {
    const readers = Array.from({length: 6}, (_, i) => start("x [[text words=12 hold=3]]", `s${i}`));
    await stack.double.until(d => d.held === 6, "all hold");
    const {pid} = (await stack.seats("turn")).find(s => s.turn);
    process.kill(pid, "SIGSTOP");
    await allEnd(stack, readers);
    for (const r of readers) assert.equal(r.last.data.type, "RUN_FINISHED", JSON.stringify(r.last.data));
    await eventually(() => stack.log().includes(`[${pid}]: gives no sign of life, ABRT`), "it is seen", 60000 * SLOW);
    await eventually(async () => !(await stack.status()).slots.some(s => s.pid === pid), "it is gone", 60000 * SLOW);
  });
});

test("without development mode the word is refused", async () => {
  const error = await Stack.start({settings: {development: "off", "development.fault_word": WORD, "jwt.algorithm": "HS256", "jwt.secret": "x".repeat(40)}})
    .then(s => s.stop().then(() => null), e => e);
  assert.match(error?.message ?? "", /development\.fault_word: is refused without development = on/);

});
