// SPDX-License-Identifier: BSD-2-Clause
// The operator's command against a machine that works, and one whose workers are all stuck.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile, spawn} from "node:child_process";
import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {promisify} from "node:util";
import {BUILD, eventually, SLOW, Stack, uuid} from "./harness.mjs";

describe("the operator's command", () => {
  let stack;
  const turnpike = async (...args) => (await promisify(execFile)(join(BUILD, "turnpike"), ["--run-dir", stack.run, ...args], {timeout: 30000 * SLOW})).stdout;
  before(async () => { stack = await Stack.start({settings: {"turn.workers": 2}}); });
  after(() => stack.stop());

  test("`status` tells what each worker does", async () => {
    const session_id = uuid();
    const running = stack.chatStream("x [[text words=4 hold=2]]", {session_id}, {headers: {"X-Dev-User": "ann", Accept: "text/event-stream"}});
    await running.until("TEXT_MESSAGE_CONTENT");
    const text = await turnpike("status");
    assert.match(text, /^turns: 1\/8 running/m);
    assert.match(text, /\bann\b/);
    assert.ok(text.includes(session_id) || text.includes(running.events[0].data.runId), text);
    const {slots, seats, pools} = JSON.parse(await turnpike("status", "--json"));
    const seat = seats.find(s => s.session === session_id), slot = slots.find(s => s.pid === seat.pid);
    assert.deepEqual([seat.pool, seat.user, seat.turn], ["turn", "ann", running.events[0].data.runId]);
    assert.ok(seat.turn_left_ms > 0 && seat.trail, JSON.stringify(seat));
    assert.deepEqual([slot.slot, slot.pool, slot.seats, slot.seats_busy], [seat.slot, "turn", (8 + 2) / 2, 1]);
    assert.deepEqual([pools.turn.seats, pools.turn.seats_busy, pools.turn.busy], [8 + 2, 1, 1]);
    assert.match(await turnpike("metrics"), /^turnpike_seats\{pool="turn"\} 10$[^]*^turnpike_seats_busy\{pool="turn"\} 1$[^]*# EOF\n$/m);
    await stack.double.go();
    await running.until("RUN_FINISHED");
  });

  test("`status`, `status --json`, `metrics` and `top` answer when every worker of every pool is stuck", async () => {
    const pools = ["api", "turn", "stream", "tool", "housekeeper"];
    const pids = (await Promise.all(pools.map(pool => stack.workers(pool)))).flat().map(w => w.pid);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      for (const command of ["status", "top"]) assert.match(await turnpike(command), /^turns: 0\/8 running[^]*^turn +\d+\/\d+/m);
      const status = JSON.parse(await turnpike("status", "--json"));
      for (const pool of pools) assert.ok(status.slots.some(s => s.pool === pool && s.pid > 0), pool);
      assert.match(await turnpike("metrics"), /# EOF\n$/);
    } finally {
      for (const pid of pids) {
        try { process.kill(pid, "SIGCONT"); } catch { /* ended and replaced meanwhile */ }
      }
    }
    await eventually(async () => (await stack.chat("hello").catch(() => ({}))).status === 200, "service is back");
  });

  test("`top` refreshes its screen until q", async () => {
    // script(1) gives it a terminal.
    const screen = spawn("script", ["-qec", `'${join(BUILD, "turnpike")}' --run-dir '${stack.run}' top`, "/dev/null"], {stdio: ["pipe", "pipe", "inherit"]});
    const ended = new Promise(done => screen.on("exit", done));
    let text = "";
    screen.stdout.on("data", data => { text += data; });
    await eventually(() => text.split("turns: ").length > 3, "the third screen");
    assert.ok(text.includes("q = quit"));
    screen.stdin.write("q");
    assert.equal(await ended, 0);
    assert.ok(text.trimEnd().endsWith("\x1b[?1049l"), "the screen is as it was before");
    screen.stdin.destroy();
  });

  // Last of what runs: it leaves the settings as it found them.
  test("`reload` waits for its outcome and says why it failed; `config` tells what differs, and from which line", async () => {
    const conf = join(stack.dir, "turnpike.conf"), good = readFileSync(conf, "utf8");
    const config = async (...args) => (await promisify(execFile)(join(BUILD, "turnpike"), ["--config", conf, "config", ...args])).stdout;
    const lines = good.split("\n").length - 1;
    try {
      // The settings: all, some, those that differ, for programs.
      assert.match(await config(), /^# turns that run at once on this machine \(default: 256\)\nturn\.seats = 8$/m);
      const changed = await config("--changed");
      assert.match(changed, new RegExp(`^# ${conf}:\\d+; default: 256\\nturn\\.seats = 8$`, "m"));
      assert.ok(!/recycle\.age|until `turnpike reload`/.test(changed), changed);
      assert.match(await config("turn.seats"), /^# turns that run at once on this machine\n# number, default: 256, 1 to 4096; from .*\/turnpike\.conf:\d+\nturn\.seats = 8\n$/);
      await assert.rejects(config("turn.seat"), error => error.code === 1 && /did you mean turn\.seats\?/.test(error.stderr));

      // What the service runs with, after the file has changed.
      writeFileSync(conf, `${good}turn.seats = 9\nwebhook.secret = ${"s3cret".repeat(5)}\n`);
      assert.match(await config("--changed"), /^# the service runs with 8, until `turnpike reload`\nturn\.seats = 9$/m);
      assert.match(await config("--running", "turn.seats"), /^turn\.seats = 8$/m);
      const {settings} = JSON.parse(await config("--json"));
      const seats = settings.find(s => s.name === "turn.seats"), secret = settings.find(s => s.name === "webhook.secret");
      assert.deepEqual([seats.value, seats.running, seats.line, seats.reload_changes, seats.least, seats.most], ["9", "8", lines + 1, true, "1", "4096"]);
      assert.deepEqual([secret.value, secret.running, secret.secret, secret.reload_changes], ["***", "", true, true]);
      for (const args of [[], ["--changed"], ["--running"], ["--json"], ["webhook.secret"]]) assert.ok(!(await config(...args)).includes("s3cret"), args.join());

      // A reload with errors: each with its line, and the workers stay.
      const pids = (await stack.workers("turn")).map(w => w.pid).sort();
      writeFileSync(conf, `${good}turn.seats = 0\nturn.wrokers = 2\nsystem_prompt.file = /nope\n`);
      await assert.rejects(turnpike("reload"), error => {
        assert.equal(error.code, 1);
        assert.equal(error.stderr, `turnpike: the reload failed; generation 1 goes on\n  ${conf}:${lines + 1}: turn.seats: 0 is below 1 (1 to 4096)\n` +
          `  ${conf}:${lines + 2}: turn.wrokers: there is no such setting; did you mean turn.workers?\n  ${conf}:${lines + 3}: system_prompt.file: /nope: No such file or directory\n`);
        return true;
      });
      assert.match(await turnpike("status"), /the last reload failed; its reasons:\n.*turn\.seats: 0 is below 1/);
      assert.deepEqual((await stack.workers("turn")).map(w => w.pid).sort(), pids);

      // One that succeeds: it says so when the new workers serve.
      writeFileSync(conf, `${good}turn.seats = 9\n`);
      assert.match(await turnpike("reload"), /^generation \d+ serves\n$/);
      assert.match(await turnpike("status"), /^turns: 0\/9 running/m);
    } finally {
      writeFileSync(conf, good);
    }
  });

  test("says what is wrong when nobody listens, and with a wrong command", async () => {
    await assert.rejects(promisify(execFile)(join(BUILD, "turnpike"), ["--run-dir", "/nonexistent", "status"]),
      error => error.code === 1 && /no turnpiked listens on \/nonexistent\/control.sock/.test(error.stderr));
    await assert.rejects(promisify(execFile)(join(BUILD, "turnpike"), ["-c", "/nonexistent.conf", "status"]),
      error => error.code === 1 && /^turnpike: \/nonexistent\.conf: No such file/.test(error.stderr), "not the default service's socket");
    await assert.rejects(turnpike("statsu"), error => error.code === 2 && /usage/.test(error.stderr));
  });
});
