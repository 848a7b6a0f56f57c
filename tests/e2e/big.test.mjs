// SPDX-License-Identifier: BSD-2-Clause
// A user with much of everything, and one user's storms, in small: what a script of Redis touches does not grow with what there is, and others are
// next. tests/faults/big.mjs and storms.mjs do the same with very much, and tell times.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {chmodSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {eventually, scratch, Stack, uuid} from "./harness.mjs";
import {startMcpDouble} from "../doubles/mcp-double.mjs";
import {silence, wav} from "../doubles/sounds.mjs";
import {ghosts, long, pipe, posts, prefix, said, sessions} from "../faults/bulk.mjs";
import {dead, startReceiver} from "../faults/storms.mjs";

const USER = "big", P = prefix(USER), as = user => ({headers: {"X-Dev-User": user}});
const WEBHOOKS = {"webhook.secret": "the secret of the webhooks of this test", "webhook.allow_private": "on", "webhook.queue": 60};

/** The settings' file of one server of tools, which has half a second for a call. */
function writeMcp(dir, url) {
  writeFileSync(join(dir, "mcp.json"), JSON.stringify([{name: "harbour", url, trust_annotations: true, timeout_ms: 500}]), {mode: 0o600});
}

describe("a user with much", () => {
  let stack, receiver;
  before(async () => {
    receiver = await startReceiver();
    stack = await Stack.start({settings: {...WEBHOOKS, "session.messages": 2000}});
  });
  after(async () => {
    receiver.close();
    await stack.stop();
  });

  /** What commands Redis has run meanwhile: name -> how often. */
  async function commands(work) {
    const calls = async () => Object.fromEntries([...(await stack.redis("INFO", "commandstats")).matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)].map(([, name, n]) => [name, Number(n)]));
    const earlier = await calls();
    await work();
    const later = await calls();
    return Object.fromEntries(Object.entries(later).map(([name, n]) => [name, n - (earlier[name] ?? 0)]));
  }
  /** The most messages that one script has read or moved meanwhile. */
  async function watched(work) {
    await stack.redis("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 4000);
    await stack.redis("SLOWLOG", "RESET");
    await work();
    const entries = JSON.parse(await stack.redis("--json", "SLOWLOG", "GET", 4000)).map(e => e[3]);
    await stack.redis("CONFIG", "SET", "slowlog-log-slower-than", -1);
    return entries;
  }
  const agui = (id, content) => stack.post("/agui", {threadId: "long", runId: uuid(), messages: [{id, role: "user", content}], state: {}, tools: [], context: [], forwardedProps: {}}, as(USER));

  test("going back to a message of long ago moves lists within Redis, and reads a few messages at a time", async () => {
    await pipe(stack, long(P, "long", 1000, Date.now()));
    const seen = await watched(async () => {
      const reply = await agui("long-10", "again [[text say=Hi.]]");
      assert.equal(reply.status, 200, reply.text);
    });
    const ranges = seen.filter(w => /^lrange$/i.test(w[0]) && w[1] === `${P}s:long:msgs`).map(([, , from, to]) => Number(from) < 0 ? -from : to - from + 1);
    assert.ok(ranges.length > 0 && Math.max(...ranges) <= 400, `${ranges}`); // 400: a turn's history
    assert.ok(seen.every(w => w.length < 120), "no branch is one long text");
    assert.equal(await stack.redis("LLEN", `${P}s:long:msgs`), "12");
    const branch = (await stack.get("/sessions/long/messages?branch=&limit=3", as(USER))).json;
    assert.deepEqual(branch.messages.map(m => m.id), ["long-997", "long-998", "long-999"]);
    assert.equal(branch.next_cursor, "987");
    const before_it = (await stack.get("/sessions/long/messages?branch=&limit=1&cursor=1", as(USER))).json;
    assert.deepEqual([before_it.messages[0].id, before_it.has_more], ["long-10", false]);
    // One of an earlier release has its messages in its entry.
    await stack.redis("LPUSH", `${P}branches:long`, JSON.stringify({turn: "t0", at: 1, message_id: "m", messages: [{id: "old", role: "user", content: "x"}]}));
    const old = (await stack.get("/sessions/long/messages?branch=t0", as(USER))).json;
    assert.deepEqual([old.messages.map(m => m.id), old.branches.map(b => b.id)[1]], [["old"], "t0"]);
    const {sessions: [whole]} = JSON.parse((await stack.get("/export", as(USER))).text);
    assert.deepEqual(whole.branches.map(b => b.messages.length), [1, 990]);
  });

  test("a new message with an id costs the same in a long conversation", async () => {
    await pipe(stack, long(P, "long", 1000, Date.now()));
    await stack.redis("DEL", `${P}ids:long`);
    await agui("new-1", "one [[text say=Hi.]]");
    const seen = await watched(() => agui("new-2", "two [[text say=Hi.]]"));
    const ranges = seen.filter(w => /^lrange$/i.test(w[0]) && w[1] === `${P}s:long:msgs`).map(([, , from, to]) => Number(from) < 0 ? -from : to - from + 1);
    assert.ok(ranges.reduce((a, b) => a + b, 0) <= 410, `${ranges}`); // 400: a turn's history
  });

  test("what a long conversation leaves goes in steps, with its ratings and branches", async () => {
    await pipe(stack, [...long(P, "gone", 1000, Date.now()), ...said(P, 20, Date.now())]);
    await stack.redis("ZADD", `${P}messages`, Date.now(), "gone-999");
    await stack.redis("HSET", `${P}feedback`, "gone-999", "{}");
    const seen = await watched(async () => assert.equal((await stack.request("DELETE", "/sessions/gone", as(USER))).status, 200));
    const ranges = seen.filter(w => /^lrange$/i.test(w[0]) && w[1].endsWith(":msgs")).map(w => w[3] - w[2] + 1);
    assert.equal(ranges.length, 10);
    assert.ok(Math.max(...ranges) <= 100, `${ranges}`);
    assert.equal(await stack.redis("HEXISTS", `${P}feedback`, "gone-999"), "0");
    assert.equal(await stack.redis("KEYS", `${P}*gone*`), `${P}s:gone:floor`); // which ends by itself
  });

  test("sessions that ended by themselves leave the list some at a time", async () => {
    const P = prefix("old"), USER = "old";
    await pipe(stack, [...ghosts(P, 3000, Date.now() - 1000), ...sessions(P, 3, Date.now() - 100000)]);
    const {evalsha} = await commands(async () => {
      const {json} = await stack.get("/sessions?limit=5", as(USER));
      assert.ok(json.sessions.some(s => s.id === "s2"), "behind 3,000 that are no more");
    });
    assert.ok(evalsha > 3, `in ${evalsha} scripts`);
    await pipe(stack, ghosts(P, 1000, Date.now() - 366 * 86400000));
    const {zrem} = await commands(() => stack.chat("x [[text say=Hi.]]", {session_id: uuid()}, as(USER)));
    assert.ok(zrem < 20, "one command for some of them");
    assert.ok(Number(await stack.redis("ZCOUNT", `${P}sessions`, "-inf", Date.now() - 365 * 86400000)) >= 700, "not all at once");
  });

  test("an export looks at some comments at a time, and finds its own among them", async () => {
    const post = {title: "x", content: "y", author_name: "z"};
    await pipe(stack, posts(USER, JSON.stringify(post), 3, 510, Date.now()));
    const seen = await watched(async () => {
      const text = (await stack.get("/export", as(USER))).text;
      assert.ok(text.includes("c63") && text.includes("Post 0"), "what this user wrote");
      assert.ok(!text.includes("somebody"));
    });
    // The newest first: a script stands in front of what it did.
    const scripts = [];
    for (const w of seen) {
      if (/^evalsha$/i.test(w[0])) scripts.push(0);
      else if (/^hgetall$/i.test(w[0]) && w[1].includes("r:comment:")) scripts[scripts.length - 1] += Number(await stack.redis("HLEN", w[1]));
    }
    assert.equal(scripts.reduce((a, b) => a + b), 3 * 510);
    assert.ok(Math.max(...scripts) <= 1000, `${scripts}`);
  });

  test("webhooks whose receivers never answer are put off, and another user's is the next", async () => {
    await pipe(stack, dead("greedy", `${receiver.url}/never`, 2000));
    await eventually(async () => Number(await stack.redis("ZCOUNT", "tp:hint:webhooks", "-inf", Date.now())) < 1000, "the storm is out of the way");
    assert.ok(receiver.most <= 8, `${receiver.most} of one user at once`);
    await stack.redis("EVAL", "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], 1, m) end", 1, "tp:hint:webhooks"); // all due again
    const turn = "00000000-0000-7000-8000-00000000000f", now = Date.now();
    await stack.redis("HSET", `tp:{quiet}:turn:${turn}`, "session", "s", "state", "done", "created", now, "started", now, "ended", now, "status", 200, "reply", "{}", "webhook", `${receiver.url}/good`);
    await stack.redis("ZADD", "tp:hint:webhooks", now, `quiet ${turn}`); // the last of all, and nobody announces it
    await eventually(() => receiver.good === 1, "it comes");
    assert.ok(Number(await stack.redis("ZCARD", "tp:hint:webhooks")) > 1900, "long before the others");
    // The queue has room for 60: one user's fill all of it here.
    const refused = await stack.chat("x [[text words=2]]", {webhook: {url: `${receiver.url}/good`}}, as("greedy"));
    assert.equal(`${refused.status} ${refused.json.code}`, "503 webhook_queue_full");
  });

  test("one user has half of the queue of webhooks", async () => {
    await stack.redis("DEL", "tp:hint:webhooks");
    await pipe(stack, dead("greedy", `${receiver.url}/never`, 31));
    await stack.redis("EVAL", "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('ZADD', KEYS[1], ARGV[1], m) end", 1, "tp:hint:webhooks", Date.now() + 600000);
    const ask = user => stack.chat("x [[text words=2]]", {webhook: {url: `${receiver.url}/good`}}, as(user));
    assert.equal((await ask("greedy")).json.code, "webhook_queue_full");
    assert.equal((await ask("modest")).status, 200);
  });
});

describe("a server of tools", () => {
  test("calls of one user that it does not answer in time do not shut it for others", async () => {
    const double = await startMcpDouble(), dir = scratch("tp-mcp-");
    writeMcp(dir, double.url);
    const stack = await Stack.start({double: false, settings: {"api.workers": 4, "mcp.trust_first": "on", "mcp.file": join(dir, "mcp.json")}});
    const call = (user, name, args) => stack.post(`/tools/harbour__${name}`, args, as(user));
    await eventually(async () => (await stack.get("/tools")).json.tools.some(t => t.name === "harbour__add"), "its tools are listed");
    double.faults["tide.table"] = "stall";
    const name = (await stack.get("/tools")).json.tools.find(t => /^harbour__tide/.test(t.name)).name.slice("harbour__".length);
    for (let i = 0; i < 5; i++) assert.equal((await call("greedy", name, {harbour: "Sydney"})).status, 502);
    const reply = await call("quiet", "add", {a: 1, b: 2});
    assert.equal(reply.status, 200, reply.text);
    await stack.stop();
    double.close();
  });
});

describe("speech of several users", () => {
  test("they take turns: another user's call is the next, not the last", async () => {
    const dir = scratch("tp-programs-");
    writeFileSync(join(dir, "pocketsphinx_continuous"), "#!/bin/sh\ncat >/dev/null; sleep 0.4; echo word\n");
    chmodSync(join(dir, "pocketsphinx_continuous"), 0o755);
    const stack = await Stack.start({double: false, settings: {"turn.seats": 32, "tool.processes": 2, "rate.voice_minute": 0, "voice.programs": dir}});
    const order = [], sound = wav(silence(0.5));
    const call = async user => {
      const reply = await stack.request("POST", "/voice/transcribe", {body: sound, headers: {"X-Dev-User": user, "Content-Type": "audio/wav"}, timeout: 60000});
      assert.equal(reply.status, 200, reply.text);
      order.push(user);
    };
    const greedy = Array.from({length: 4}, () => call("greedy"));
    await eventually(async () => (await stack.seats("turn")).filter(s => s.user === "greedy").length === 4, "they wait");
    await Promise.all([...greedy, call("quiet")]);
    assert.ok(order.indexOf("quiet") <= 2, `${order}`);
    await stack.stop();
  });
});
