// SPDX-License-Identifier: BSD-2-Clause
// Timers, reminders and the inbox through the whole stack: on time, once, on every open connection.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {existsSync, mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {BUILD, SLOW, Stack, eventually, pause, uuid} from "./harness.mjs";

describe("reminders", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  const as = user => ({headers: {"X-Dev-User": user}});
  /** Lets the assistant call one tool; its result. */
  async function tool(user, name, args) {
    const stream = stack.chatStream(`please [[tool name=${name} args=${JSON.stringify(args)} | text say=Done.]]`,
      {session_id: uuid(), timezone: "Australia/Sydney"}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    await stream.all();
    const result = stream.events.find(e => e.data.type === "TOOL_CALL_RESULT");
    assert.ok(result, JSON.stringify(stream.types()));
    const value = JSON.parse(result.data.content);
    assert.ok(value.success, result.data.content);
    return value;
  }
  const timer = (user, seconds, label) => tool(user, "set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: seconds, label});
  const inbox = async (user, query = "") => (await stack.get(`/inbox${query}`, as(user))).json;
  const expired = socket => socket.frames.filter(f => f.type === "timer_expired");

  test("a timer reaches every open connection once, on time, and the inbox", async () => {
    const user = uuid(), other = uuid();
    const [a, b, stranger] = await Promise.all([user, user, other].map(u => stack.socket(`/ws/${u}`)));
    const {timer: set} = await timer(user, 1, "eggs");
    const [one, two] = await Promise.all([a, b].map(s => s.until("timer_expired")));
    assert.ok(Date.now() - set.due_ms < 10000 * SLOW, `${Date.now() - set.due_ms} ms late`);
    assert.deepEqual(one, two);
    assert.equal(one.timer_id, set.id);
    assert.equal(one.label, "eggs");
    assert.equal(one.late, false);
    assert.ok(one.late_ms < 5000 * SLOW, `${one.late_ms}`);
    await pause(700);
    for (const s of [a, b]) assert.equal(expired(s).length, 1);
    assert.equal(expired(stranger).length, 0);
    const list = await inbox(user);
    assert.equal(list.messages.length, 1);
    assert.equal(list.messages[0].id, one.id);
    assert.equal(list.messages[0].state, "new");
    assert.deepEqual((await inbox(other)).messages, []);
    assert.deepEqual((await inbox(user, `?after=${one.id}`)).messages, []);
    assert.equal(await stack.redis("ZCARD", "tp:hint:timers"), "0");
    for (const s of [a, b, stranger]) await s.end();
  });

  test("who was away gets what was missed, in order, page by page", async () => {
    const user = uuid();
    for (const label of ["1", "2", "3"]) await timer(user, 1, label);
    await eventually(async () => (await inbox(user)).messages.length === 3, "three in the inbox");
    const all = await inbox(user);
    const first = await inbox(user, `?after=${all.messages[0].id}&limit=1`);
    assert.equal(first.messages[0].id, all.messages[1].id);
    assert.equal(first.has_more, true);
    const rest = await inbox(user, `?after=${first.next_cursor}`);
    assert.deepEqual(rest.messages.map(m => m.id), [all.messages[2].id]);
    assert.equal(rest.has_more, false);
    assert.equal((await stack.get("/inbox?after=x", as(user))).status, 422);
    assert.equal((await stack.get("/inbox?limit=0", as(user))).status, 422);
  });

  test("acknowledge and snooze, over HTTP and over the socket; other tabs see it", async () => {
    const user = uuid();
    const [a, b] = await Promise.all([user, user].map(u => stack.socket(`/ws/${u}`)));
    await tool(user, "send_proactive_message", {type: "budget_alert", message: "The budget is spent."});
    const alert = await a.until("proactive_alert");
    assert.equal(alert.alert.type, "budget_alert");
    assert.equal(alert.message, "The budget is spent.");
    const snoozed = await stack.post(`/inbox/${alert.id}/snooze`, {minutes: 5}, as(user));
    assert.equal(snoozed.status, 200);
    assert.ok(Math.abs(snoozed.json.snoozed_until_ms - Date.now() - 300000) < 5000 * SLOW);
    assert.equal((await b.until("inbox_updated")).state, "snoozed");
    assert.equal((await inbox(user)).messages[0].state, "snoozed");
    a.send({type: "ack", id: alert.id});
    assert.deepEqual(await b.until("inbox_updated"), {type: "inbox_updated", id: alert.id, state: "acknowledged"});
    assert.equal((await inbox(user)).messages[0].state, "acknowledged");
    a.send({type: "snooze", id: alert.id, minutes: 1});
    await b.until(f => f.type === "inbox_updated" && f.state === "snoozed");
    assert.equal((await stack.post(`/inbox/${alert.id}/ack`, {}, as(user))).status, 200);
    for (const minutes of [0, 1441, "5", 1.5]) {
      assert.equal((await stack.post(`/inbox/${alert.id}/snooze`, {minutes}, as(user))).status, 422);
    }
    assert.equal((await stack.post(`/inbox/${alert.id}/ack`, {}, as(uuid()))).status, 404);
    assert.equal((await stack.post("/inbox/1-1/ack", {}, as(user))).status, 404);
    for (const frame of [{type: "ack"}, {type: "ack", id: "1-1"}, {type: "snooze", id: alert.id}, {type: "snooze", id: alert.id, minutes: 5000}]) {
      a.send(frame);
      await a.until("error");
    }
    await a.end();
    await b.end();
  });

  test("a reminder of an event that was moved comes at the new time only", async () => {
    const user = uuid();
    const a = await stack.socket(`/ws/${user}`);
    const start = offset => new Date(Date.now() + 60000 + offset).toISOString();
    const {event} = await tool(user, "create_calendar_event", {title: "Ferry", start_date: start(1500), reminder_minutes: [1]});
    await tool(user, "update_calendar_event", {event_id: event.id, start_date: start(3000)});
    const reminder = await a.until("reminder");
    assert.equal(reminder.event_id, event.id);
    assert.equal(reminder.title, "Ferry");
    assert.equal(reminder.minutes_before, 1);
    await pause(800);
    assert.equal(a.frames.filter(f => f.type === "reminder").length, 1);
    await a.end();
  });

  test("an event of the type reminder rings at its time, on the open socket", async () => {
    const user = uuid();
    const a = await stack.socket(`/ws/${user}`);
    const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000).toISOString();
    const {event, message, rings_at} = await tool(user, "create_calendar_event", {title: "Turn off the stove", start_date: at, event_type: "reminder"});
    assert.match(message, /It rings on /);
    assert.equal(new Date(rings_at[0]).getTime(), new Date(at).getTime());
    const reminder = await a.until("reminder");
    assert.equal(reminder.event_id, event.id);
    assert.equal(reminder.message, "Turn off the stove: now");
    assert.ok(Date.now() >= event.start_ms);
    await a.end();
  });

  test("what was due while nothing ran comes at the start, and says how late", async () => {
    const user = uuid();
    await timer(user, 3, "tea");
    stack.parts.turnpiked.kill("SIGTERM");
    await stack.parts.turnpiked.ended;
    await pause(4500);
    assert.equal(await stack.redis("XLEN", `tp:{${user}}:inbox`), "0");
    await stack.startDaemon();
    await eventually(async () => (await inbox(user)).messages.length === 1, "the timer has gone off");
    const [event] = (await inbox(user)).messages;
    assert.ok(event.late_ms > 1000, JSON.stringify(event));
    assert.equal(event.late, event.late_ms >= 5000);
  });

  test("a housekeeper that is killed, and two machines: each timer once", async () => {
    const user = uuid();
    const dir = join(stack.dir, "second");
    mkdirSync(join(dir, "run"), {recursive: true});
    const settings = {...stack.settings, run_dir: join(dir, "run"), "log.file": join(dir, "log"), machine: "second"};
    writeFileSync(join(dir, "conf"), Object.entries(settings).map(([k, v]) => `${k} = ${v}\n`).join(""), {mode: 0o600});
    const second = stack.spawn("second", join(BUILD, "turnpiked"), ["-c", join(dir, "conf")]);
    const a = await stack.socket(`/ws/${user}`);
    for (let i = 0; i < 6; i++) await timer(user, 2, String(i));
    const keeper = (await stack.status()).slots.find(s => s.pool === "housekeeper" && s.pid > 0);
    assert.ok(keeper);
    process.kill(keeper.pid, "SIGKILL");
    for (let i = 0; i < 6; i++) await a.until("timer_expired");
    await pause(1500);
    assert.deepEqual(expired(a).map(f => f.label).sort(), ["0", "1", "2", "3", "4", "5"]);
    assert.equal((await inbox(user)).messages.length, 6);
    assert.ok(!second.end, second.output);
    second.kill("SIGTERM");
    await second.ended;
    delete stack.parts.second;
    await a.end();
  });
});

// The whole site's clock is shifted to shortly before the night in which Sydney's clocks go forward
// (2026-10-04 02:00 becomes 03:00). libc.so.6 in front of Redis' own allocator, which libfaketime
// does not bear.
const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const shifted = existsSync(FAKETIME) && existsSync(join(BUILD, "turnpiked")) && !readFileSync(join(BUILD, "turnpiked")).includes("__asan_init");

describe("reminders at a change of the clocks", {skip: !shifted && "needs libfaketime and a build without sanitizers"}, () => {
  let stack, offset;
  before(async () => {
    offset = Math.floor((Date.parse("2026-10-04T01:59:42+10:00") - Date.now()) / 1000);
    const env = {LD_PRELOAD: `${FAKETIME} libc.so.6`, FAKETIME: `${offset < 0 ? "" : "+"}${offset}`, FAKETIME_DONT_FAKE_MONOTONIC: "1"};
    Object.assign(process.env, env);
    try {
      stack = await Stack.start();
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  });
  after(() => stack?.stop());

  test("an alarm for 03:00 goes off when the clocks show it, one in the gap an hour later", async () => {
    const user = uuid(), now = () => Date.now() + offset * 1000;
    const a = await stack.socket(`/ws/${user}`);
    const calls = ["03:00", "02:30"].map(alarm_time => ({action: "create", type: "alarm", alarm_time}));
    const stream = stack.chatStream(`wake me [[tool name=set_timer_or_alarm,set_timer_or_alarm args=${calls.map(c => JSON.stringify(c)).join(";")} | text say=Done.]]`,
      {session_id: uuid(), timezone: "Australia/Sydney"}, {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    await stream.all();
    const set = stream.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => JSON.parse(e.data.content).timer?.due_at);
    assert.deepEqual(set.sort(), ["2026-10-04T03:00:00+11:00", "2026-10-04T03:30:00+11:00"]);
    const due = Date.parse("2026-10-04T03:00:00+11:00");
    const daily = await stack.post("/tools/create_calendar_event", {title: "Pills", start_date: "2026-10-03T03:00", repeat: "daily", reminder_minutes: [0]},
      {headers: {"X-Dev-User": user, "X-Time-Zone": "Australia/Sydney"}});
    assert.equal(daily.status, 200, daily.text);
    assert.ok(now() < due, "the stack took too long to start");
    const event = await a.until("timer_expired", 45000);
    assert.equal(event.due_at, "2026-10-04T03:00:00+11:00");
    assert.ok(now() >= due && now() - due < 5000 * SLOW, `${now() - due} ms`);
    assert.equal(event.late, false);
    const pills = await a.until("reminder");
    assert.equal(pills.start_date, "2026-10-04T03:00:00+11:00");
    assert.ok(now() >= due && now() - due < 6000 * SLOW, `${now() - due} ms`);
    await pause(1200);
    assert.equal(a.frames.filter(f => f.type === "timer_expired").length, 1);
    assert.equal(a.frames.filter(f => f.type === "reminder").length, 1);
    // The alarm of 03:30, and the reminder of the next day: 24 hours later by the new clock.
    const next = `${user} r/${daily.json.event.id}/0/${Date.parse("2026-10-05T03:00:00+11:00")}`;
    assert.equal(await stack.redis("ZCARD", "tp:hint:timers"), "2");
    assert.equal(await stack.redis("ZSCORE", "tp:hint:timers", next), String(Date.parse("2026-10-05T03:00:00+11:00")));
    await a.end();
  });
});
