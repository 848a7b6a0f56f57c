// SPDX-License-Identifier: BSD-2-Clause
// The offline mode: plain requests, the real tools, honest answers.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Stack, uuid} from "./harness.mjs";

describe("the offline mode", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());

  async function ask(text, session_id = uuid(), user = uuid()) {
    const stream = stack.chatStream(text, {session_id, timezone: "Australia/Sydney"}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    await stream.all();
    assert.equal(stream.last?.data.type, "RUN_FINISHED", JSON.stringify(stream.last));
    const calls = stream.events.filter(e => e.data.type === "TOOL_CALL_START").map(e => e.data.toolCallName);
    const results = stream.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => JSON.parse(e.data.content));
    return {text: stream.text(), calls, results, user, session_id};
  }

  test("plans a trip from Sydney to Brisbane, by a tool, with a distance that can be true", async () => {
    const a = await ask("Plan a trip from Sydney to Brisbane");
    assert.ok(a.calls.length >= 1, a.text);
    assert.ok(a.results.some(r => r.success), JSON.stringify(a.results));
    const km = [...JSON.stringify(a.results).matchAll(/"distance_km":\s*([\d.]+)/g)].map(m => Number(m[1]));
    assert.ok(km.some(x => x > 730 && x < 1150), `${km} ${JSON.stringify(a.results)}`);
    assert.match(a.text, /Sydney/);
    assert.match(a.text, /Brisbane/);
    assert.match(a.text, /offline/i);
    assert.match(a.text, /estimate/i);
  });

  test("knows what it cannot do, and says so", async () => {
    const a = await ask("What will the weather be in Cairns tomorrow?");
    assert.ok(!/\d+\s*°/.test(a.text), a.text);
    assert.match(a.text, /offline/i);
  });

  test("keeps expenses and a budget per user", async () => {
    const user = uuid();
    const a = await ask("I spent 85.40 on fuel today", uuid(), user);
    assert.ok(a.results.some(r => r.success), `${a.text} ${JSON.stringify(a.results)}`);
    const b = await ask("How much did I spend this month?", uuid(), user);
    assert.match(b.text, /85\.40/);
    const c = await ask("How much did I spend this month?", uuid(), uuid());
    assert.ok(!/85\.40/.test(c.text), c.text);
  });

  test("keeps a calendar per user, in the user's zone", async () => {
    const user = uuid();
    const a = await ask("Add a dentist appointment tomorrow at 3pm", uuid(), user);
    assert.ok(a.results.some(r => r.success), `${a.text} ${JSON.stringify(a.results)}`);
    const b = await ask("What is on my calendar tomorrow?", uuid(), user);
    assert.match(b.text, /dentist/i);
    assert.match(b.text, /(3|15)([:.]00)?\s*(pm)?/i);
  });

  test("understands German, Spanish and French, and answers in them", async () => {
    const rows = [
      ["Ich habe 45,50 f\u00fcr Benzin ausgegeben", "create_expense", {amount: 45.5, category: "gas"}, /^Erledigt/],
      ["Gast\u00e9 20 en peajes", "create_expense", {amount: 20, category: "tolls"}, /^Hecho/],
      ["J'ai d\u00e9pens\u00e9 9,90 pour un caf\u00e9", "create_expense", {amount: 9.9, category: "restaurant"}, /^C'est fait/],
    ];
    for (const [text, tool, entity, answer] of rows) {
      const a = await ask(text);
      assert.deepEqual(a.calls, [tool], a.text);
      for (const key in entity) assert.equal(a.results[0].expense[key], entity[key], JSON.stringify(a.results));
      assert.match(a.text, answer);
    }
    const unknown = await ask("Schreib mir ein Gedicht");
    assert.deepEqual(unknown.calls, []);
    assert.match(unknown.text, /Offline-Modus/);
  });

  test("carries out both clauses of a message, or none", async () => {
    const user = uuid();
    const a = await ask("log 45 on fuel and 12 for coffee", uuid(), user);
    assert.deepEqual(a.calls, ["create_expense", "create_expense"], a.text);
    assert.deepEqual(a.results.map(r => r.expense.amount), [45, 12]);
    const pills = await ask("Remind me to take my pills every day at 8am and 8pm", uuid(), user);
    assert.deepEqual(pills.calls, ["create_calendar_event", "create_calendar_event"], pills.text);
    const b = await ask("log 45 on fuel and 12 for 7 people", uuid(), user);
    assert.deepEqual(b.calls, [], b.text);
    assert.match(b.text, /written nothing/);
  });

  test("follows up on the last record", async () => {
    const user = uuid(), session_id = uuid();
    await ask("Remind me to water the plants tomorrow at 5pm", session_id, user);
    const moved = await ask("no, at 6pm", session_id, user);
    assert.deepEqual(moved.calls, ["update_calendar_event"], moved.text);
    assert.match(moved.text, /18:00/);
    const wrong = await ask("Set my fuel budjet to 400", session_id, user);
    assert.deepEqual(wrong.calls, []);
    assert.match(wrong.text, /Shall I do that\?/);
    const yes = await ask("yes", session_id, user);
    assert.deepEqual(yes.calls, ["update_budget"], yes.text);
  });

  test("asks before it deletes", async () => {
    const user = uuid(), session_id = uuid(), headers = {"X-Dev-User": user};
    await ask("Add a dentist appointment tomorrow at 3pm", session_id, user);
    const asked = await stack.chat("Delete dentist from my calendar", {session_id, timezone: "Australia/Sydney"}, {headers});
    assert.equal(asked.json.outcome, "interrupt", asked.text);
    assert.match(asked.json.response, /approval/);
    const reader = stack.sse(`/approvals/${asked.json.interrupts[0].id}`, {method: "POST", body: {approved: true}, headers});
    await reader.all();
    assert.equal(reader.last.data.outcome?.type, "success", JSON.stringify(reader.last));
    const b = await ask("What is on my calendar this week?", session_id, user);
    assert.ok(!/dentist/i.test(b.text), b.text);
  });

  test("keeps an allergy in the words in which it was told, and says what it cannot watch", async () => {
    const as = {headers: {"X-Dev-User": uuid()}};
    const tool = async (name, args) => {
      const reply = await stack.post(`/tools/${name}`, args, as);
      assert.equal(reply.status, 200, reply.text);
      return reply.json;
    };
    const told = await tool("manage_dietary_prefs", {action: "add", allergies: ["peanut allergy", "cow's milk", "zorbl"]});
    assert.deepEqual(told.watched, ["peanuts", "milk", "lactose"]);
    assert.deepEqual(told.not_watched, ["zorbl"]);
    assert.match(told.message, /NOT watched, as no rule knows it: "zorbl"\. Ask the user/);
    for (const ingredient_name of ["Satay sauce", "Paneer", "Rice"]) await tool("manage_pantry", {action: "add", ingredient_name});
    const {pantry, message} = await tool("manage_pantry", {action: "list"});
    assert.deepEqual(pantry.map(i => i.against_diet), ["peanut allergy", "cow's milk", undefined]);
    assert.match(message, /NOT watched.*zorbl.*Checked by the words.*read the labels/);
  });

  test("sets a timer", async () => {
    const a = await ask("Set a timer for 10 minutes");
    assert.deepEqual(a.calls, ["set_timer_or_alarm"]);
    assert.equal(a.results[0].success, true, JSON.stringify(a.results));
  });

  test("tells the time, and another place's by that place", async () => {
    const a = await ask("What time is it?");
    assert.ok(a.calls.length === 1 && a.results[0].success, a.text);
    assert.match(a.text, /Australia\/Sydney/);
    const b = await ask("What time is it in London?");
    assert.match(b.text, /Europe\/London/);
    const c = await ask("What time is it in Xyzzyville?");
    assert.deepEqual(c.calls, []);
  });

  test("answers the example of the documentation", async () => {
    const a = await ask("How far is Sydney from Brisbane?");
    assert.deepEqual(a.calls, ["calculate_distance"]);
    assert.equal(a.results[0].success, true, JSON.stringify(a.results));
  });

  test("makes a reminder that rings at its time", async () => {
    const a = await ask("Remind me to turn off the stove in 20 minutes");
    assert.deepEqual(a.calls, ["create_calendar_event"]);
    assert.deepEqual(a.results[0].event?.reminder_minutes, [0], JSON.stringify(a.results));
  });

  test("writes nothing of a sentence that it understands in part, and says which", async () => {
    const user = uuid();
    for (const text of ["log 45 on fuel and 12 for 7 people", "log 8 hours of sleep", "I spent \u20ac30 on lunch",
      "set my fuel budget to 300 or 400", "I spent 45 on fuel on 5/12"]) {
      const a = await ask(text, uuid(), user);
      assert.deepEqual(a.calls, [], a.text);
      assert.match(a.text, /nothing/, text);
    }
    const b = await ask("How much did I spend this month?", uuid(), user);
    assert.doesNotMatch(b.text, /45|98|30\.00/);
  });

  test("takes a short answer to its question", async () => {
    const user = uuid(), session_id = uuid();
    const a = await ask("Remind me to call mum tomorrow", session_id, user);
    assert.deepEqual(a.calls, []);
    assert.match(a.text, /At what time/);
    const b = await ask("at 5pm", session_id, user);
    assert.deepEqual(b.calls, ["create_calendar_event"], b.text);
    assert.match(b.results[0].event.start_date, /T17:00/);
  });

  test("says a JSON reply in one piece", async () => {
    const session_id = uuid(), headers = {"X-Dev-User": uuid()};
    const a = await stack.chat("What can you do?", {session_id}, {headers});
    assert.equal(a.status, 200, a.text);
    const log = stack.sse(`/sessions/${session_id}/events?cursor=0-0`, {headers});
    await log.until(e => e.data.type === "RUN_FINISHED");
    assert.equal(log.events.filter(e => e.data.type === "TEXT_MESSAGE_CONTENT").length, 1);
    log.drop();
    log.close?.();
  });
});
