// SPDX-License-Identifier: BSD-2-Clause
// Expenses out of a bank's CSV file, through nginx: uploaded, looked at, asked about, taken in, listed, taken back; and the worker's death in its middle.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, SLOW, Stack, uuid} from "./harness.mjs";

const as = user => ({headers: {"X-Dev-User": user}});
const PLAIN = "Date,Payee,Amount\n2026-11-02,Woolworths,-45.20\n2026-11-03,Cafe,-4.50\n";
const FILE = ["Kontoauszug;;;;", "Buchungstag;Beguenstigter;Verwendungszweck;Betrag;Waehrung",
  "02.10.26;REWE M\xfcnchen;Einkauf;-45,20;EUR", "13.10.26;Shell;Diesel;-1.088,00;EUR", "13.10.26;=HYPERLINK(1);x;-2,00;EUR",
  "14.10.26;Arbeitgeber;Gehalt;2.500,00;EUR", "15.10.26;Ich;Umbuchung;-300,00;EUR", "x;y;z;-1,00;EUR", ""].join("\r\n");

describe("expenses of a bank's file", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"turn.workers": 2, "lease": "2s", "tool.process_ms": "60s"}}); });
  after(() => stack.stop());

  const stored = user => stack.redis("HLEN", `tp:{${user}}:r:expense`).then(Number);
  async function upload(user, bytes, type = "text/csv") {
    const sent = await stack.request("POST", "/attachments?name=umsaetze.csv", {body: bytes, headers: {"X-Dev-User": user, "Content-Type": type}});
    assert.equal(sent.status, 201, sent.text);
    return sent.json.id;
  }
  const tool = async (user, name, args) => {
    const reply = await stack.post(`/tools/${name}`, args, as(user));
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  };
  const script = (name, args) => `please [[tool name=${name} args=${JSON.stringify(args)} | text say=Done.]]`;
  const lastResult = async (user, session) => {
    const {messages} = (await stack.get(`/sessions/${session}/messages`, as(user))).json;
    return JSON.parse(messages.findLast(m => m.role === "tool")?.content ?? "{}");
  };
  /** The model calls the tool in the session; when the user is asked, the question. */
  async function modelCalls(user, session_id, name, args) {
    const reply = await stack.chat(script(name, args), {session_id}, as(user));
    assert.equal(reply.status, 200, reply.text);
    return reply.json.outcome === "interrupt" ? (await stack.get("/approvals", as(user))).json.approvals[0] : lastResult(user, session_id);
  }
  async function approve(user, approval) {
    const yes = await stack.post(`/approvals/${approval.id}`, {approved: true}, as(user));
    assert.equal(yes.status, 202, yes.text);
  }

  test("is looked at, asked about, taken in once, and taken back whole", async () => {
    const user = uuid(), session = uuid();
    const id = await upload(user, Buffer.from(FILE, "latin1"), "application/vnd.ms-excel");
    const seen = await tool(user, "preview_expense_import", {attachment_id: id});
    assert.equal(seen.mapping.delimiter, "semicolon");
    assert.equal(seen.mapping.date_order, "day_first");
    assert.deepEqual(seen.questions, []);
    assert.equal(seen.rows[0].description, "REWE München - Einkauf");
    assert.deepEqual([seen.totals.count, seen.totals.sums[0].total_minor, seen.counts.income, seen.counts.transfers, seen.counts.unreadable], [3, 113520, 1, 1, 1]);
    assert.deepEqual([seen.left_out[0].line, seen.left_out[0].field], [8, "date"]);
    assert.equal(await stored(user), 0);
    const asked = await modelCalls(user, session, "import_expenses", seen.import);
    const words = JSON.stringify(asked);
    assert.match(words, /take in 3 expenses of 1,135\.20 EUR in all, from 2026-10-02 to 2026-10-13, out of the file \\"umsaetze\.csv\\"/);
    assert.doesNotMatch(asked.message, /att-/);
    assert.equal(await stored(user), 0);
    await approve(user, asked);
    await eventually(async () => await stored(user) === 3, "they are stored");
    await eventually(async () => (await lastResult(user, session)).created === 3, "the result is told");
    const {records} = await tool(user, "list_records", {kind: "expense"});
    assert.deepEqual(records.map(r => r.amount).sort((a, b) => a - b), [2, 45.2, 1088]);
    const {record} = await tool(user, "get_record", {kind: "expense", name: "hyperlink"});
    assert.deepEqual([record.description, record.amount_minor, record.currency, record.date], ["=HYPERLINK(1) - x", 200, "EUR", "2026-10-13"]);
    assert.equal(records.every(r => r.id.startsWith("imp-")), true);
    const again = await tool(user, "preview_expense_import", {attachment_id: id});
    assert.deepEqual([again.totals.count, again.counts.known, again.import], [0, 3, undefined]);
    const undone = await modelCalls(user, session, "undo_change", {});
    assert.match(undone.message, /Undone \(import_expenses\)/);
    assert.equal(await stored(user), 0);
    const twice = await modelCalls(user, session, "import_expenses", seen.import);
    await approve(user, twice);
    await eventually(async () => await stored(user) === 3, "they are stored again");
  });

  test("what it says wrongly is refused before anybody is asked for it to be done", async () => {
    const user = uuid(), session = uuid();
    const id = await upload(user, Buffer.from(FILE, "latin1"));
    const seen = await tool(user, "preview_expense_import", {attachment_id: id});
    const asked = await modelCalls(user, session, "import_expenses", {...seen.import, expected: {...seen.import.expected, count: 2}});
    await approve(user, asked);
    await eventually(async () => (await lastResult(user, session)).error?.path === "/expected", "it is refused");
    assert.equal(await stored(user), 0);
  });

  test("5,000 rows: none holds Redis up; a worker that is killed in the middle doubles nothing, and undo takes all back", async () => {
    const user = uuid(), session = uuid(), rows = ["Date,Payee,Amount"];
    for (let i = 0; i < 5000; i++)
      rows.push(`2025-${String(1 + i % 12).padStart(2, "0")}-${String(1 + i % 28).padStart(2, "0")},Shop number ${i},-${1 + i % 90}.50`);
    const id = await upload(user, Buffer.from(rows.join("\n")));
    let began = performance.now();
    const seen = await tool(user, "preview_expense_import", {attachment_id: id});
    console.log(`preview of 5,000 rows: ${(performance.now() - began).toFixed(0)} ms`);
    assert.equal(seen.totals.count, 5000);
    await stack.redis("CONFIG", "SET", "slowlog-log-slower-than", 10000);
    await stack.redis("SLOWLOG", "RESET");
    const asked = await modelCalls(user, session, "import_expenses", seen.import);
    began = performance.now();
    await approve(user, asked);
    await eventually(async () => await stored(user) > 100, "some are stored", 60000 * SLOW);
    const {pid} = (await stack.seats("turn")).find(s => s.session === session) ?? {};
    assert.ok(pid, "its worker");
    process.kill(pid, "SIGKILL");
    const cut = await stored(user);
    await eventually(async () => (await lastResult(user, session)).success, "the import ends", 120000 * SLOW);
    console.log(`import of 5,000 rows, killed after ${cut}: ${(performance.now() - began).toFixed(0)} ms`);
    const result = await lastResult(user, session);
    assert.equal(result.created + result.known, 5000, JSON.stringify(result));
    assert.ok(cut < 5000 && result.known > 0, "it was in the middle");
    assert.equal(await stored(user), 5000);
    const slow = (await stack.redis("SLOWLOG", "GET", 5)).slice(0, 600);
    console.log(`commands over 10 ms: ${await stack.redis("SLOWLOG", "LEN")}`, slow);
    began = performance.now();
    const undone = await modelCalls(user, session, "undo_change", {});
    console.log(`undo: ${(performance.now() - began).toFixed(0)} ms`);
    assert.match(undone.message, /Undone \(import_expenses\).* and 4997 more/);
    assert.equal(await stored(user), 0);
  });
});

describe("expenses of a bank's file without a model", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());

  test("a file with the words for it is looked at, asked about and taken in", async () => {
    const user = uuid(), session_id = uuid();
    const attachments = [{data: Buffer.from(PLAIN).toString("base64"), mime_type: "text/csv", name: "card.csv"}];
    const looked = await stack.chat("What is in this bank statement?", {session_id, attachments}, as(user));
    assert.match(looked.json.response, /2 new expenses: 49\.70 AUD/, looked.text);
    const asked = await stack.chat("Import these expenses", {session_id, attachments}, as(user));
    assert.equal(asked.json.outcome, "interrupt", asked.text);
    const [open] = (await stack.get("/approvals", as(user))).json.approvals;
    assert.match(open.message, /take in 2 expenses of 49\.70 AUD in all, from 2026-11-02 to 2026-11-03, out of the file "card\.csv"/);
    assert.equal((await stack.post(`/approvals/${open.id}`, {approved: true}, as(user))).status, 202);
    await eventually(async () => Number(await stack.redis("HLEN", `tp:{${user}}:r:expense`)) === 2, "they are stored");
    await eventually(async () => /2 expenses are taken in: 49\.70 AUD/.test((await stack.get(`/sessions/${session_id}/messages`, as(user))).text), "the user is told");
  });
});
