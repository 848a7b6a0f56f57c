// SPDX-License-Identifier: BSD-2-Clause
// `turnpike upgrade`: another program takes over the sockets, and serves while the old one finishes what it has.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {once} from "node:events";
import {copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {promisify} from "node:util";
import {BUILD, eventually, pause, scratch, SLOW, Socket, Stack, uuid} from "./harness.mjs";

describe("an upgrade", () => {
  let stack, folder, program;
  const turnpike = async (...args) => (await promisify(execFile)(join(BUILD, "turnpike"), ["--run-dir", stack.run, ...args], {timeout: 60000 * SLOW})).stdout;
  const refused = (...args) => turnpike(...args).then(() => assert.fail("it did not fail"), error => error);
  const supervisor = async () => (await stack.status()).pid;
  const lives = pid => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  // Ready to serve is not all: an upgrade is begun once every worker is there.
  const whole = site => eventually(async () => (await site.status()).state === "running", "every worker is there");
  // As dpkg does it: another file under the same name.
  const install = from => {
    rmSync(program, {force: true});
    if (from) copyFileSync(from, program);
  };
  const upgradeOf = (site) => promisify(execFile)(join(BUILD, "turnpike"), ["--run-dir", site.run, "upgrade"], {timeout: 60000 * SLOW});
  const failureOf = site => upgradeOf(site).then(() => assert.fail("it did not fail"), error => error);
  const begun = async (site, from = 0) => Number((await eventually(() => / upgrade: \S+ starts as process (\d+)/.exec(site.log().slice(from)), "it has begun"))[1]);
  const socketsOf = site => readdirSync(site.run).filter(f => f.endsWith(".sock") && f !== "redis.sock");
  let slow, tooLate;
  before(async () => {
    folder = scratch("tp-upgrade-");
    program = join(folder, "turnpiked");
    install(join(BUILD, "turnpiked"));
    stack = await Stack.start({program, settings: {"turn.workers": 2, drain: "60s"}});
    await whole(stack);
    // A new program that never comes so far: it has its time while the other tests run.
    const hangs = join(folder, "hangs");
    copyFileSync(join(BUILD, "turnpiked"), hangs);
    slow = await Stack.start({program: hangs, settings: {worker_ready: "2s"}});
    await whole(slow);
    rmSync(hangs);
    writeFileSync(hangs, "#!/bin/sh\nexec sleep 1000\n", {mode: 0o755});
    tooLate = failureOf(slow);
  });
  after(async () => {
    await slow?.stop();
    const pid = await supervisor().catch(() => stack.pid);
    if (pid !== stack.pid) {
      process.kill(pid, "SIGTERM");
      await eventually(() => !lives(pid), "the new process ends");
    }
    await stack.stop();
    rmSync(folder, {recursive: true, force: true});
  });

  test("new requests are served by the new process while the old one still streams; nothing is lost", async () => {
    const session_id = uuid(), old = await supervisor();
    const socket = await Socket.open(stack, "/ws/ann", {headers: {"X-Dev-User": "ann"}});
    const running = stack.chatStream("x [[text words=6 hold=3]]", {session_id}, {headers: {"X-Dev-User": "ann", Accept: "text/event-stream"}});
    await running.until("TEXT_MESSAGE_CONTENT");
    install(join(BUILD, "turnpiked"));
    assert.match(await turnpike("upgrade"), /^process \d+ serves$/m);
    const now = await supervisor();
    assert.notEqual(now, old);
    // The stream is held by the model: whoever answers now does not wait for it.
    for (let i = 0; i < 5; i++) assert.equal((await stack.chat("hello", {session_id: uuid()}, {headers: {"X-Dev-User": "bob"}})).status, 200);
    assert.equal((await stack.get("/health/ready")).status, 200);
    assert.ok(lives(old), "the old process has its turn");
    // The stream ended as in a reload, and goes on behind its cursor, through the new process.
    await running.all();
    const cursor = running.events.at(-1).id;
    const rest = stack.sse(`/sessions/${session_id}/events`, {headers: {"X-Dev-User": "ann", "Last-Event-ID": cursor}});
    await rest.response;
    assert.ok(lives(old));
    await stack.double.go();
    await rest.until("RUN_FINISHED");
    rest.drop();
    const text = [...running.events, ...rest.events].filter(e => e.data.type === "TEXT_MESSAGE_CONTENT").map(e => e.data.delta).join("");
    assert.equal(text.trim().split(/\s+/).length, 6, text);
    await eventually(() => !lives(old), "the old process ends by itself");
    assert.equal((await socket.closed).code, 1012);
    const history = (await stack.get(`/sessions/${session_id}/messages`, {headers: {"X-Dev-User": "ann"}})).json;
    assert.equal(history.messages.length, 2, JSON.stringify(history));
    assert.equal(await supervisor(), now);
    assert.deepEqual(readdirSync(stack.run).filter(f => /^(tool|quarantine)/.test(f)).sort(), ["quarantine-1.sock", "tool-1.sock"]);
  });

  test("it is done again, and settings and reload are the new process's", async () => {
    const old = await supervisor();
    stack.writeSettings({"turn.seats": 9});
    await turnpike("upgrade");
    const now = await supervisor();
    assert.notEqual(now, old);
    assert.match(await turnpike("status"), /^turns: \d+\/9 running/m);
    assert.match(await turnpike("reload"), /generation 2 serves/);
    assert.equal((await stack.chat("hello")).status, 200);
    await eventually(() => !lives(old), "the old process ends by itself");
  });

  test("a program that does not run, or does not take the settings, changes nothing", async () => {
    const old = await supervisor(), good = readFileSync(join(stack.dir, "turnpike.conf"), "utf8");
    const goesOn = async (error, why) => {
      assert.equal(error.code, 1, error.stderr);
      assert.match(error.stderr, /^turnpike: the upgrade failed; process \d+ goes on$/m);
      assert.match(error.stderr, why);
      assert.equal(await supervisor(), old);
      assert.equal((await stack.chat("hello")).status, 200);
    };
    install(null);
    await goesOn(await refused("upgrade"), /No such file or directory/);
    writeFileSync(program, "#!/bin/sh\nexit 7\n", {mode: 0o755});
    await goesOn(await refused("upgrade"), /the new process ended before it served/);
    install(join(BUILD, "turnpiked"));
    writeFileSync(join(stack.dir, "turnpike.conf"), `${good}turn.seets = 3\n`);
    await goesOn(await refused("upgrade"), /did you mean turn\.seats\?/);
    writeFileSync(join(stack.dir, "turnpike.conf"), `${good}run_dir = /nowhere/else\n`);
    await goesOn(await refused("upgrade"), /run_dir: cannot be changed/);
    writeFileSync(join(stack.dir, "turnpike.conf"), good);
    // It starts, and its workers die one after the other.
    const from = stack.log().length, upgrade = refused("upgrade");
    const next = Number((await eventually(() => / upgrade: \S+ starts as process (\d+)/.exec(stack.log().slice(from)), "it has begun"))[1]);
    let over = false;
    upgrade.finally(() => { over = true; });
    for (; !over; await pause(5)) {
      let children = "";
      try {
        children = readFileSync(`/proc/${next}/task/${next}/children`, "utf8");
      } catch { /* it has ended */ }
      for (const pid of children.split(" ").filter(Boolean)) {
        try { process.kill(Number(pid), "SIGKILL"); } catch { /* gone */ }
      }
    }
    await goesOn(await upgrade, /turn|api|stream/);
    await eventually(() => !lives(next), "the new process ends");
  });

  // A program that starts when the test says so.
  const installSlow = () => {
    rmSync(join(folder, "go"), {force: true});
    rmSync(program, {force: true});
    writeFileSync(program, `#!/bin/sh\nwhile [ ! -e "${join(folder, "go")}" ]; do sleep 0.05; done\nexec "${join(BUILD, "turnpiked")}" "$@"\n`, {mode: 0o755});
  };
  test("TERM while a new process hangs ends both", async () => {
    const other = await Stack.start({program});
    const old = other.pid;
    try {
      await whole(other);
      installSlow();
      const upgrade = failureOf(other), next = await begun(other);
      process.kill(old, "SIGTERM");
      await eventually(() => !lives(old), "the old process ends");
      await upgrade;
      await eventually(() => !lives(next), "the new process ends");
      install(join(BUILD, "turnpiked"));
      await other.startDaemon();
    } finally {
      await other.stop();
    }
  });

  test("TERM while a new process starts and a turn runs: the service ends with the turn, and nothing is left of it", async () => {
    const other = await Stack.start({program, settings: {drain: "60s"}});
    const old = other.pid;
    try {
      await whole(other);
      const held = other.chatStream("x [[text words=6 hold=3]]", {session_id: uuid()}, {headers: {"X-Dev-User": "ann", Accept: "text/event-stream"}});
      await held.until("TEXT_MESSAGE_CONTENT");
      installSlow();
      const upgrade = failureOf(other), next = await begun(other);
      process.kill(old, "SIGTERM");
      writeFileSync(join(folder, "go"), "");
      const error = await upgrade;
      assert.equal(error.code, 1, error.stderr);
      assert.match(error.stderr, /^turnpike: the upgrade failed; process \d+ drains\n {2}turnpiked is draining$/m);
      await eventually(() => !lives(next), "the new process ends");
      assert.ok(lives(old), "the old process has its turn");
      await other.double.go();
      await eventually(() => !lives(old), "the old process ends after its turn");
      await held.all();
      assert.deepEqual(socketsOf(other), []);
      assert.doesNotMatch(other.log(), /ready, after an upgrade/);
    } finally {
      await other.stop();
    }
  });

  test("a turn in which an old worker crashes goes on in the new process's quarantine; the old one ends within drain", async () => {
    install(join(BUILD, "turnpiked"));
    const other = await Stack.start({program, settings: {"turn.workers": 3, drain: "3s", "development.fault_word": "quasimodo"}});
    const old = other.pid;
    let now;
    try {
      await whole(other);
      const bad = other.chatStream("quasimodo crash model-text [[text words=4 hold=0]]", {session_id: uuid()}, {headers: {"X-Dev-User": "bad", Accept: "text/event-stream"}});
      await other.double.until(d => d.held === 1, "held");
      now = Number(/process (\d+) serves/.exec((await upgradeOf(other)).stdout)[1]);
      await other.double.go();
      const forks = new RegExp(`supervisor\\[${now}\\] a quarantine worker is forked`);
      await eventually(() => forks.test(other.log()), "the new process forks a quarantine worker");
      await eventually(() => !lives(old), "the old process ends");
      assert.doesNotMatch(other.log(), new RegExp(`supervisor\\[${old}\\] a quarantine worker is forked`));
      bad.drop();
    } finally {
      if (now) process.kill(now, "SIGTERM");
      if (now) await eventually(() => !lives(now), "the new process ends");
      await other.stop();
    }
  });

  test("under a systemd that does not listen it is refused; when systemd cannot be told it fails", async () => {
    const wrapped = environment => {
      rmSync(program, {force: true});
      writeFileSync(program, `#!/bin/sh\n${environment} exec "${join(BUILD, "turnpiked")}" "$@"\n`, {mode: 0o755});
    };
    wrapped("INVOCATION_ID=1 SYSTEMD_EXEC_PID=$$");
    const other = await Stack.start({program});
    try {
      await whole(other);
      const error = await failureOf(other);
      assert.equal(error.code, 3, error.stderr);
      assert.match(error.stderr, /^turnpike: the upgrade is refused: error: systemd would not hear/m);
    } finally {
      await other.stop();
    }
    wrapped(`NOTIFY_SOCKET="${join(folder, "nobody")}"`);
    const third = await Stack.start({program});
    try {
      await whole(third);
      const error = await failureOf(third);
      assert.equal(error.code, 1, error.stderr);
      assert.match(error.stderr, /^ {2}systemd cannot be told/m);
      assert.equal((await third.status()).pid, third.pid);
      assert.equal((await third.chat("hello")).status, 200);
      await eventually(async () => socketsOf(third).every(f => !/-/.test(f)), "the new process ends");
    } finally {
      await third.stop();
    }
    install(join(BUILD, "turnpiked"));
  });

  test("without an answer nobody knows whether it has begun: status 1, not 3", async () => {
    const run = scratch("tp-upgrade-mute-"), connections = new Set();
    const mute = net.createServer(c => connections.add(c)).listen(join(run, "control.sock"));
    try {
      await once(mute, "listening");
      const error = await failureOf({run});
      assert.equal(error.code, 1, error.stderr);
      assert.equal(connections.size, 1);
    } finally {
      for (const c of connections) c.destroy();
      mute.close();
      rmSync(run, {recursive: true, force: true});
    }
  });

  test("one at a time: a second upgrade and a reload are refused meanwhile", async () => {
    installSlow();
    const from = stack.log().length, first = turnpike("upgrade");
    await eventually(() => / upgrade: \S+ starts as process/.test(stack.log().slice(from)), "it has begun");
    const others = [await refused("upgrade"), await refused("reload")];
    assert.deepEqual(others.map(e => e.code), [3, 1]);
    for (const e of others) assert.match(e.stderr, /an upgrade is under way/);
    writeFileSync(join(folder, "go"), "");
    assert.match(await first, /serves/);
    assert.equal((await stack.chat("hello")).status, 200);
  });

  test("a new program that hangs is killed when its time is over, and the message says so", async () => {
    const next = await begun(slow), error = await tooLate;
    assert.equal(error.code, 1, error.stderr);
    assert.match(error.stderr, /^ {2}the new process did not serve in time \(worker_ready\)$/m);
    await eventually(() => !lives(next), "it is killed");
    assert.equal((await slow.chat("hello")).status, 200);
  });
});
