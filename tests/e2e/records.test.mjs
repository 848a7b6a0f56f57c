// SPDX-License-Identifier: BSD-2-Clause
// Records of all kinds: found, changed, deleted after a question, restored; and "undo that", in a conversation and directly.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";

const asUser = (user, more = {}) => ({headers: {"X-Dev-User": user, ...more}});

describe("records of all kinds", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  const call = (user, tool, args, more) => stack.post(`/tools/${tool}`, args, asUser(user, more));
  async function tool(user, name, args) {
    const reply = await call(user, name, args);
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  }
  const script = (name, args, say = "Done.") => `please [[tool name=${name} args=${JSON.stringify(args)} | text say=${say}]]`;

  /** What the tool answered when the model called it in the session. */
  async function modelCalls(user, session_id, name, args) {
    const reply = await stack.chat(script(name, args), {session_id}, asUser(user));
    assert.equal(reply.status, 200, reply.text);
    if (reply.json.outcome === "interrupt") return reply.json;
    const {messages} = (await stack.get(`/sessions/${session_id}/messages`, asUser(user))).json;
    return JSON.parse(messages.findLast(m => m.role === "tool").content);
  }
  const expenses = async user => (await tool(user, "list_records", {kind: "expense"})).records;

  test("a conversation undoes its own last changes, one after the other, and does them again", async () => {
    const user = uuid(), one = uuid(), two = uuid();
    await modelCalls(user, one, "create_expense", {amount: 45, category: "gas"});
    await modelCalls(user, one, "update_budget", {category: "gas", amount: 300});
    await modelCalls(user, two, "create_expense", {amount: 7, category: "food"});
    const first = await modelCalls(user, one, "undo_change", {});
    assert.equal(first.success, true, JSON.stringify(first));
    assert.match(first.message, /budget/);
    const second = await modelCalls(user, one, "undo_change", {});
    assert.match(second.message, /45\.00 AUD/);
    assert.deepEqual((await expenses(user)).map(e => e.amount), [7]);
    const third = await modelCalls(user, one, "undo_change", {});
    assert.equal(third.error.code, "not_found");
    assert.match(third.message, /create_expense/); // made in the other conversation: a question
    const redone = await modelCalls(user, one, "undo_change", {redo: true});
    assert.match(redone.message, /Done again/);
    assert.deepEqual((await expenses(user)).map(e => e.amount).sort(), [45, 7].sort());
    const summary = await tool(user, "get_spending_summary", {period: "month"});
    assert.equal(summary.summary.total_minor, 5200);
  });

  test("what is deleted is asked about with title, amount and day, and comes back", async () => {
    const user = uuid(), session_id = uuid();
    const {expense} = await tool(user, "create_expense", {amount: 12.5, category: "food", description: "Pies in Bega", date: "2026-11-20"});
    const asked = await modelCalls(user, session_id, "delete_record", {kind: "expense", name: "pies"});
    assert.equal(asked.outcome, "interrupt", JSON.stringify(asked));
    const [open] = (await stack.get("/approvals", asUser(user))).json.approvals;
    assert.match(JSON.stringify(open), /Pies in Bega/);
    assert.match(JSON.stringify(open), /12\.50 AUD/);
    assert.match(JSON.stringify(open), /2026-11-20/);
    const yes = await stack.post(`/approvals/${open.id}`, {approved: true}, asUser(user));
    assert.equal(yes.status, 202, yes.text);
    await eventually(async () => (await expenses(user)).length === 0, "it is deleted");
    const gone = await tool(user, "list_records", {kind: "expense", deleted: true});
    assert.deepEqual(gone.records.map(r => r.id), [expense.id]);
    const back = await modelCalls(user, session_id, "restore_record", {kind: "expense", name: "bega"});
    assert.deepEqual(back.record, expense);
    const {history} = await tool(user, "get_record", {kind: "expense", id: expense.id, history: true});
    assert.deepEqual(history.map(h => h.what), ["made", "deleted", "made"]);
  });

  test("a call that cannot succeed is not asked about; several that fit are named", async () => {
    const user = uuid();
    for (const description of ["Coffee in Eden", "Coffee in Cooma"]) await tool(user, "create_expense", {amount: 4, category: "food", description});
    const missing = await modelCalls(user, uuid(), "delete_record", {kind: "expense", name: "petrol"});
    assert.equal(missing.error.code, "not_found");
    const several = await modelCalls(user, uuid(), "delete_record", {kind: "expense", name: "the coffee"});
    assert.equal(several.error.code, "ambiguous");
    assert.match(several.message, /Eden.*id .*Cooma|Cooma.*id .*Eden/);
    assert.equal((await expenses(user)).length, 2);
  });

  test("a direct call is undone too, and a repeated one is done once", async () => {
    const user = uuid();
    await tool(user, "save_favorite_spot", {location_name: "Pebbly Beach", location_address: "Termeil NSW"});
    const changed = await tool(user, "change_record", {kind: "favorite_spot", name: "pebbly", changes: {rating: 5, notes: "Kangaroos"}});
    assert.equal(changed.record.rating, 5);
    const key = uuid();
    const undone = await call(user, "undo_change", {}, {"Idempotency-Key": key});
    const again = await call(user, "undo_change", {}, {"Idempotency-Key": key});
    assert.equal(undone.status, 200, undone.text);
    assert.deepEqual(again.json, undone.json);
    const {record} = await tool(user, "get_record", {kind: "favorite_spot", name: "beach"});
    assert.equal(record.rating, undefined);
    const exported = await stack.get("/export", asUser(user));
    assert.match(exported.text, /Kangaroos/); // what was before is part of the user's data
    const erased = await stack.request("DELETE", "/user-data", asUser(user, {"X-Confirm-Erase": user}));
    assert.ok(erased.status < 300, erased.text);
    const nothing = await call(user, "undo_change", {redo: true});
    assert.equal(nothing.status, 404, nothing.text);
  });
});
