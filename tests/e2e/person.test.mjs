// SPDX-License-Identifier: BSD-2-Clause
// Records of a person through the whole stack: doses and tasks that ring on the open socket, vCards as
// attachments, people by name, and that export and deletion cover all of it.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Stack, eventually, uuid} from "./harness.mjs";

describe("records of a person", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  const as = user => ({headers: {"X-Dev-User": user, "X-Time-Zone": "Australia/Sydney"}});
  const call = (user, name, args) => stack.post(`/tools/${name}`, args, as(user));
  async function tool(user, name, args) {
    const reply = await call(user, name, args);
    assert.equal(reply.status, 200, reply.text);
    assert.ok(reply.json.success, reply.text);
    return reply.json;
  }
  const soon = ms => new Date(Math.ceil(Date.now() / 1000) * 1000 + ms).toISOString().replace(".000", "");

  test("a dose rings on the open socket, is snoozed, and is noted as taken", async () => {
    const user = uuid();
    const a = await stack.socket(`/ws/${user}`);
    const at = soon(3000);
    const {medication, rings_at} = await tool(user, "add_medication",
      {name: "Metformin", dosage: "500 mg", food: "with_food", every_hours: 36, first_dose: at, stock: 5});
    assert.equal(new Date(rings_at[0]).getTime(), new Date(at).getTime());
    const reminder = await a.until("reminder");
    assert.equal(reminder.family, "medication");
    assert.equal(reminder.record_id, medication.id);
    assert.match(reminder.message, /^Metformin: 500 mg, with food \(\d\d:\d\d\)\. 5 left$/);
    assert.ok(Date.now() >= new Date(at).getTime());
    // The next one is planned: 36 hours later by the clock of the world.
    const next = new Date(at).getTime() + 36 * 3600000;
    await eventually(async () => await stack.redis("ZSCORE", "tp:hint:alarms", `${user} a/${medication.id}/medication/${next}`) === String(next), "the next dose is planned");
    assert.equal((await stack.post(`/inbox/${reminder.id}/snooze`, {minutes: 5}, as(user))).status, 200);
    const {doses} = await tool(user, "log_dose", {});
    assert.equal(doses[0].due_ms, new Date(at).getTime());
    assert.equal((await tool(user, "get_medications", {})).medications[0].stock, 4);
    assert.equal((await call(user, "log_dose", {medication: "metformin"})).json.code, "ambiguous");
    const log = await tool(user, "get_dose_log", {});
    assert.equal(log.taken, 1);
    await tool(user, "stop_medication", {medication: "metformin"});
    await eventually(async () => !(await stack.redis("ZRANGE", "tp:hint:alarms", "0", "-1")).includes(`${user} a/`), "no hint is left");
    await a.end();
  });

  test("a task of a list rings, once it is checked off it does not", async () => {
    const user = uuid();
    const a = await stack.socket(`/ws/${user}`);
    await tool(user, "add_to_list", {list: "To do", items: ["call the bank"], due: soon(3000)});
    await tool(user, "add_to_list", {list: "To do", items: ["pay the rego"], due: soon(3000)});
    await tool(user, "check_list_items", {items: ["rego"]});
    const reminder = await a.until("reminder");
    assert.equal(reminder.message, "To do: call the bank");
    assert.equal(reminder.family, "list");
    assert.equal((await tool(user, "get_list", {open_only: true})).open, 1);
    await a.end();
  });

  test("a vCard file of a phone comes in by an attachment, and goes out again", async () => {
    const user = uuid();
    const card = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\nTEL;CELL:0400 111 222\r\nEND:VCARD\r\n";
    const file = `${card}BEGIN:VCARD\r\nEND:VCARD\r\n`;
    const sent = await stack.request("POST", "/attachments", {body: Buffer.from(file), headers: {...as(user).headers, "Content-Type": "text/vcard"}});
    const {id} = sent.json;
    const taken = await tool(user, "import_contacts", {attachment_id: id});
    assert.deepEqual([taken.created, taken.skipped_count], [1, 1]);
    assert.equal(taken.skipped[0].reason, "it has no name");
    assert.equal((await tool(user, "find_contacts", {name: "Müller"})).contacts[0].name, "Jörg Müller");
    assert.match((await tool(user, "export_contacts", {})).vcard, /^BEGIN:VCARD\r\nVERSION:4\.0\r\nFN:Jörg Müller\r\n/);
    assert.equal((await tool(user, "import_contacts", {attachment_id: id})).created, 0);
  });

  test("a friend is written to by name; who could be two is asked about", async () => {
    const [me, kevin, other] = [uuid(), uuid(), uuid()];
    for (const user of [kevin, other]) await tool(user, "update_profile", {username: user === kevin ? "kevin_on_tour" : "zoe"});
    await tool(me, "add_contact", {name: "Kevin Brown", user_id: kevin});
    await tool(kevin, "manage_privacy", {allow_messages: "everyone"});
    const asked = await call(me, "message_friend", {recipient_id: "Kevin", message: "Coming to the fire?"});
    // The approval names the person and the user's id behind the name.
    assert.match(asked.text, new RegExp(`Kevin.*${kevin}`));
    await tool(me, "add_contact", {name: "Kevin Stone", user_id: other});
    const again = await call(me, "message_friend", {recipient_id: "Kevin", message: "Coming to the fire?"});
    assert.equal(again.json.code, "ambiguous");
  });

  test("the export has it all, and the deletion of the user leaves nothing", async () => {
    const user = uuid();
    await tool(user, "add_medication", {name: "A", times: ["08:00"]});
    await tool(user, "log_dose", {medication: "A"});
    await tool(user, "add_document", {name: "Passport", number: "N1234567", expiry_date: "2036-01-12"});
    await tool(user, "add_contact", {name: "Robin"});
    await tool(user, "create_list", {name: "Packing", items: ["tent"]});
    await tool(user, "add_medical_record", {title: "Visit"});
    await tool(user, "set_emergency_contact", {name: "Jo", phone: "0400 123 456"});
    const {export: all} = await tool(user, "export_data", {});
    for (const family of ["contact", "document", "dose", "emergency_info", "list", "medical_record", "medication"])
      assert.equal(all.records[family].length, 1, family);
    assert.equal(all.records.document[0].number, "N1234567");
    // What is shown otherwise has the number's end alone.
    assert.doesNotMatch(JSON.stringify(await tool(user, "get_documents", {})), /N1234567/);
    assert.match(await stack.redis("ZRANGE", "tp:hint:alarms", "0", "-1"), new RegExp(`${user} a/`));
    const done = await stack.request("DELETE", "/user-data", {headers: {...as(user).headers, "X-Confirm-Erase": user}});
    assert.equal(done.status, 200, done.text);
    assert.doesNotMatch(await stack.redis("ZRANGE", "tp:hint:alarms", "0", "-1"), new RegExp(user));
    const left = (await stack.redis("--scan", "--pattern", `*{${user}}*`)).split("\n").filter(k => k !== "" && !/:usage:[0-9-]+$/.test(k));
    assert.deepEqual(left, []);
  });
});
