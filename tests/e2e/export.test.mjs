// SPDX-License-Identifier: BSD-2-Clause
// What users take along, bring and erase: calendars as iCalendar, expenses as CSV, trips as GPX, all of
// it as JSON. iCalendar, GPX and PDF are read by other programs (python3-icalendar, python3-gpxpy, poppler).
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import http from "node:http";
import {API, Stack, eventually, uuid} from "./harness.mjs";

const ZONE = "Australia/Sydney";

/** What a Python program prints as JSON about the text. */
function python(program, text) {
  const run = spawnSync("/usr/bin/python3", ["-c", program], {input: text, encoding: "utf8"});
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}
const readCalendar = text => python(`
import sys, json, icalendar
cal = icalendar.Calendar.from_ical(sys.stdin.read())
out = []
for e in cal.walk("VEVENT"):
    def when(name):
        v = e.get(name)
        return None if v is None else v.dt.isoformat()
    ex = e.get("EXDATE") or []
    ex = ex if isinstance(ex, list) else [ex]
    out.append({"uid": str(e["UID"]), "summary": str(e["SUMMARY"]), "start": when("DTSTART"), "end": when("DTEND"),
        "recurrence_id": when("RECURRENCE-ID"), "rule": e["RRULE"].to_ical().decode() if "RRULE" in e else None,
        "excluded": [d.dt.isoformat() for x in ex for d in x.dts], "description": str(e.get("DESCRIPTION", "")),
        "alarms": [str(a["TRIGGER"].dt) for a in e.walk("VALARM")], "zone": e["DTSTART"].params.get("TZID")})
print(json.dumps({"events": out, "zones": [str(z["TZID"]) for z in cal.walk("VTIMEZONE")]}))
`, text);

describe("export, import, erasure", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  const headers = user => ({"X-Dev-User": user, "X-Time-Zone": ZONE});
  const as = user => ({headers: headers(user)});
  async function tool(user, name, args) {
    const reply = await stack.post(`/tools/${name}`, args, as(user));
    assert.equal(reply.status, 200, `${name}: ${reply.text}`);
    return reply.json;
  }
  const calendar = async (user, query = "") => {
    const reply = await stack.get(`/calendar.ics${query}`, as(user));
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.headers["content-type"], /^text\/calendar/);
    return reply.text;
  };
  const bring = (user, text, type = "text/calendar") => stack.request("POST", "/calendar/import", {body: text, headers: {...headers(user), "Content-Type": type}});
  const list = async (user, from, to) => (await tool(user, "get_calendar_events", {start_date: from, end_date: to, include_past: true})).events;
  const wrap = (...components) => ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", ...components.flat(), "END:VCALENDAR", ""].join("\r\n");
  const vevent = (uid, ...lines) => ["BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20261101T000000Z", ...lines, "END:VEVENT"];

  /** A calendar with something of everything. */
  async function fill(user) {
    const {event: series} = await tool(user, "create_calendar_event", {title: "Bin night, \"green; lid\"", start_date: "2026-12-01T19:00", end_date: "2026-12-01T19:30",
      repeat: "FREQ=WEEKLY;BYDAY=TU;COUNT=10", reminder_minutes: [60, 1440], description: "Two lines:\nthe second, with Umlaut ä"});
    const stream = await stack.post("/tools/update_calendar_event", {event_id: series.id, occurrence: "2026-12-08", start_date: "2026-12-08T20:00", title: "Bins later"}, as(user));
    assert.equal(stream.status, 200, stream.text);
    const {event: dentist} = await tool(user, "create_calendar_event", {title: "Dentist", start_date: "2026-12-03T09:30", end_date: "2026-12-03T10:30", location_name: "Dubbo", color: "#2E7D32", event_type: "booking"});
    const {event: holiday} = await tool(user, "create_calendar_event", {title: "Easter", start_date: "2027-03-26", end_date: "2027-03-29"});
    return {series, dentist, holiday};
  }

  test("another program reads the calendar; import gives the same calendar, twice too", async () => {
    const user = uuid(), other = uuid();
    const {series, dentist} = await fill(user);
    const text = await calendar(user);
    const read = readCalendar(text);
    assert.deepEqual(read.zones, [ZONE]);
    assert.equal(read.events.length, 4);
    const master = read.events.find(e => e.rule);
    assert.equal(master.uid, series.id);
    assert.equal(master.rule, "FREQ=WEEKLY;COUNT=10;BYDAY=TU");
    assert.equal(master.start, "2026-12-01T19:00:00+11:00");
    assert.equal(master.end, "2026-12-01T19:30:00+11:00");
    assert.equal(master.description, "Two lines:\nthe second, with Umlaut ä");
    assert.deepEqual(master.alarms, ["-1 day, 23:00:00", "-1 day, 0:00:00"]);
    const changed = read.events.find(e => e.recurrence_id);
    assert.equal(changed.uid, series.id);
    assert.equal(changed.recurrence_id, "2026-12-08T19:00:00+11:00");
    assert.equal(changed.start, "2026-12-08T20:00:00+11:00");
    assert.equal(read.events.find(e => e.summary === "Easter").end, "2027-03-30");

    const plain = events => events.map(({id, uid, series_id, created_at, updated_at, ...rest}) => rest);
    const before = await list(user, "2026-12-01", "2027-04-30");
    assert.equal(before.length, 12);
    const first = await bring(other, text);
    assert.equal(first.status, 200, first.text);
    assert.deepEqual([first.json.created, first.json.updated, first.json.failed], [3, 0, 0], first.text);
    assert.deepEqual(plain(await list(other, "2026-12-01", "2027-04-30")), plain(before));
    const second = await bring(other, text);
    assert.deepEqual([second.json.created, second.json.updated, second.json.failed], [0, 3, 0], second.text);
    assert.deepEqual(plain(await list(other, "2026-12-01", "2027-04-30")), plain(before));
    // Into the calendar that it came from: nothing is doubled.
    assert.equal((await bring(user, text)).json.updated, 3);
    assert.deepEqual(plain(await list(user, "2026-12-01", "2027-04-30")), plain(before));
    const again = readCalendar(await calendar(other));
    const sorted = events => events.toSorted((a, b) => a.start < b.start ? -1 : 1);
    assert.deepEqual(sorted(again.events), sorted(read.events));
    // A period: the series that reaches into it, and the dentist.
    const part = readCalendar(await calendar(user, "?from=2026-12-03&to=2026-12-09"));
    assert.deepEqual(part.events.map(e => e.summary).sort(), ["Bin night, \"green; lid\"", "Bins later", "Dentist"]);
    assert.equal(part.events.find(e => e.summary === "Dentist").uid, dentist.id);
    assert.equal((await stack.get("/calendar.ics?from=soon", as(user))).status, 422);
    const head = await stack.request("HEAD", "/calendar.ics", as(user));
    assert.equal(head.status, 200);
    assert.equal(head.text, "");
  });

  test("the calendar of a period holds nothing that has ended when it begins", async () => {
    const user = uuid();
    await bring(user, wrap(
      vevent("day", "SUMMARY:day", "DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202"),
      vevent("days", "SUMMARY:days", "DTSTART;VALUE=DATE:20261130", "DTEND;VALUE=DATE:20261203"),
      vevent("night", "SUMMARY:night", "DTSTART;TZID=Australia/Sydney:20261201T200000", "DTEND;TZID=Australia/Sydney:20261202T000000"),
      vevent("twice", "SUMMARY:twice", "DTSTART;VALUE=DATE:20261130", "RRULE:FREQ=DAILY;COUNT=2"),
      vevent("weekly", "SUMMARY:weekly", "DTSTART;TZID=Australia/Sydney:20261124T220000", "DURATION:PT2H", "RRULE:FREQ=WEEKLY"),
      vevent("moved", "SUMMARY:moved", "DTSTART;TZID=Australia/Sydney:20261119T220000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
      vevent("moved", "SUMMARY:moved once", "RECURRENCE-ID;TZID=Australia/Sydney:20261126T220000", "DTSTART;TZID=Australia/Sydney:20261126T120000", "DURATION:PT1H"),
      vevent("instant", "SUMMARY:instant", "DTSTART;TZID=Australia/Sydney:20261202T000000")));
    const of = async query => readCalendar(await calendar(user, query)).events.map(e => e.summary).sort().join(" ");
    assert.equal(await of("?from=2026-12-01&to=2026-12-01"), "day days night twice weekly");
    assert.equal(await of("?from=2026-12-02&to=2026-12-02"), "days instant");
    assert.equal(await of("?from=2026-12-03&to=2026-12-03"), "moved");
    assert.equal(await of("?from=2026-11-26&to=2026-11-26"), "moved moved once");
    assert.equal(await of("?from=2026-12-01T23:00&to=2026-12-02T00:00"), "day days night twice weekly");
    const backwards = await stack.get("/calendar.ics?from=2026-12-02&to=2026-12-01", as(user));
    assert.equal(backwards.status, 422, backwards.text);
  });

  test("alarms of a file ring, or it says which do not; a reminder rings without one", async () => {
    const user = uuid();
    const alarm = trigger => ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", trigger, "END:VALARM"];
    const reply = await bring(user, wrap(
      vevent("absolute", "SUMMARY:absolute", "DTSTART:20361201T100000Z", ...alarm("TRIGGER;VALUE=DATE-TIME:20361201T093000Z")),
      vevent("end", "SUMMARY:end", "DTSTART:20361202T100000Z", "DURATION:PT1H", ...alarm("TRIGGER;RELATED=END:-PT90M")),
      vevent("after", "SUMMARY:after", "DTSTART:20361203T100000Z", ...alarm("TRIGGER:PT15M")),
      vevent("six", "SUMMARY:six", "DTSTART:20361204T100000Z", ...[1, 2, 3, 4, 5, 6].flatMap(n => alarm(`TRIGGER:-PT${n}M`))),
      vevent("day", "SUMMARY:day", "DTSTART;VALUE=DATE:20361205", ...alarm("TRIGGER:-PT15H"), ...alarm("TRIGGER:PT9H"), ...alarm("TRIGGER:-P2D")),
      vevent("bare", "SUMMARY:bare", "DTSTART:20361206T100000Z", "CATEGORIES:REMINDER"),
      vevent("series", "SUMMARY:series", "DTSTART:20361207T100000Z", "RRULE:FREQ=DAILY;COUNT=2", ...alarm("TRIGGER;VALUE=DATE-TIME:20361207T093000Z"))));
    assert.equal(reply.status, 200, reply.text);
    const warned = Object.fromEntries(reply.json.warnings.map(w => [w.uid, w.message]));
    assert.deepEqual(Object.keys(warned).sort(), ["after", "series", "six"]);
    assert.match(warned.after, /after the start/);
    assert.match(warned.six, /more than 5 alarms/);
    assert.match(warned.series, /fixed time/);
    const kept = Object.fromEntries((await list(user, "2036-12-01", "2036-12-31")).map(e => [e.title, e.reminder_minutes]));
    assert.deepEqual(kept, {absolute: [30], end: [30], after: [], six: [1, 2, 3, 4, 5], day: [1440, 0, 2880], bare: [0], series: []});
    // What is counted from nine o'clock here is written as other programs count.
    const day = readCalendar(await calendar(user, "?from=2036-12-05&to=2036-12-05")).events[0];
    assert.deepEqual(day.alarms, ["-1 day, 9:00:00", "9:00:00", "-2 days, 9:00:00"]);
  });

  test("zones of the file's own, whole days, changed and cancelled occurrences, mistakes by name", async () => {
    const user = uuid();
    const windows = ["BEGIN:VTIMEZONE", "TZID:AUS Eastern Standard Time", "BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+1100",
      "TZOFFSETTO:+1000", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4", "END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:16010101T020000",
      "TZOFFSETFROM:+1000", "TZOFFSETTO:+1100", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=10", "END:DAYLIGHT", "END:VTIMEZONE"];
    const strange = ["BEGIN:VTIMEZONE", "TZID:Mars", "BEGIN:STANDARD", "DTSTART:20000101T000000", "TZOFFSETFROM:+0337", "TZOFFSETTO:+0337", "END:STANDARD", "END:VTIMEZONE"];
    const text = wrap(windows, strange,
      vevent("a@x", "SUMMARY:Staff meeting", "DTSTART;TZID=AUS Eastern Standard Time:20261207T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4",
        "EXDATE;TZID=AUS Eastern Standard Time:20261214T090000"),
      vevent("a@x", "SUMMARY:Staff meeting, late", "RECURRENCE-ID;TZID=AUS Eastern Standard Time:20261221T090000", "DTSTART;TZID=AUS Eastern Standard Time:20261221T110000", "DURATION:PT1H"),
      vevent("a@x", "SUMMARY:Staff meeting", "STATUS:CANCELLED", "RECURRENCE-ID:20261227T220000Z", "DTSTART:20261227T220000Z"),
      vevent("b@x", "SUMMARY:Mars time", "DTSTART;TZID=Mars:20261208T033700"),
      vevent("c@x", "SUMMARY:Camping", "DTSTART;VALUE=DATE:20261210", "DTEND;VALUE=DATE:20261213"),
      vevent("d@x", "SUMMARY:Floating", "DTSTART:20261209T120000"),
      vevent("e@x", "SUMMARY:No start"),
      vevent("f@x", "SUMMARY:Nowhere", "DTSTART;TZID=Atlantis/Capital:20261209T120000"),
      vevent("g@x", "SUMMARY:Every second", "DTSTART:20261209T120000", "RRULE:FREQ=SECONDLY"),
      vevent("h@x", "SUMMARY:Mars again", "DTSTART;TZID=Mars:20261208T033700", "RRULE:FREQ=DAILY"),
      vevent("i@x", "SUMMARY:Backwards", "DTSTART:20261209T120000Z", "DTEND:20261209T110000Z"),
      ["BEGIN:VTODO", "UID:t@x", "SUMMARY:Not an event", "END:VTODO"]);
    const reply = await bring(user, text);
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual([reply.json.success, reply.json.created, reply.json.failed, reply.json.skipped], [false, 4, 5, 1], reply.text);
    const wrong = Object.fromEntries(reply.json.errors.map(e => [e.uid, e.message]));
    assert.match(wrong["e@x"], /DTSTART/);
    assert.match(wrong["f@x"], /time zone/);
    assert.match(wrong["g@x"], /FREQ/);
    assert.match(wrong["h@x"], /time zone/);
    assert.match(wrong["i@x"], /DTEND/);
    assert.ok(reply.json.errors.every(e => e.line > 1 && e.component === "VEVENT"));
    const events = await list(user, "2026-12-01", "2026-12-31");
    assert.deepEqual(events.map(e => [e.title, e.start_date, e.end_date ?? null]), [
      ["Staff meeting", "2026-12-07T09:00:00+11:00", "2026-12-07T10:00:00+11:00"],
      ["Mars time", "2026-12-08T11:00:00+11:00", null],
      ["Floating", "2026-12-09T12:00:00+11:00", null],
      ["Camping", "2026-12-10", "2026-12-12"],
      ["Staff meeting, late", "2026-12-21T11:00:00+11:00", "2026-12-21T12:00:00+11:00"]]);
    assert.equal(events[0].timezone, ZONE);
    // None of it, no calendar, another type, too large.
    const bad = await bring(user, wrap(vevent("e@x", "SUMMARY:No start")));
    assert.equal(bad.status, 422);
    assert.match(bad.json.detail, /Line 4, VEVENT: DTSTART/);
    assert.equal((await bring(user, "hello")).json.code, "invalid_field");
    assert.equal((await bring(user, text, "text/plain")).status, 415);
    assert.equal((await bring(user, "B".repeat(1100000))).status, 413);
    const many = await bring(user, wrap(Array.from({length: 1001}, (_, i) => vevent(`m${i}`, "DTSTART:20261209T120000Z")).flat()));
    assert.deepEqual([many.status, many.json.field, many.json.limit], [422, "body", 1000], many.text);
    assert.equal((await stack.request("POST", "/calendar/import", {body: text, headers: {"Content-Type": "text/calendar", Authorization: "Bearer nobody"}})).status, 401);
  });

  test("a budget report as PDF, read by poppler", async () => {
    const user = uuid();
    for (let i = 1; i <= 70; i++) await tool(user, "create_expense", {amount: i, category: "food", description: `Pie ${i} in Zürich (中)`, location: "Dubbo"});
    const {report} = await tool(user, "export_budget_report", {format: "pdf"});
    assert.equal(report.encoding, "base64");
    const run = spawnSync("pdftotext", ["-layout", "-", "-"], {input: Buffer.from(report.content, "base64")});
    assert.equal(run.status, 0, String(run.stderr));
    const text = String(run.stdout);
    assert.match(text, /Budget report/);
    assert.match(text, /food +2485\.00 [A-Z]{3}/);
    assert.match(text, /70\.00 [A-Z]{3} +Pie 70 in Zürich \(\?\), Dubbo/);
    assert.equal(text.split("\f").length - 1, 2); // pages
  });

  test("expenses as CSV and trips as GPX", async () => {
    const user = uuid();
    await tool(user, "create_expense", {amount: 12.5, category: "food", description: "=HYPERLINK(\"http://x\"), \"quoted\"\nline", date: "2026-11-02"});
    await tool(user, "create_expense", {amount: 80, category: "gas", location: "Dubbo, NSW", date: "2026-11-20"});
    const csv = await stack.get("/expenses.csv", as(user));
    assert.equal(csv.status, 200);
    assert.match(csv.headers["content-type"], /^text\/csv/);
    const rows = python("import sys, csv, json, io\nprint(json.dumps(list(csv.DictReader(io.StringIO(sys.stdin.buffer.read().decode(), newline='')))))", csv.text);
    assert.deepEqual(rows.map(r => [r.date, r.category, r.amount, r.description, r.location]), [
      ["2026-11-02", "food", "12.50", "'=HYPERLINK(\"http://x\"), \"quoted\"\nline", ""], ["2026-11-20", "gas", "80.00", "", "Dubbo, NSW"]]);
    const part = await stack.get("/expenses.csv?from=2026-11-03&to=2026-11-20", as(user));
    assert.equal(part.text.split("\r\n").length, 3);
    assert.equal((await stack.get("/expenses.csv?from=2026-11-03&to=2026-11-02", as(user))).json.field, "to");

    const {trip} = await tool(user, "plan_trip", {origin: "-33.8679,151.2073", destination: "-27.4679,153.0281", waypoints: ["-31.4333,152.9"]});
    const gpx = await stack.get(`/trips/${trip.id}.gpx`, as(user));
    assert.equal(gpx.status, 200, gpx.text);
    assert.equal(gpx.headers["content-type"], "application/gpx+xml");
    const read = python(`import sys, json, gpxpy
g = gpxpy.parse(sys.stdin.read())
print(json.dumps({"version": g.version, "waypoints": [[w.name, w.latitude, w.longitude] for w in g.waypoints], "route": [p.name for p in g.routes[0].points]}))`, gpx.text);
    assert.equal(read.version, "1.1");
    assert.deepEqual(read.route, [trip.origin, ...trip.waypoints, trip.destination].map(p => p.name));
    assert.deepEqual(read.waypoints.map(w => w.slice(1)), [[-33.8679, 151.2073], [-31.4333, 152.9], [-27.4679, 153.0281]]);
    assert.equal((await stack.get(`/trips/${trip.id}.gpx`, as(uuid()))).status, 404);
    assert.equal((await stack.get(`/trips/${trip.id}`, as(user))).status, 404);
  });

  test("everything of a user as one document, also of 100,000 records, in bounded memory", async () => {
    const user = uuid();
    await fill(user);
    await tool(user, "create_expense", {amount: 12.5, category: "food"});
    await stack.chat("hello", {session_id: "one"}, as(user));
    const script = `local pad = string.rep('x', 300)
      for i = 1, 100000 do local id = 'n' .. i
        redis.call('HSET', KEYS[1], id, '{"id":"' .. id .. '","text":"' .. pad .. '"}') redis.call('ZADD', KEYS[1] .. ':by-time', i, id) end
      redis.call('SADD', KEYS[2], 'note')`;
    await stack.redis("EVAL", script, 2, `tp:{${user}}:r:note`, `tp:{${user}}:families`);
    const peak = async () => Math.max(...(await stack.workers("api")).map(w => w.memory_bytes ?? 0));
    const before = await peak();
    const reply = await stack.get("/export", {...as(user), timeout: 120000});
    assert.equal(reply.status, 200);
    assert.ok(reply.json, "not JSON");
    assert.equal(reply.json.complete, true);
    assert.equal(reply.json.user, user);
    assert.equal(reply.json.records.note.length, 100000);
    assert.equal(reply.json.counts.records.note, 100000);
    assert.equal(reply.json.records.expense.length, 1);
    assert.equal(reply.json.records.series.length, 1);
    assert.equal(reply.json.sessions[0].id, "one");
    assert.deepEqual(reply.json.sessions[0].messages.map(m => m.role), ["user", "assistant"]);
    assert.ok(reply.text.length > 30e6);
    assert.ok(await peak() - before < 16e6, `${before} -> ${await peak()}`);
  });

  test("a document that fails half-way is broken off, not short", async () => {
    const user = uuid();
    const script = `local pad = string.rep('x', 300)
      for i = 1, 2000 do local id = 'n' .. i
        redis.call('HSET', KEYS[1], id, '{"id":"' .. id .. '","amount":1,"text":"' .. (i == 1900 and '}broken' or pad) .. '"' .. (i == 1900 and '' or '}')) redis.call('ZADD', KEYS[1] .. ':by-time', i, id) end`;
    await stack.redis("EVAL", script.replaceAll("text", "description"), 1, `tp:{${user}}:r:expense`);
    const outcome = await new Promise(done => {
      http.get(`${stack.url}${API}/expenses.csv`, {headers: headers(user)}, response => {
        response.on("data", () => {});
        response.on("end", () => done(response.complete ? "whole" : "broken"));
        response.on("error", () => done("broken"));
      }).on("error", () => done("broken"));
    });
    assert.equal(outcome, "broken");
  });

  test("times that the clocks skip, lengths that are too long, texts that XML cannot hold", async () => {
    const user = uuid(), other = uuid();
    const sydney = (name, time) => `${name};TZID=${ZONE}:${time}`;
    // In Sydney 2027-10-03 has no 02:30.
    const reply = await bring(user, wrap(
      vevent("moved@x", "SUMMARY:Night feed", sydney("DTSTART", "20271001T023000"), "RRULE:FREQ=DAILY;COUNT=5", sydney("EXDATE", "20271002T023000")),
      vevent("moved@x", "SUMMARY:Night feed, later", sydney("RECURRENCE-ID", "20271003T023000"), sydney("DTSTART", "20271003T060000")),
      vevent("out@x", "SUMMARY:Night watch", sydney("DTSTART", "20271002T023000"), "RRULE:FREQ=DAILY;COUNT=3", sydney("EXDATE", "20271003T023000")),
      vevent("long@x", "SUMMARY:Sabbatical", "DTSTART;VALUE=DATE:20271001", "DURATION:P400D")));
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.json.errors.map(e => [e.uid, e.message]), [["long@x", "it lasts longer than 366 days"]], reply.text);
    const shown = events => events.map(e => [e.title, e.start_date]);
    const wanted = [
      ["Night feed", "2027-10-01T02:30:00+10:00"], ["Night watch", "2027-10-02T02:30:00+10:00"], ["Night feed, later", "2027-10-03T06:00:00+11:00"],
      ["Night feed", "2027-10-04T02:30:00+11:00"], ["Night watch", "2027-10-04T02:30:00+11:00"], ["Night feed", "2027-10-05T02:30:00+11:00"]];
    assert.deepEqual(shown(await list(user, "2027-10-01", "2027-10-08")).sort(), wanted.sort());
    const again = await bring(other, await calendar(user));
    assert.equal(again.json.failed, 0, again.text);
    assert.deepEqual(shown(await list(other, "2027-10-01", "2027-10-08")).sort(), wanted);
    await stack.redis("HSET", `tp:{${user}}:r:trip`, "t1", JSON.stringify({id: "t1", created_at: "2026-01-01T00:00:00Z",
      origin: {name: "A\uFFFF\uFFFE<\u0001&\u{1F697}", latitude: -33, longitude: 151}, destination: {name: "B", latitude: -32, longitude: 180}}));
    const gpx = await stack.get("/trips/t1.gpx", as(user));
    assert.equal(gpx.status, 200, gpx.text);
    assert.deepEqual(python("import sys, json, xml.dom.minidom\nprint(json.dumps([n.firstChild.data for n in xml.dom.minidom.parseString(sys.stdin.buffer.read()).getElementsByTagName('name')]))", gpx.text)[1],
      "A  < &\u{1F697}");
  });

  test("zones with rules that are slow or deadly to count out are not used", async () => {
    const zone = (id, rule) => ["BEGIN:VTIMEZONE", `TZID:${id}`, ...Array.from({length: 90}, (_, i) => ["BEGIN:STANDARD", `DTSTART:${1900 + i}0101T000000`,
      "TZOFFSETFROM:+0100", "TZOFFSETTO:+0137", `RRULE:${rule}`, "END:STANDARD"]).flat(), "END:VTIMEZONE"];
    const rules = ["FREQ=YEARLY;BYSETPOS=-1;BYWEEKNO=-53", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYYEARDAY=-366;BYSETPOS=-2"];
    const reply = await bring(uuid(), wrap(...rules.map((rule, i) => zone(`Z${i}`, rule)),
      ...rules.map((_, i) => vevent(`z${i}@x`, "SUMMARY:x", `DTSTART;TZID=Z${i}:20271001T100000`)), vevent("u@x", "SUMMARY:x", "DTSTART:20271001T100000Z", "RRULE:FREQ=YEARLY;BYSETPOS=-1;BYWEEKNO=-53"),
      vevent("ok@x", "SUMMARY:x", "DTSTART:20271001T100000Z")));
    assert.deepEqual([reply.status, reply.json.created, reply.json.failed], [200, 2, 3], reply.text);
    assert.ok(reply.json.errors.every(e => /zone/.test(e.message)), reply.text); // as an event's own rule it is taken
  });

  test("an import makes no more events than a user can have", async () => {
    const user = uuid();
    await stack.redis("EVAL", `for i = 1, 19999 do redis.call('ZADD', KEYS[1] .. ':by-time', 1, 'e' .. i) end`, 1, `tp:{${user}}:r:event`);
    const one = i => vevent(`u${i}@x`, `SUMMARY:${i}`, "DTSTART:20271001T100000Z");
    const full = await bring(user, wrap(one(1), one(2)));
    assert.deepEqual([full.status, full.json.created, full.json.failed], [200, 1, 1], full.text);
    assert.match(full.json.errors[0].message, /20000 events/);
    assert.equal((await bring(user, wrap(one(1)))).json.updated, 1); // one that is there can change
  });

  test("a reader that takes nothing, and a worker that dies, never leave a document that looks whole", async () => {
    const beside = await Stack.start({nginx: "fastcgi_max_temp_file_size 0;", double: false, settings: {"api.workers": 4}});
    try {
      const users = [uuid(), uuid(), uuid()];
      for (const user of users) {
        await beside.redis("EVAL", `local pad = string.rep('x', 1000)
          for i = 1, 20000 do local id = 'n' .. i
            redis.call('HSET', KEYS[1], id, '{"id":"' .. id .. '","text":"' .. pad .. '"}') redis.call('ZADD', KEYS[1] .. ':by-time', i, id) end
          redis.call('SADD', KEYS[2], 'note')`, 2, `tp:{${user}}:r:note`, `tp:{${user}}:families`);
      }
      /** Begins to read and stops; outcome: how it ended once it goes on. */
      const slow = user => new Promise((done, fail) => {
        const reader = {};
        reader.outcome = new Promise(over => {
          http.get(`${beside.url}${API}/export`, {headers: headers(user), agent: false}, response => {
            response.pause();
            response.on("data", () => {});
            response.on("end", () => over(response.complete ? "whole" : "broken"));
            response.on("error", () => over("broken"));
            reader.response = response;
            done(reader);
          }).on("error", fail);
        });
      });
      const readers = [await slow(users[0]), await slow(users[1])];
      const busy = async () => await beside.seats("api");
      await eventually(async () => (await busy()).length === 2, "two workers wait for their readers");
      // Half of the workers serve such, one a user; the others are there for everybody.
      const second = await beside.get("/export", as(users[0])), third = await beside.get("/export", as(users[2]));
      assert.deepEqual([second.status, second.json.code, third.status, third.json.code], [429, "rate_limited", 503, "pool_full"]);
      assert.ok(second.headers["retry-after"] && third.headers["retry-after"]);
      assert.equal((await beside.get("/sessions", as(users[2]))).status, 200);
      // One dies over it, one gives up: whichever comes first, both are broken off.
      const [victim] = await busy();
      if (victim) process.kill(victim.pid, "SIGKILL");
      await eventually(async () => (await busy()).length === 0, "no worker waits any more", 60000);
      for (const reader of readers) reader.response.resume();
      assert.deepEqual(await Promise.all(readers.map(reader => reader.outcome)), ["broken", "broken"]);
      assert.equal((await beside.get("/export", {...as(users[0]), timeout: 120000})).json.complete, true);
    } finally {
      await beside.stop();
    }
  });

  test("erasure leaves nothing of the user, and everything of others", async () => {
    const user = `joan-${uuid().slice(0, 8)}`, other = `${user}e`; // one name is the beginning of the other
    await fill(user);
    await fill(other);
    await tool(user, "set_timer_or_alarm", {action: "create", type: "alarm", alarm_time: "07:00", repeat: "weekdays"});
    await stack.chat("hello", {session_id: "one"}, as(user));
    await stack.chat("hello", {session_id: "one"}, as(other));
    await stack.post("/tools/create_expense", {amount: 3, category: "food"}, {headers: {...headers(user), "Idempotency-Key": "k1"}});
    await tool(user, "send_proactive_message", {type: "tip", message: "Hello."});
    await tool(user, "follow_user", {target_user_id: other});
    await tool(other, "follow_user", {target_user_id: user});
    await stack.redis("EVAL", `redis.call('GEOADD', KEYS[1] .. 'place:geo', 148.6, -32.2, ARGV[1]) redis.call('ZADD', KEYS[1] .. 'place:expiry', 9e15, ARGV[1])
      redis.call('HSET', KEYS[1] .. 'place', ARGV[1], '{"is_public":true}')`, 1, "tp:{community}:", user);
    const post = (id, author) => stack.redis("EVAL", `redis.call('HSET', KEYS[1] .. 'r:post', ARGV[1], '{"id":"' .. ARGV[1] .. '","author":"' .. ARGV[2] .. '","content":"x"}')
      redis.call('ZADD', KEYS[1] .. 'r:post:by-time', 1, ARGV[1]) redis.call('SADD', KEYS[1] .. 'likes:' .. ARGV[1], ARGV[3])
      redis.call('HSET', KEYS[1] .. 'r:comment:' .. ARGV[1], 'c-' .. ARGV[1], '{"id":"c","author":"' .. ARGV[3] .. '","content":"y"}')`, 1, "tp:{community}:", id, author, user);
    await stack.redis("EVAL", `redis.call('HSET', KEYS[1] .. 'r:tip', 't1', '{"id":"t1","author":"' .. ARGV[1] .. '","title":"Water"}')
      redis.call('ZADD', KEYS[1] .. 'r:tip:by-time', 1, 't1') redis.call('HSET', KEYS[1] .. 'r:tip:terms', 't1', 'water') redis.call('ZADD', KEYS[1] .. 'w:tip:water', 1, 't1')`, 1, "tp:{community}:", user);
    await post("p1", user);
    await post("p2", other);
    const exported = (await stack.get("/export", as(user))).json;
    assert.equal(exported.community.tip.length, 1);
    assert.equal(exported.community.post.length, 3); // p1 and two comments
    assert.ok((await stack.redis("ZRANGE", "tp:hint:timers", 0, -1)).split("\n").some(m => m.startsWith(`${user} `)));

    const erase = (who, confirm) => stack.request("DELETE", "/user-data", {headers: {...headers(who), ...confirm && {"X-Confirm-Erase": confirm}}});
    assert.equal((await erase(user)).json.field, "X-Confirm-Erase");
    assert.equal((await erase(user)).json.expected, user);
    assert.equal((await erase(user, other)).status, 422);
    const keysOf = async name => (await stack.redis("--scan", "--pattern", "*")).split("\n").filter(k => k.includes(`{${name}}`) || k.includes(`:${name}:`) || k.endsWith(`:${name}`));
    const others = (await keysOf(other)).filter(k => !/rate|followers?:|follows:/.test(k)).sort();
    const done = await erase(user, user);
    assert.equal(done.status, 200, done.text);
    /* What the site's limits count of the user stays to its end: the erasure is no way around them. */
    assert.deepEqual((await keysOf(user)).filter(k => !/^tp:\{[^}]*\}:usage:[0-9-]+$/.test(k)), []);
    // No value either: everything that can be listed, searched for the name as a whole.
    const values = await stack.redis("EVAL", `local found = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do
        local kind, all = redis.call('TYPE', key).ok, ''
        if kind == 'hash' then all = table.concat(redis.call('HGETALL', key), ' ')
        elseif kind == 'zset' then all = table.concat(redis.call('ZRANGE', key, 0, -1), ' ')
        elseif kind == 'set' then all = table.concat(redis.call('SMEMBERS', key), ' ')
        elseif kind == 'string' then all = redis.call('GET', key) end
        all = string.gsub(all, ARGV[2], '')
        if string.find(all, ARGV[1], 1, true) then found[#found + 1] = key end
      end
      return found`, 0, user, other.replaceAll("-", "%-"));
    assert.equal(values.split("\n").filter(k => k !== "" && !k.includes(`{${other}}:r:community`)).join(" "), ""); // whom others followed is their own record
    assert.deepEqual((await keysOf(other)).filter(k => !/rate|followers?:|follows:/.test(k)).sort(), others);
    assert.equal((await stack.get("/export", as(user))).json.counts.sessions, 0);
    assert.equal((await list(other, "2026-12-01", "2027-04-30")).length, 12);
  });

  test("erasure knows whose a key is, and is no way around the limits", async () => {
    const user = `ann-${uuid().slice(0, 8)}`, other = `${user}:lee`;
    const theirs = ["w:recipe-for:UID:egg", "effect:UID:create_tip:0123456789012345678901234567890123456789", "r:recipe-for:UID", "r:recipe-for:UID:by-time"];
    const keysOf = who => theirs.map(key => `tp:{community}:${key.replace("UID", who)}`);
    for (const key of [...keysOf(user), ...keysOf(other)]) await stack.redis("SET", key, "x");
    const erase = () => stack.request("DELETE", "/user-data", {headers: {"X-Dev-User": user, "X-Confirm-Erase": user}});
    assert.equal((await erase()).status, 200);
    assert.equal(await stack.redis("EXISTS", ...keysOf(user)), "0");
    assert.equal(await stack.redis("EXISTS", ...keysOf(other)), "4");
    // What users share stands under a name that is no user's id: a user of that name has another one.
    const shared = await stack.request("DELETE", "/user-data", {headers: {"X-Dev-User": "community", "X-Confirm-Erase": "community"}});
    assert.equal(shared.status, 200, shared.text);
    assert.equal(await stack.redis("EXISTS", ...keysOf(other)), "4");
    for (let i = 2; i <= 10; i++) assert.equal((await erase()).status, 200);
    const refused = await erase();
    assert.deepEqual([refused.status, refused.json.code, refused.json.limit], [429, "rate_limited", 10], refused.text);
  });

  test("erasure ends what runs and what waits; nothing comes back", async () => {
    const user = `busy-${uuid().slice(0, 8)}`;
    const stream = stack.chatStream("tell [[text words=40 hold=5]]", {session_id: "one", client_message_id: "m1"},
      {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    await eventually(() => stream.text().length > 0, "it has begun to answer");
    const waiting = await stack.chat("and then [[text words=2]]", {session_id: "one", on_busy: "enqueue"},
      {headers: {"X-Dev-User": user, Prefer: "respond-async"}});
    assert.ok(waiting.status < 300, waiting.text);
    const done = await stack.request("DELETE", "/user-data", {headers: {"X-Dev-User": user, "X-Confirm-Erase": user}});
    assert.equal(done.status, 200, done.text);
    await stream.all();
    const finals = stream.events.filter(e => ["RUN_FINISHED", "RUN_ERROR"].includes(e.data.type));
    assert.equal(finals.length, 1, JSON.stringify(stream.types()));
    stack.double.release?.();
    await eventually(async () => (await stack.seats("turn")).length === 0, "no turn runs");
    // Its worker was fenced: what it still wanted to write is nowhere.
    const keys = async () => (await stack.redis("--scan", "--pattern", `*${user}*`)).split("\n").filter(k => k && !k.includes(":rate:"));
    const left = await keys();
    if (left.length) assert.equal((await stack.request("DELETE", "/user-data", {headers: {"X-Dev-User": user, "X-Confirm-Erase": user}})).status, 200);
    assert.deepEqual(left, []);
    for (const hint of ["leases", "timers", "webhooks"]) {
      assert.ok(!(await stack.redis("ZRANGE", `tp:hint:${hint}`, 0, -1)).includes(user), hint);
    }
  });
});
