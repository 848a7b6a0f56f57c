// SPDX-License-Identifier: BSD-2-Clause
// A Redis that lies or breaks off, and disks that are full. The long form: node tests/faults/campaign.mjs --ills all
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {promisify} from "node:util";
import {CUTS, LIES, RedisLiar} from "../doubles/redis-liar.mjs";
import {BUILD, eventually, pause, Stack, uuid} from "./harness.mjs";
import {SmallDisk} from "./small-disk.mjs";

// The rest is for the campaign.
const SAMPLE = Object.fromEntries(["number", "text", "empty", "bigArray", "random", "doubled", "error", "noscript"].map(name => [name, LIES[name]]));
const deaths = async stack => Object.values((await stack.status()).pools).reduce((n, p) => n + p.deaths, 0);

describe("a Redis that lies", () => {
  let stack;
  before(async () => {
    stack = await Stack.start({settings: {"redis.timeout": "500ms", "stream.workers": 1, "turn.workers": 1}, prepare: async s => {
      s.liar = await RedisLiar.start(join(s.run, "redis.sock"), join(s.run, "liar.sock"));
      s.writeSettings({"redis.socket": join(s.run, "liar.sock")});
    }});
  });
  after(async () => {
    await stack?.stop();
    stack?.liar.close();
  });

  test("a reply that is lost gives nobody the reply of another user", async () => {
    const users = ["ann", "bea"].map(name => ({name, secret: `secret-of-${name}`, session_id: `s-${name}`, headers: {"X-Dev-User": name}}));
    for (const u of users) assert.equal((await stack.chat(`x [[text say=${u.secret}]]`, {session_id: u.session_id}, u)).status, 200);
    const sockets = await Promise.all(users.map(u => stack.socket("/ws", u)));
    let lost = 0;
    // Both ask before either has an answer; then the first page of ann's log is lost.
    stack.liar.treat = async (reply, passage) => {
      await pause(100);
      if (!passage.subscribes && reply.includes(users[0].secret) && !lost++) return;
      passage.say(reply);
    };
    sockets.forEach((s, i) => s.send({type: "subscribe", session_id: users[i].session_id, cursor: "0-0"}));
    await Promise.all(sockets.map(s => s.until("RUN_FINISHED")));
    stack.liar.treat = null;
    assert.equal(lost > 0, true);
    for (const [i, s] of sockets.entries()) {
      const seen = JSON.stringify(s.frames);
      assert.ok(seen.includes(users[i].secret), seen);
      assert.ok(!seen.includes(users[1 - i].secret), `${users[i].name} sees what is ${users[1 - i].name}'s: ${seen}`);
      await s.end();
    }
    assert.match(stack.log(), /out of step/);
  });

  test("whatever it answers: no process dies, and what was asked for is done once, or told", async () => {
    const before = await deaths(stack);
    for (const [name, lie] of Object.entries({...SAMPLE, ...CUTS})) {
      const user = `u-${name}`, options = {headers: {"X-Dev-User": user}}, message = {session_id: "s", client_message_id: uuid()};
      let n = 0;
      stack.liar.treat = (reply, passage) => !passage.subscribes && ++n % 5 === 0 && n < 20 ? lie(reply, passage, below => n % below) ?? Promise.resolve() : undefined;
      const reply = await eventually(async () => {
        const r = await stack.chat(`x [[tool name=create_expense args={"amount":7,"category":"diesel","description":"${name}"} | text say=${name}.]]`, message, options);
        if (r.status !== 200) assert.ok(r.json?.code && r.json.retryable, `${name}: ${r.status} ${r.text}`);
        return (r.status === 200 || (r.json.turn_id && r.json.code === "internal")) && r; // that ends it: the same to everybody who asks
      }, `${name}: answered`, 60000);
      stack.liar.treat = null;
      const made = Number(await stack.redis("HLEN", `tp:{${user}}:r:expense`));
      const {messages} = (await stack.get("/sessions/s/messages", options)).json, told = messages.find(m => m.role === "tool");
      assert.equal(messages.filter(m => m.role === "user").length, 1, name);
      assert.ok(made <= 1, `${name}: ${made} expenses`);
      if (reply.status !== 200) continue;
      assert.equal(reply.json.response, `${name}.`);
      assert.deepEqual(messages.map(m => m.role), ["user", "assistant", "tool", "assistant"], name);
      assert.ok(made === 1 || JSON.parse(told.content).success === false, `${name}: told ${told.content}`);
    }
    assert.equal(await deaths(stack), before);
  });
});

describe("disks that are full", {skip: !SmallDisk.allowed() && "no right to mount"}, () => {
  let stack;
  before(async () => {
    stack = await Stack.start({durable: "everysec", small: {log: 8, nginx: 8, redis: 64}, settings: {"log.level": "debug", "rate.api_user": 300}});
  });
  after(() => stack?.stop());

  test("the service's own: requests are served, a body that needs the disk gets 503, no line of the log is torn", async () => {
    const large = {message: "x [[text say=Large.]]", session_id: "l", context: {a: "y".repeat(200000)}}, post = () => stack.post("/chat", large);
    const well = await post();
    for (const disk of [stack.disks.log, stack.disks.nginx]) disk.fill();
    for (let i = 0; i < 40; i++) { // more than the last page of the file takes
      assert.equal((await stack.chat("x [[text words=3]]")).status, 200);
      assert.equal((await stack.get("/sessions")).status, 200);
    }
    const refused = await post();
    assert.equal(refused.status, 503, refused.text);
    assert.equal(refused.json.code, "no_room");
    assert.equal(refused.json.retryable, true);
    assert.ok(refused.headers["retry-after"]);
    for (const disk of [stack.disks.log, stack.disks.nginx]) disk.free();
    assert.equal((await post()).status, well.status);
    await eventually(async () => { // each worker says how much it could not
      await Promise.all([stack.chat("x [[text words=3]]"), stack.get("/sessions")]);
      return /lines before the last one are lost/.test(stack.log());
    }, "the log tells of it");
    assert.match((await promisify(execFile)(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "metrics"])).stdout, /turnpike_log_lines(_total)?\{level="lost"\} [1-9]/);
    const lines = readFileSync(join(stack.logs, "turnpiked.log"), "utf8").split("\n");
    assert.equal(lines.pop(), "");
    assert.deepEqual(lines.filter(line => !/^\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARN|ERROR) \S+\[\d+\] /.test(line)), []);
    assert.equal(await deaths(stack), 0);
  });

  test("Redis': 503 store_readonly until there is room, the turn in flight goes on, all by itself", async () => {
    const running = stack.chatStream("x [[text words=40 hold=20]]", {session_id: "r"});
    await running.until(() => running.text().split(" ").length >= 20);
    stack.disks.redis.fill();
    await eventually(async () => /MISCONF/.test(await stack.redis("SET", "probe", "y".repeat(1000))), "Redis refuses");
    const refused = await stack.chat("x [[text words=3]]");
    assert.equal(refused.status, 503, refused.text);
    assert.equal(refused.json.code, "store_readonly");
    assert.ok(refused.headers["retry-after"]);
    assert.equal((await stack.get("/health/ready")).status, 503);
    for (const path of ["/sessions", "/sessions/r", "/sessions/r/messages", "/streams/sessions/r?offset=-1", "/context", "/inbox", "/approvals", "/export", "/tools"]) {
      assert.equal((await stack.get(path)).status, 200, path); // though nothing can be counted
    }
    const exports = await Promise.all(Array.from({length: 60}, () => stack.get("/export"))); // they cost much: some of each worker
    assert.deepEqual([...new Set(exports.map(reply => reply.status))].sort(), [200, 503]);
    await stack.double.go();
    stack.disks.redis.free();
    await running.until("RUN_FINISHED");
    assert.equal(running.text().split(" ").length, 40);
    await eventually(async () => (await stack.chat("x [[text words=3]]")).status === 200, "accepted again");
    assert.equal((await stack.get("/health/ready")).status, 200);
    assert.equal(await deaths(stack), 0);
  });
});
