// SPDX-License-Identifier: BSD-2-Clause
// Limits of users, API keys, classes and the site: refusals in each protocol, warnings, words, live changes, two machines.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {KEY, production, token} from "./credentials.mjs";
import {BUILD, eventually, scratch, Stack, uuid} from "./harness.mjs";

// A call of the model double: 35 tokens of input, 10 of them from the cache, and a word more than it says.
const CALL = 56;
const SAY = "x [[text words=20]]";

describe("limits", () => {
  let one, two, settings;
  before(async () => {
    const dir = scratch("tp-limits-");
    writeFileSync(join(dir, "classes"), "# who pays\ngold tokens_day=1000000 money_day=500\nfew connections=2\nslow messages=2 tokens_day=0\n");
    settings = {
      ...production(join(dir, "keys")), "jwt.class_claim": "plan", "limits.classes_file": join(dir, "classes"),
      "audit.file": join(dir, "audit"), "limit.user_tokens_day": 150, "limit.key_tokens_month": 100, "turn.tool_calls": 20,
    };
    one = await Stack.start({settings: {...settings, machine: "one"}});
    two = await Stack.start({beside: one, settings: {...settings, machine: "two"}});
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
  });

  const as = (user, more = {}) => ({headers: {Authorization: `Bearer ${token(user, 300, more)}`}});
  const turnpike = (...args) => new Promise(done => {
    execFile(join(BUILD, "turnpike"), ["--config", join(one.dir, "turnpike.conf"), "limits", ...args],
      (error, stdout, stderr) => done({status: error?.code ?? 0, stdout, stderr}));
  });

  test("tokens of a day: a warning, then 429 in the words of each protocol, on both machines", async () => {
    const alice = as("alice");
    const socket = await one.socket("/ws", alice);
    for (const machine of [one, two, one]) assert.equal((await machine.chat(SAY, {}, alice)).status, 200);
    const warning = await socket.until("proactive_alert");
    assert.deepEqual([warning.alert.type, warning.alert.name, warning.alert.limit, warning.alert.used], ["limit_warning", "tokens_day", 150, 3 * CALL]);

    for (const machine of [one, two]) {
      const {status, headers, json} = await machine.chat(SAY, {}, alice);
      assert.deepEqual([status, json.code, json.scope, json.limit_name, json.limit, json.used, json.retryable],
        [429, "budget_used_up", "user", "tokens_day", 150, 3 * CALL, false]);
      assert.match(json.detail, /^Your tokens are used up for today\. It goes on at \d{4}-\d\d-\d\d 00:00 UTC\.$/);
      assert.match(json.resets_at, /T00:00:00/);
      assert.ok(Number(headers["retry-after"]) > 0 && Number(headers["retry-after"]) <= 86400);
      assert.equal(headers["ratelimit-policy"], `"tokens_day";q=150;qu="tokens";w=86400`);
      assert.match(headers.ratelimit, /^"tokens_day";r=0;t=\d+$/);
    }
    const stream = one.chatStream(SAY, {}, alice);
    await stream.response;
    assert.equal(stream.status, 429);
    socket.message(SAY);
    const refused = await socket.until("error");
    assert.equal(refused.code, "budget_used_up");
    assert.ok(refused.retry_after_ms > 1000);
    await socket.end();
    const facade = await one.post("/v1/chat/completions", {model: "pam", messages: [{role: "user", content: SAY}]}, {raw: true, ...alice});
    assert.deepEqual([facade.status, facade.json.error.type, facade.json.error.code], [429, "insufficient_quota", "insufficient_quota"]);
    assert.deepEqual([facade.headers["x-ratelimit-limit-tokens"], facade.headers["x-ratelimit-remaining-tokens"]], ["150", "0"]);
    assert.equal(facade.headers["x-should-retry"], "false");
    assert.equal((await one.chat(SAY, {}, as("alfred"))).status, 200, "others are not concerned");
  });

  test("what was accepted is answered again, also when nothing is left", async () => {
    const body = {client_message_id: uuid(), session_id: uuid()}, bert = as("bert");
    const first = await one.chat(SAY, body, bert);
    for (let i = 0; i < 2; i++) await one.chat(SAY, {}, bert);
    assert.equal((await one.chat(SAY, {}, bert)).status, 429);
    const again = await two.chat(SAY, body, bert);
    assert.deepEqual([again.status, again.json.turn_id], [200, first.json.turn_id]);
  });

  test("a turn that uses the day's tokens up ends in words, in the user's language", async () => {
    const carl = as("carl");
    const tools = `x [[${Array(9).fill("tool name=get_current_time").join(" | ")} | text say=Never.]]`;
    const reply = await one.chat(tools, {locale: "de-AT"}, carl);
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.json.message ?? reply.json.response ?? reply.text, /Hier muss ich aufhören\. Deine Tokens sind aufgebraucht für heute/);
    assert.ok(!reply.text.includes("Never."));
    const usage = (await one.get("/usage", carl)).json;
    const [limit] = usage.limits.filter(l => l.name === "tokens_day");
    assert.ok(limit.used >= 150 && limit.used < 150 + 2 * CALL, JSON.stringify(limit));
    assert.equal(limit.left, 0);
    assert.equal(usage.day.money_usd, undefined, "what it costs is the operator's");
  });

  test("a class has limits of its own; an unknown one has the usual ones, and the log says so once", async () => {
    const dora = as("dora", {plan: "gold"});
    for (let i = 0; i < 4; i++) assert.equal((await one.chat(SAY, {}, dora)).status, 200);
    const {json} = await one.get("/usage", dora);
    assert.equal(json.class, "gold");
    assert.deepEqual(json.limits.find(l => l.name === "money_day"), {...json.limits.find(l => l.name === "money_day"),
      unit: "usd", limit: 500, used: 4 * (25 * 2 + 10 * 0.1 + 21 * 10) / 1e6});
    const eve = as("eve", {plan: "platinum"});
    for (let i = 0; i < 3; i++) await one.chat(SAY, {}, eve);
    assert.equal((await one.chat(SAY, {}, eve)).status, 429);
    assert.match(one.log(), /class "platinum" of a user is not in limits\.classes_file/);
  });

  test("messages a minute: what is left is told with each answer, also over a WebSocket", async () => {
    const fred = as("fred", {plan: "slow"});
    const first = await one.chat(SAY, {}, fred);
    assert.equal(first.headers["ratelimit-policy"], `"messages";q=2;w=60`);
    assert.match(first.headers.ratelimit, /^"messages";r=1;t=\d+$/);
    const socket = await two.socket("/ws", fred);
    socket.message(SAY);
    await socket.until("RUN_FINISHED");
    socket.message(SAY);
    assert.equal((await socket.until("error")).code, "rate_limited");
    await socket.end();
    const {status, headers, json} = await one.chat(SAY, {}, fred);
    assert.deepEqual([status, json.code, json.limit], [429, "rate_limited", 2]);
    assert.match(headers.ratelimit, /^"messages";r=0;t=\d+$/);
  });

  test("turnpike limits shows a user, and changes are heard at once by all machines", async () => {
    const gus = as("gus");
    for (let i = 0; i < 3; i++) await one.chat(SAY, {}, gus);
    assert.equal((await two.chat(SAY, {}, gus)).status, 429);
    assert.deepEqual(await turnpike("gus", "set", "tokens_day=100000", "money_day=2.50"), {status: 0, stdout: "", stderr: ""});
    for (const machine of [one, two]) assert.equal((await machine.chat(SAY, {}, gus)).status, 200);
    const shown = JSON.parse((await turnpike("gus", "--json")).stdout);
    assert.deepEqual(shown.set, {tokens_day: 100000, money_day: 2.5});
    assert.equal(shown.day.tokens, 5 * CALL);
    assert.match((await turnpike("gus")).stdout, /user +tokens_day +100000 +280 +99720/);
    const golden = JSON.parse((await turnpike("--json", "gus", "class", "gold")).stdout);
    assert.deepEqual([golden.class, golden.limits.find(l => l.name === "money_day").limit], ["gold", 2.5]);
    assert.equal((await turnpike("gus", "unset", "tokens_day", "money_day")).status, 0);
    assert.match((await turnpike("gus", "class", "gold")).stdout, /class +gold\n[^]*user +tokens_day +1000000 /);
    assert.match((await turnpike("gus")).stdout, /class +none named[^]*user +tokens_day +150 /);
    const acts = readFileSync(settings["audit.file"], "utf8").trim().split("\n").map(l => JSON.parse(l)).filter(a => a.act.startsWith("limits."));
    assert.deepEqual(acts.map(a => `${a.act} ${a.object} ${a.outcome}`), ["limits.set gus tokens_day=100000 done", "limits.set gus money_day=2.50 done",
      "limits.unset gus tokens_day done", "limits.unset gus money_day done"]);
    for (const machine of [one, two]) assert.equal((await machine.chat(SAY, {}, gus)).status, 429);
    for (const [args, words] of [[["gus", "set", "token_day=1"], /"token_day=1" names no limit; there are turns messages/],
      [["gus", "set", "money_day=cheap"], /"money_day=cheap" is not money_day=DOLLARS/], [["gus", "set", "tokens_day=-1"], /is not tokens_day=NUMBER/],
      [["gus", "set", "connections=3"], /limit\.user_connections/], [["gus", "empty"], /usage:/], [["class", "lead", "set", "turns=1"], /has no class "lead"/],
      [["site", "set", "turns=1"], /there is no such limit here/], [["gus", "class", "gold", "set", "turns=1"], /usage:/]]) {
      const {status, stderr} = await turnpike(...args);
      assert.equal(status, 2, args.join(" "));
      assert.match(stderr, words);
    }
  });

  test("an API key has a budget of its own", async () => {
    const key = {headers: {Authorization: `Bearer ${KEY}`}};
    assert.equal((await one.chat(SAY, {}, key)).status, 200);
    assert.equal((await two.chat(SAY, {}, key)).status, 200);
    const {status, json} = await one.chat(SAY, {}, key);
    assert.deepEqual([status, json.code, json.scope, json.limit_name], [429, "budget_used_up", "key", "tokens_month"]);
    assert.match(json.detail, /^The tokens of this API key are used up for this month\. It goes on at \d{4}-\d\d-01 00:00 UTC\.$/);
    assert.equal((await one.chat(SAY, {}, as("machine"))).status, 200, "the same user without it");
    const {limits} = (await one.get("/usage", key)).json;
    assert.equal(limits.find(l => l.scope === "key").used, 2 * CALL);
    assert.match((await turnpike("machine")).stdout, /key +tokens_month +100 +112 +0 +of [0-9a-f]{16}\n/);
  });

  test("connections of a user are bounded, and a dead worker's count no more", async () => {
    const hal = as("hal", {plan: "few"});
    const sockets = [await one.socket("/ws", hal), await one.socket("/ws", hal)];
    const refused = await one.socket("/ws", hal).then(() => assert.fail("a third one was let in"), error => error);
    assert.deepEqual([refused.status, JSON.parse(refused.body).code], [429, "connections_per_user"]);
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    const {ticket} = (await one.post("/ws-ticket", {}, hal)).json;
    assert.equal((await one.socket(`/ws?ticket=${ticket}`).catch(error => error)).status, 429, "a ticket has its owner's class");
    const session = uuid();
    await one.chat(SAY, {session_id: session}, hal);
    const events = await one.get(`/sessions/${session}/events`, {headers: {...hal.headers, Accept: "text/event-stream"}});
    assert.deepEqual([events.status, events.json.code], [429, "connections_per_user"]);
    await sockets[0].end();
    sockets[0] = await eventually(() => one.socket("/ws", hal).catch(() => null), "there is room again");
    for (const {pid} of await one.workers("stream")) process.kill(pid, "SIGKILL");
    await Promise.all(sockets.map(s => s.closed));
    for (let i = 0; i < 2; i++) sockets[i] = await eventually(() => one.socket("/ws", hal).catch(() => null), "the dead ones are forgotten");
    for (const s of sockets) await s.end();
  });

  test("the site's tokens: a warning in the log, then 429 for all, on both machines, until the operator changes it", async () => {
    const site = await eventually(async () => {
      const now = JSON.parse((await turnpike("--json")).stdout);
      return now.day.tokens > 10 * CALL && now.day.money_usd > 0 && now;
    }, "the workers have told what they counted");
    assert.equal((await turnpike("site", "set", `tokens_day=${site.day.tokens}`)).status, 0);
    let n = 0;
    for (const machine of [one, two]) {
      const {status, json} = await eventually(async () => {
        const reply = await machine.chat(SAY, {}, as(`ida${n++}`));
        return reply.status === 429 && reply;
      }, "the site is full");
      assert.deepEqual([status, json.code, json.scope], [429, "site_budget_used_up", "site"]);
    }
    assert.match(one.log() + two.log(), /the site has used 80 % or more of its limit tokens_day/);
    assert.equal((await turnpike("site", "unset", "tokens_day")).status, 0);
    for (const machine of [one, two]) {
      await eventually(async () => (await machine.chat(SAY, {}, as(`ian${n++}`))).status === 200, "the site is open again");
    }
  });

  test("erasing one's data gives no new budget", async () => {
    const jo = as("jo");
    for (let i = 0; i < 3; i++) await one.chat(SAY, {}, jo);
    assert.equal((await one.request("DELETE", "/user-data", {headers: {...jo.headers, "X-Confirm-Erase": "jo"}})).status, 200);
    const left = (await one.redis("--scan", "--pattern", "*{jo}*")).split("\n").sort();
    assert.deepEqual(left.map(key => key.replace(/\d/g, "9")), ["tp:{jo}:usage:9999-99", "tp:{jo}:usage:9999-99-99"], "the month's and the day's counters, and nothing else");
    assert.equal((await one.chat(SAY, {}, jo)).status, 429);
  });
});
