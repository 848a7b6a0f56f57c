// SPDX-License-Identifier: BSD-2-Clause
// What the service tells a user of its own accord beside reminders: budgets that are used up, and an operator's messages.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {scratch, Stack, uuid} from "./harness.mjs";

const keys = {admin: `tpk_${"a".repeat(48)}`, user: `tpk_${"b".repeat(48)}`};

describe("alerts", () => {
  let stack, dir;
  before(async () => {
    dir = scratch("tp-alerts-");
    writeFileSync(join(dir, "keys"), Object.entries(keys)
      .map(([role, key]) => `${createHash("sha256").update(key).digest("hex")} the-${role} ${role} test\n`).join(""));
    stack = await Stack.start({double: false, settings: {"api_keys.file": join(dir, "keys")}});
  });
  after(async () => {
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  const as = user => ({headers: {"X-Dev-User": user}});
  const call = async (user, tool, args, key) => {
    const reply = await stack.post(`/tools/${tool}`, args, {headers: {"X-Dev-User": user, ...key && {"Idempotency-Key": key}}});
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  };
  const inbox = async user => (await stack.get("/inbox", as(user))).json.messages;
  const push = (user, body, {role = "admin", key} = {}) => stack.post(`/inbox/${user}`, body,
    {headers: {"X-API-Key": keys[role], ...key && {"Idempotency-Key": key}}});

  test("a budget that is nearly used up, and one that is, is told once on every connection", async () => {
    const user = uuid(), other = uuid();
    const [a, b, stranger] = await Promise.all([user, user, other].map(u => stack.socket(`/ws/${u}`)));
    await call(user, "update_budget", {category: "food", amount: 100});
    await call(user, "create_expense", {amount: 70, category: "food"});
    assert.deepEqual(await inbox(user), []);
    const key = uuid(), near = await call(user, "create_expense", {amount: 15, category: "food"}, key);
    assert.equal(near.budget_status.status, "near");
    const [one, two] = await Promise.all([a, b].map(s => s.until("proactive_alert")));
    assert.deepEqual(one, two);
    assert.equal(one.alert.type, "budget_alert");
    assert.equal(one.alert.threshold, 80);
    assert.equal(one.alert.spent_minor, 8500);
    await call(user, "create_expense", {amount: 15, category: "food"}, key); // the same call
    await Promise.all(Array.from({length: 8}, () => call(user, "create_expense", {amount: 30, category: "food"}))); // all at once
    const messages = await inbox(user);
    assert.deepEqual(messages.map(m => m.alert.threshold), [80, 100]);
    assert.ok(messages[1].alert.spent_minor > 10000);
    assert.deepEqual(await inbox(other), []);
    await call(other, "create_expense", {amount: 1, category: "food"});
    assert.equal(stranger.frames.filter(f => f.type === "proactive_alert").length, 0);
    await Promise.all([a, b, stranger].map(s => s.end()));
  });

  test("an operator's message comes to the user and to nobody else", async () => {
    const user = uuid(), socket = await stack.socket(`/ws/${user}`), key = uuid();
    for (let i = 0; i < 2; i++) {
      const reply = await push(user, {message: "Maintenance tonight, 22:00 \u{1F6E0}", type: "warning", priority: "high"}, {key});
      assert.equal(reply.status, 202, reply.text);
    }
    const frame = await socket.until("proactive_alert");
    assert.equal(frame.message, "Maintenance tonight, 22:00 \u{1F6E0}");
    assert.equal(frame.alert.from, "operator");
    assert.equal(frame.alert.priority, "high");
    const messages = await inbox(user);
    assert.equal(messages.length, 1, "the same key tells once");
    assert.equal(messages[0].id, frame.id);
    assert.deepEqual(await inbox("the-admin"), []);
    await socket.end();
  });

  test("nobody but an administrator may send one", async () => {
    const user = uuid();
    const refused = await push(user, {message: "Hello"}, {role: "user"});
    assert.equal(`${refused.status} ${refused.json.code}`, "403 forbidden");
    assert.equal((await stack.post(`/inbox/${user}`, {message: "Hello"}, as(user))).status, 403);
    assert.deepEqual(await inbox(user), []);
  });

  test("what cannot be told is refused with its field, and a flood with its limit", async () => {
    const user = uuid();
    for (const [body, field] of [[{}, "message"], [{message: ""}, "message"], [{message: 7}, "message"], [{message: "x".repeat(2001)}, "message"],
      [{message: "x", priority: "shrill"}, "priority"], [{message: "x", type: "t".repeat(33)}, "type"]]) {
      const reply = await push(user, body);
      assert.equal(reply.status, 422, reply.text);
      assert.equal(reply.json.field, field, reply.text);
    }
    assert.equal((await push(user, "[]")).status >= 400, true);
    const replies = await Promise.all(Array.from({length: 70}, () => push(user, {message: "x"}))); // two windows at the most
    const limited = replies.filter(r => r.status === 429);
    assert.ok(limited.length >= 10, `${limited.length}`);
    assert.ok(Number(limited[0].headers["retry-after"]) >= 1);
    assert.equal((await inbox(user)).length, Math.min(50, replies.filter(r => r.status === 202).length));
  });
});
