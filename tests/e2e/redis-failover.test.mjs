// SPDX-License-Identifier: BSD-2-Clause
// A planned change of the master by `turnpike failover`: whatever was accepted is there afterwards, done once, and
// every viewer sees one end. SENTINEL FAILOVER alone lost about a second of accepted messages.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {join} from "node:path";
import {BUILD, eventually, pause, SLOW, Stack, transcript, uuid} from "./harness.mjs";
import {aclArguments, aclSettings, denials} from "./redis-acl.mjs";
import {RedisSite} from "./redis-site.mjs";

const LONG = 60000 * SLOW;
const STRICT = {replicas: 2, options: ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "2"]};
const FINAL = e => e.type === "RUN_FINISHED" || e.type === "RUN_ERROR";

/** The operator's command: {code, out, said}. */
function failover(stack, ...more) {
  return new Promise(done => execFile(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "failover", ...more], {timeout: LONG},
    (error, out, said) => done({code: error ? error.code : 0, out, said})));
}

describe("turnpike failover", () => {
  let site, stack;
  before(async () => { // with the rights that the guide gives Redis' user
    site = await RedisSite.start(3, {...STRICT, options: [...STRICT.options, ...aclArguments({failover: true})]});
    stack = await Stack.start({settings: {...site.settings, ...aclSettings, "turn.seats": 24, "turn.user": 0}});
  });
  after(async () => {
    await stack?.stop();
    await site?.stop();
  });

  const timers = () => site.cli(site.second, "hlen", "tp:{dev}:r:timer").then(Number);

  test("is not done while a replica lacks something; the old master accepts on", async () => {
    const [, , third] = [...site.children.keys()];
    for (const port of [site.second, third]) site.kill(port, "SIGSTOP");
    const {code, said} = await failover(stack);
    for (const port of [site.second, third]) site.kill(port, "SIGCONT");
    assert.equal(code, 1, said);
    assert.match(said, /of 2 replicas have all that the master has/);
    assert.match(await site.cli(site.first, "role"), /^master/);
    const id = uuid();
    await eventually(async () => (await stack.chat("x [[text words=3]]", {client_message_id: id})).status === 200, "it accepts", LONG);
    await site.inSync();
    assert.equal((await failover(stack, "now")).code, 2);
  });

  test("loses nothing that was accepted under load, shows no end twice, and refuses nearly nothing", async () => {
    const viewers = [];
    for (let i = 0; i < 4; i++) {
      const socket = await stack.socket(), session_id = uuid(), held = stack.double.held;
      socket.message("x [[text words=40 hold=20]]", {session_id, client_message_id: uuid()});
      await socket.until("RUN_STARTED");
      await stack.double.until(d => d.held > held, "the model holds");
      viewers.push({socket, session_id});
    }
    const known = await timers(), sent = [];
    let command, done = false;
    for (let i = 0; !done || i < 60; i++) {
      assert.ok(i < 2000, "the command has ended");
      if (i === 20) command = failover(stack).finally(() => { done = true; });
      const one = {}, args = {action: "create", type: "timer", duration_seconds: 3600 + i, label: `number ${i}`};
      one.answer = stack.chat(`x [[tool name=set_timer_or_alarm args=${JSON.stringify(args)} | text words=3]]`,
        {session_id: uuid(), client_message_id: uuid()}, {headers: {Prefer: "respond-async"}}).then(reply => { one.reply = reply; });
      sent.push(one);
      await pause(60);
    }
    const {code, out, said} = await command;
    assert.equal(code, 0, said);
    assert.match(out, /is the master now/);
    await Promise.all(sent.map(one => one.answer));
    await stack.double.go();

    const accepted = sent.filter(one => one.reply.status === 202).map(one => one.reply.json.turn_id);
    for (const {reply} of sent) assert.ok([202, 503].includes(reply.status), reply.text);
    assert.ok(accepted.length >= 20, `${accepted.length} of ${sent.length}`); // those before it at least
    for (const turn of accepted) {
      const end = await eventually(async () => {
        const reply = await stack.get(`/turns/${turn}`);
        assert.ok([200, 404, 503].includes(reply.status), reply.text);
        return reply.status !== 503 && !["running", "queued", "pending"].includes(reply.json.state) && reply;
      }, "the turn has ended", LONG);
      assert.equal(end.json?.state, "done", end.text);
    }
    assert.match(await site.cli(site.second, "role"), /^master/);
    // A refused one that was sent over a lost connection may have been accepted: then it was done once.
    const made = await timers() - known;
    assert.ok(made >= accepted.length && made <= sent.length, `${made} timers of ${accepted.length} accepted messages`);

    for (const {socket, session_id} of viewers) {
      await socket.until(FINAL, LONG);
      const events = transcript(socket.events());
      assert.equal(events.filter(FINAL).length, 1, JSON.stringify(events));
      assert.equal(socket.text().split(" ").length, 40);
      const log = await site.cli(site.second, "xrange", `tp:{dev}:s:${session_id}:log`, "-", "+");
      assert.equal(log.split("\n").filter(line => / F \{/.test(line)).length, 1);
    }
    await eventually(async () => /^slave/.test(await site.cli(site.first, "role")), "the old master follows", LONG);
    await eventually(async () => (await site.cli(site.second, "info", "replication")).match(/state=online/g)?.length === 2, "it has both replicas", LONG);
    for (const {socket} of viewers) {
      assert.equal(socket.events().filter(FINAL).length, 1);
      await socket.end();
    }
  });

  test("and with no right that the guide does not give", async () => {
    for (const port of [site.first, site.second]) assert.deepEqual(denials(await site.cli(port, "acl", "log")), []);
  });

  test("and back again, where the Sentinels want it", async () => {
    // They refuse a second one within twice their failover-timeout, of 5 s here, or choose another replica.
    const result = await eventually(async () => {
      const r = await failover(stack);
      return r.code === 0 && r;
    }, "another failover", LONG);
    assert.match(result.out, /is the master now/);
    assert.match(await site.cli(site.second, "role"), /^slave/);
    assert.equal((await eventually(async () => {
      const reply = await stack.chat("x [[text words=3]]");
      return reply.status === 200 && reply;
    }, "an answer", LONG)).status, 200);
  });
});

test("turnpike failover without Sentinels says so", async () => {
  const stack = await Stack.start({double: false});
  try {
    const {code, said} = await failover(stack);
    assert.equal(code, 1);
    assert.match(said, /redis\.sentinels is not set/);
  } finally {
    await stack.stop();
  }
});
