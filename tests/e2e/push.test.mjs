// SPDX-License-Identifier: BSD-2-Clause
// Web pushes: encrypted and signed as the standards say, to who asked, once, whatever dies; a notification's answer.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {createECDH, createPrivateKey} from "node:crypto";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {BUILD, eventually, Stack, uuid} from "./harness.mjs";
import {startPushService} from "../doubles/push-double.mjs";

const as = user => ({headers: {"X-Dev-User": user}});

describe("web pushes", () => {
  let stack, service, folder, key;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tp-push-"));
    const pem = execFileSync(join(BUILD, "turnpike"), ["push-key"]).toString();
    writeFileSync(join(folder, "push.pem"), pem, {mode: 0o600});
    const ecdh = createECDH("prime256v1");
    ecdh.setPrivateKey(Buffer.from(createPrivateKey(pem).export({format: "jwk"}).d, "base64url"));
    key = ecdh.getPublicKey().toString("base64url");
    service = await startPushService();
    stack = await Stack.start({settings: {
      "push.key_file": join(folder, "push.pem"), "push.subject": "mailto:operator@example.org", "push.allow_private": "on",
      "push.answers_after": "0ms", "respawn.min": "50ms",
    }});
  });
  after(async () => {
    service.close();
    await stack.stop();
    rmSync(folder, {recursive: true, force: true});
  });

  /** A browser of the user that is told; its id. */
  async function subscribed(user, events, more = {}) {
    const browser = service.subscribe(key);
    const reply = await stack.post("/push/subscriptions", {...browser.json, ...events && {events}, ...more}, as(user));
    assert.equal(reply.status, 201, reply.text);
    browser.id = reply.json.id;
    return browser;
  }
  const tell = (user, message) => stack.post("/tools/send_proactive_message", {type: "tip", message}, as(user));
  const list = async user => (await stack.get("/push/subscriptions", as(user))).json.subscriptions;
  const inbox = async user => (await stack.get("/inbox", as(user))).json.messages;
  const waiting = user => stack.redis("ZCARD", `tp:{${user}}:push:due`);
  const come = (browser, count, what) => eventually(() => browser.messages.length >= count, what);
  /** The user's waiting deliveries are due now. */
  async function hurry(user) {
    const members = (await stack.redis("ZRANGE", `tp:{${user}}:push:due`, 0, -1)).split("\n").filter(Boolean);
    for (const member of members) await stack.redis("ZADD", `tp:{${user}}:push:due`, 1, member);
    await stack.redis("ZADD", "tp:hint:pushes", 1, user);
    await stack.redis("PUBLISH", "tp:wake", `push/${user}`);
  }

  test("an entry of the inbox reaches each browser of its user, and of nobody else, encrypted and signed", async () => {
    const user = uuid(), one = await subscribed(user), two = await subscribed(user, ["reminders"], {name: "Telephone"}),
      answersOnly = await subscribed(user, ["answers"]), stranger = await subscribed(uuid());
    await tell(user, "The ferry is late. Überfahrt um 9.");
    await Promise.all([come(one, 1, "one is told"), come(two, 1, "two is told")]);
    const [entry] = await inbox(user), [message] = one.messages;
    assert.equal(message.entry, entry.id);
    assert.equal(message.id, entry.id);
    assert.equal(message.to, one.id);
    assert.equal(message.type, "alert");
    assert.equal(message.body, "The ferry is late. Überfahrt um 9.");
    assert.deepEqual(message.actions, ["ack", "snooze"]);
    assert.equal(message.headers.ttl, "86400");
    assert.equal(message.headers.urgency, "normal");
    assert.match(message.headers.topic, /^[0-9a-f]{32}$/);
    assert.equal(message.headers.topic, two.messages[0].headers.topic);
    assert.equal(message.claims.sub, "mailto:operator@example.org");
    assert.ok(!message.cipher.includes("ferry"));
    assert.notDeepEqual(message.cipher.subarray(0, 86), two.messages[0].cipher.subarray(0, 86));
    await eventually(async () => await waiting(user) === "0", "nothing waits");
    assert.equal(one.messages.length, 1);
    assert.equal(answersOnly.messages.length + stranger.messages.length, 0);
    const shown = await list(user);
    assert.deepEqual(shown.map(s => s.id).sort(), [one, two, answersOnly].map(b => b.id).sort());
    assert.equal(shown.find(s => s.id === two.id).name, "Telephone");
    assert.ok(shown.every(s => !JSON.stringify(s).includes(one.json.keys.auth)));
  });

  test("a timer is urgent; one that fires is pushed by the housekeeper that fired it", async () => {
    const user = uuid(), browser = await subscribed(user);
    await stack.post("/tools/set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 1, label: "eggs"}, as(user));
    await come(browser, 1, "the timer is pushed");
    assert.equal(browser.messages[0].type, "timer");
    assert.equal(browser.messages[0].headers.urgency, "high");
    assert.match(browser.messages[0].body, /eggs/);
  });

  test("a subscription is checked, replaced by the same endpoint, removed, and nobody else's", async () => {
    const user = uuid(), browser = await subscribed(user), good = browser.json;
    const post = body => stack.post("/push/subscriptions", body, as(user));
    for (const [body, field] of [
      [{...good, endpoint: "ftp://push.example/x"}, "endpoint"], [{...good, endpoint: 5}, "endpoint"],
      [{...good, endpoint: `https://push.example/${"x".repeat(1000)}`}, "endpoint"], [{...good, endpoint: "https://me:you@push.example/"}, "endpoint"],
      [{...good, keys: {...good.keys, auth: "short"}}, "keys"], [{...good, keys: {...good.keys, p256dh: `B${"A".repeat(86)}`}}, "keys"],
      [{endpoint: good.endpoint}, "keys"], [{...good, events: []}, "events"], [{...good, events: ["all"]}, "events"],
      [{...good, events: "reminders"}, "events"], [{...good, name: "x".repeat(101)}, "name"],
      [{...good, expirationTime: 5}, "expirationTime"], [{...good, expirationTime: "soon"}, "expirationTime"],
    ]) {
      const reply = await post(body);
      assert.equal(reply.status, 422, `${JSON.stringify(body)}: ${reply.text}`);
      assert.equal(reply.json.field, field);
    }
    const again = await post({...good, events: ["answers"]});
    assert.equal(again.json.id, browser.id);
    assert.deepEqual((await list(user)).map(s => s.events), [["answers"]]);
    const ends = Date.now() + 1e9;
    assert.equal((await post({...good, expirationTime: ends})).json.id, browser.id);
    assert.equal(Date.parse((await list(user))[0].expires_at), ends);
    assert.equal((await post({...good, expirationTime: null})).status, 201);
    assert.ok(!("expires_at" in (await list(user))[0]));
    const other = uuid();
    assert.equal((await stack.request("DELETE", `/push/subscriptions/${browser.id}`, as(other))).status, 404);
    assert.equal((await stack.request("DELETE", `/push/subscriptions/${browser.id}`, as(user))).status, 200);
    assert.equal((await stack.request("DELETE", `/push/subscriptions/${browser.id}`, as(user))).status, 404);
    assert.deepEqual(await list(user), []);
    const same = await stack.post("/push/subscriptions", good, as(other));
    assert.notEqual(same.json.id, browser.id);
  });

  test("404 and 410 end a subscription; 429 and 5xx wait as they say; another refusal is of one push", async () => {
    const user = uuid(), gone = await subscribed(user), lost = await subscribed(user), busy = await subscribed(user), strict = await subscribed(user);
    gone.answers.push([410]);
    lost.answers.push([404]);
    busy.answers.push([429, {"Retry-After": "600"}], [503]);
    strict.answers.push([400]);
    await tell(user, "first");
    await eventually(async () => (await list(user)).length === 2, "two are gone");
    await eventually(() => busy.answers.length === 1 && strict.answers.length === 0, "all were asked");
    await eventually(async () => await waiting(user) === "1", "one waits");
    const due = Number((await stack.redis("ZRANGE", `tp:{${user}}:push:due`, 0, 0, "WITHSCORES")).split("\n")[1]);
    assert.ok(due - Date.now() > 500000, "Retry-After counts");
    await hurry(user);
    await eventually(() => busy.answers.length === 0, "asked again");
    await hurry(user);
    await come(busy, 1, "delivered in the end");
    await tell(user, "second");
    await Promise.all([come(busy, 2, "the next one"), come(strict, 1, "and to the strict one")]);
    assert.deepEqual(strict.messages.map(m => m.body), ["second"]);
    assert.deepEqual(busy.messages.map(m => m.body), ["first", "second"]);
  });

  test("an entry that was acknowledged elsewhere is not pushed any more", async () => {
    const user = uuid(), browser = await subscribed(user);
    browser.answers.push([503]);
    await tell(user, "seen elsewhere");
    await eventually(() => browser.answers.length === 0, "asked once");
    const [entry] = await inbox(user);
    assert.equal((await stack.post(`/inbox/${entry.id}/ack`, {}, as(user))).status, 200);
    await hurry(user);
    await eventually(async () => await waiting(user) === "0", "nothing waits");
    assert.equal(browser.messages.length, 0);
  });

  test("a housekeeper that dies over a push leaves it to the next one", async () => {
    const user = uuid(), browser = await subscribed(user);
    browser.answers.push(["silent"]);
    await tell(user, "over a death");
    await eventually(() => browser.held.length === 1, "it is on its way");
    const [housekeeper] = await stack.workers("housekeeper");
    process.kill(housekeeper.pid, "SIGKILL");
    await eventually(async () => (await stack.workers("housekeeper")).some(w => w.pid !== housekeeper.pid), "another housekeeper");
    await hurry(user); // its claim has run out
    await come(browser, 1, "pushed by the next one");
    await eventually(async () => await waiting(user) === "0", "nothing waits");
    assert.equal(browser.messages.length, 1);
  });

  test("a wake-up that is lost costs seconds: the hint was there before the entry", async () => {
    const user = uuid(), browser = await subscribed(user);
    const [housekeeper] = await stack.workers("housekeeper");
    process.kill(housekeeper.pid, "SIGSTOP");
    await tell(user, "nobody heard");
    process.kill(housekeeper.pid, "SIGKILL");
    await come(browser, 1, "found by its hint");
    await eventually(async () => await waiting(user) === "0", "nothing waits");
    await stack.redis("ZADD", "tp:hint:pushes", 1, user); // another look, now and not when the claim would have run out
    await eventually(async () => await stack.redis("ZSCORE", "tp:hint:pushes", user) === "", "the hint is gone");
  });

  test("a user whose push service stalls, and a storm of entries, keep nobody else waiting", async () => {
    const noisy = uuid(), quiet = uuid(), slow = await subscribed(noisy), other = await subscribed(quiet);
    for (let i = 0; i < 100; i++) slow.answers.push(["silent"]);
    for (let i = 0; i < 60; i++) await tell(noisy, `storm ${i}`);
    await eventually(() => slow.held.length > 0, "the storm has begun");
    await tell(quiet, "a quiet word");
    await come(other, 1, "the quiet one is told");
    assert.ok(slow.held.length <= 4, `${slow.held.length} of one user at once`);
    slow.answers.length = 0;
    for (const response of slow.held.splice(0)) response.writeHead(503).end();
    await come(slow, 56, "the rest of the storm");
    assert.equal((await stack.request("DELETE", `/push/subscriptions/${slow.id}`, as(noisy))).status, 200);
    assert.equal(await waiting(noisy), "0");
  });

  test("a question and a long answer are pushed to who asked for them", async () => {
    const user = uuid(), session = uuid(), all = await subscribed(user, ["answers", "approvals"]), reminders = await subscribed(user, ["reminders"]);
    await stack.chat("hello [[text say=Whole_answer.]]", {session_id: session}, as(user));
    await come(all, 1, "the answer is pushed");
    const [answer] = all.messages;
    assert.equal(answer.type, "answer");
    assert.equal(answer.session, session);
    assert.equal(answer.url, `#/c/${session}`);
    assert.match(answer.body, /^Whole/);
    assert.equal(answer.act, undefined);
    const {event} = (await stack.post("/tools/create_calendar_event", {title: "Ferry", start_date: "2030-01-01T10:00:00Z"}, as(user))).json;
    const asked = await stack.chat(`delete it [[tool name=delete_calendar_event args=${JSON.stringify({event_id: event.id})} | text say=Done.]]`,
      {session_id: session}, as(user));
    const open = (await stack.get("/approvals", as(user))).json.approvals;
    assert.equal(open.length, 1, asked.text);
    await come(all, 2, "the question is pushed");
    assert.equal(all.messages[1].type, "approval");
    assert.equal(all.messages[1].headers.urgency, "high");
    assert.equal(all.messages[1].body, open[0].message);
    assert.notEqual(all.messages[1].headers.topic, answer.headers.topic);
    assert.equal(reminders.messages.length, 0);
  });

  test("a notification acknowledges and snoozes its entry with its token alone", async () => {
    const user = uuid(), browser = await subscribed(user);
    await tell(user, "first");
    await tell(user, "second");
    await come(browser, 2, "both");
    const [first, second] = [...browser.messages].sort((a, b) => a.at - b.at || (a.entry < b.entry ? -1 : 1));
    const act = body => stack.post("/push/act", body, {headers: {}});
    assert.deepEqual((await act({token: first.act, action: "ack"})).json, {id: first.entry, state: "acknowledged"});
    assert.equal((await act({token: second.act, action: "snooze"})).json.state, "snoozed");
    assert.equal((await act({token: second.act, action: "snooze", minutes: 5})).json.state, "snoozed");
    const states = Object.fromEntries((await inbox(user)).map(e => [e.id, e.state]));
    assert.deepEqual(states, {[first.entry]: "acknowledged", [second.entry]: "snoozed"});
    const [body, mac] = first.act.split(".");
    const forged = Buffer.from(Buffer.from(body, "base64url").toString().replace(user, uuid())).toString("base64url");
    for (const token of ["", "x", body, `${forged}.${mac}`, `${body}.${mac.slice(1)}0`]) {
      assert.equal((await act({token, action: "ack"})).status, 401, token);
    }
    assert.equal((await act({token: first.act, action: "erase"})).status, 422);
    assert.equal((await act({token: second.act, action: "snooze", minutes: 0})).status, 422);
  });

  test("the export has the browsers without their keys; an erasure ends them", async () => {
    const user = uuid(), browser = await subscribed(user);
    browser.answers.push([503]);
    await tell(user, "waits");
    await eventually(() => browser.answers.length === 0, "tried once");
    const exported = (await stack.get("/export", as(user))).json;
    assert.deepEqual(exported.push_subscriptions.map(s => s.endpoint), [browser.json.endpoint]);
    assert.ok(!JSON.stringify(exported).includes(browser.json.keys.auth));
    const erased = await stack.request("DELETE", "/user-data", {headers: {"X-Dev-User": user, "X-Confirm-Erase": user}});
    assert.equal(erased.status, 200, erased.text);
    assert.deepEqual(await list(user), []);
    assert.equal(await stack.redis("--scan", "--pattern", `*${user}*`), "");
    assert.equal(await stack.redis("ZSCORE", "tp:hint:pushes", user), "");
    await tell(user, "after");
    assert.equal(await waiting(user), "0");
    assert.equal(browser.messages.length, 0);
  });

  test("the double refused nothing that we sent", () => {
    assert.deepEqual(service.refused.filter(r => r.words !== "as the test wants"), []);
  });
});

describe("without a key", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());

  test("nothing subscribes, and nothing is prepared", async () => {
    const body = {endpoint: "https://push.example/x", keys: {p256dh: "x", auth: "y"}};
    const reply = await stack.post("/push/subscriptions", body);
    assert.equal(reply.status, 501);
    assert.equal(reply.json.code, "push_not_configured");
    assert.equal((await stack.post("/push/act", {token: "x", action: "ack"})).status, 501);
    await stack.post("/tools/send_proactive_message", {type: "tip", message: "hello"});
    assert.equal(await stack.redis("EXISTS", "tp:hint:pushes"), "0");
  });
});

describe("addresses", () => {
  let stack, folder;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tp-push-"));
    writeFileSync(join(folder, "push.pem"), execFileSync(join(BUILD, "turnpike"), ["push-key"]), {mode: 0o600});
    stack = await Stack.start({double: false, settings: {"push.key_file": join(folder, "push.pem"), "push.subject": "https://example.org/contact"}});
  });
  after(async () => {
    await stack.stop();
    rmSync(folder, {recursive: true, force: true});
  });

  test("a push service is an https address of the public internet, and what turns out not to be one is never called", async () => {
    const service = await startPushService(), browser = service.subscribe("key");
    try {
      for (const endpoint of [browser.json.endpoint, "http://push.example/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x",
        "https://10.1.2.3/x", "https://169.254.169.254/x", "https://push.internal./x"]) {
        const reply = await stack.post("/push/subscriptions", {...browser.json, endpoint});
        assert.equal(reply.status, 422, `${endpoint}: ${reply.text}`);
        assert.equal(reply.json.field, "endpoint");
      }
      assert.equal(service.received.length + service.refused.length, 0);
    } finally {
      service.close();
    }
  });
});
