// SPDX-License-Identifier: BSD-2-Clause
// Calendar files of other programs: what is in them comes in, or it is said what does not; what nobody here knows is given
// back. The files that we write are read by python3-icalendar.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {Stack, uuid} from "./harness.mjs";

const ZONE = "Australia/Sydney";
const crlf = lines => `${lines.flat(Infinity).join("\r\n")}\r\n`;
const wrap = (...lines) => crlf(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", lines, "END:VCALENDAR"]);
const vevent = (uid, ...lines) => ["BEGIN:VEVENT", uid ? `UID:${uid}` : [], "DTSTAMP:20261101T000000Z", lines, "END:VEVENT"];

describe("calendar files of other programs", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());

  const headers = user => ({"X-Dev-User": user, "X-Time-Zone": ZONE});
  async function bring(user, text) {
    const reply = await stack.request("POST", "/calendar/import", {body: text, headers: {...headers(user), "Content-Type": "text/calendar"}});
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  }
  async function list(user, from = "2030-01-01", to = "2030-12-31") {
    const reply = await stack.post("/tools/get_calendar_events", {start_date: from, end_date: to}, {headers: headers(user)});
    assert.equal(reply.status, 200, reply.text);
    return reply.json.events;
  }
  const written = async user => (await stack.get("/calendar.ics", {headers: headers(user)})).text;
  const unfold = text => text.replaceAll("\r\n ", "").split("\r\n");

  test("zones by the names that Windows has for them", async () => {
    const user = uuid();
    const cases = [["AUS Eastern Standard Time", "Australia/Sydney"], ["W. Europe Standard Time", "Europe/Berlin"], ["Pacific Standard Time", "America/Los_Angeles"],
      ["E. Australia Standard Time", "Australia/Brisbane"], ["Tokyo Standard Time", "Asia/Tokyo"], ["\"India Standard Time\"", "Asia/Calcutta"],
      ["New Zealand Standard Time", "Pacific/Auckland"], ["GMT Standard Time", "Europe/London"]];
    await bring(user, wrap(cases.map(([name], i) => vevent(`w${i}`, `SUMMARY:w${i}`, `DTSTART;TZID=${name}:20300601T100000`))));
    const events = await list(user);
    const zones = Object.fromEntries(events.map(e => [e.title, e.timezone]));
    cases.forEach(([name, zone], i) => {
      const same = zone === zones[`w${i}`] || zone === "Asia/Calcutta" && zones[`w${i}`] === "Asia/Kolkata";
      assert.ok(same, `${name}: ${zones[`w${i}`]}`);
    });
    assert.equal(events.find(e => e.title === "w0").start_date, "2030-06-01T10:00:00+10:00");
  });

  test("without a UID an event is known by what it says", async () => {
    const user = uuid(), text = stamp => wrap(["BEGIN:VEVENT", `DTSTAMP:${stamp}`, "SUMMARY:No name", "DTSTART:20300601T100000Z", "END:VEVENT"],
      ["BEGIN:VEVENT", "SUMMARY:Another", "DTSTART:20300602T100000Z", "END:VEVENT"]);
    assert.equal((await bring(user, text("20261101T000000Z"))).created, 2);
    const second = await bring(user, text("20271101T000000Z"));
    assert.deepEqual([second.created, second.updated], [0, 2]);
    assert.equal((await list(user)).length, 2);
  });

  test("UTF-16, Latin-1, a mark of order, a fold within a letter", async () => {
    const text = wrap(vevent("u", "SUMMARY:Käse & Brötchen", "DTSTART:20300601T100000Z"));
    const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
    const folded = Buffer.from(text), at = folded.indexOf(Buffer.from("ä")) + 1;
    const forms = {utf16le: utf16, utf16be: Buffer.from(utf16).swap16(), bare: Buffer.from(text, "utf16le"), latin1: Buffer.from(text, "latin1"),
      mark: Buffer.from(`\ufeff${text}`), folded: Buffer.concat([folded.subarray(0, at), Buffer.from("\r\n "), folded.subarray(at)])};
    for (const [name, bytes] of Object.entries(forms)) {
      const user = uuid(), reply = await bring(user, bytes);
      assert.equal((await list(user))[0]?.title, "Käse & Brötchen", name);
      assert.equal(reply.warnings.length, name === "latin1" ? 1 : 0, name);
      if (name === "latin1") assert.match(reply.warnings[0].message, /not UTF-8/);
    }
  });

  test("people, links and places are shown; what nobody here knows is given back as it was", async () => {
    const user = uuid();
    const kept = ["ORGANIZER;CN=\"Lee, Ann\":mailto:ann@example.org", "ATTENDEE;CN=Bo;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:bo@example.org", "ATTENDEE:mailto:cy@example.org",
      "URL:https://example.org/meet?a=1&b=2", "GEO:-33.86;151.2", "STATUS:TENTATIVE", "TRANSP:TRANSPARENT", "CLASS:PRIVATE", "SEQUENCE:4", "PRIORITY:3",
      "CATEGORIES:Work,Travel", "X-GOOGLE-CONFERENCE:https://meet.example.org/abc", "X-OWN;X-P=\"q:r\":some\\, text", "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://v.example.org/1",
      `X-LONG:${"ä0123456789".repeat(40)}`];
    const late = ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:later", "TRIGGER:PT15M", "X-ALARM-OWN:1", "END:VALARM"];
    const soon = ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:soon", "TRIGGER:-PT15M", "END:VALARM"];
    const long = "word ".repeat(600).trim();
    await bring(user, wrap(vevent("k", "SUMMARY:Meeting", "DTSTART:20300601T100000Z", "DTEND:20300601T110000Z", `DESCRIPTION:${long}`, kept, soon, late)));
    const [event] = await list(user);
    assert.deepEqual(event.attendees, ["Bo <bo@example.org>", "cy@example.org"]);
    assert.equal(event.organizer, "Lee, Ann <ann@example.org>");
    assert.equal(event.url, "https://example.org/meet?a=1&b=2");
    assert.equal(event.conference_url, "https://meet.example.org/abc");
    assert.deepEqual([event.status, event.latitude, event.longitude], ["tentative", -33.86, 151.2]);
    assert.equal(event.kept, undefined);
    const check = async () => {
      const lines = unfold(await written(user));
      for (const line of [...kept, ...late]) assert.ok(lines.includes(line), line);
      assert.equal(lines.filter(l => l === "BEGIN:VALARM").length, 2);
      assert.ok(lines.every(l => Buffer.byteLength(l) < 9000));
    };
    await check();
    assert.ok(unfold(await written(user)).includes(`DESCRIPTION:${long}`), "the whole description");
    // A change by the assistant leaves them there; a changed description is the new one.
    const changed = await stack.post("/tools/update_calendar_event", {event_id: event.id, title: "Meeting 2", description: "short"}, {headers: headers(user)});
    assert.equal(changed.status, 200, changed.text);
    assert.equal(changed.json.event.kept, undefined);
    await check();
    assert.ok(unfold(await written(user)).includes("DESCRIPTION:short"));
    const judge = spawnSync("/usr/bin/python3", ["-c", "import sys, icalendar; c = icalendar.Calendar.from_ical(sys.stdin.buffer.read()); print([e['X-LONG'] for e in c.walk('VEVENT')][0])"],
      {input: await written(user), encoding: "utf8"});
    assert.equal(judge.status, 0, judge.stderr);
    assert.equal(judge.stdout.trim(), "ä0123456789".repeat(40));
  });

  test("dates beside the rule, in zones of their own; hours; week 53", async () => {
    const user = uuid();
    const reply = await bring(user, wrap(
      vevent("r", "SUMMARY:r", "DTSTART;TZID=Australia/Sydney:20300601T100000", "RRULE:FREQ=WEEKLY;COUNT=3", "RDATE:20300603T230000Z,20300604T230000Z",
        "RDATE;TZID=Australia/Sydney:20300601T100000", "EXDATE;TZID=Europe/Berlin:20300608T020000"),
      vevent("d", "SUMMARY:d", "DTSTART;VALUE=DATE:20300610", "RDATE;VALUE=DATE:20300612,20300620"),
      vevent("h", "SUMMARY:h", "DTSTART:20300701T000000Z", "RRULE:FREQ=HOURLY;INTERVAL=8;COUNT=4"),
      vevent("p", "SUMMARY:pills", "DTSTART;TZID=Australia/Sydney:20300801T080000", "RRULE:FREQ=DAILY;BYHOUR=8,20;COUNT=3")));
    assert.deepEqual([reply.created, reply.failed, reply.warnings.length], [4, 0, 0], JSON.stringify(reply));
    const of = (events, title) => events.filter(e => e.title === title).map(e => e.start_date);
    const events = await list(user);
    assert.deepEqual(of(events, "r"), ["2030-06-01T10:00:00+10:00", "2030-06-04T09:00:00+10:00", "2030-06-05T09:00:00+10:00", "2030-06-15T10:00:00+10:00"]);
    assert.deepEqual(of(events, "d"), ["2030-06-10", "2030-06-12", "2030-06-20"]);
    assert.equal(of(events, "h").length, 4);
    assert.deepEqual(of(events, "pills"), ["2030-08-01T08:00:00+10:00", "2030-08-01T20:00:00+10:00", "2030-08-02T08:00:00+10:00"]);
    // The same through our own file.
    const other = uuid();
    await bring(other, await written(user));
    const plain = all => all.map(({title, start_date, end_date, repeat}) => ({title, start_date, end_date, repeat}));
    assert.deepEqual(plain(await list(other)), plain(events));
  });

  test("a to-do with a time reminds of it; what is not taken is named one by one", async () => {
    const user = uuid();
    const reply = await bring(user, wrap(
      ["BEGIN:VTODO", "UID:t1", "SUMMARY:Pay rego", "DUE;TZID=Australia/Sydney:20300601T170000", "PRIORITY:1", "END:VTODO"],
      ["BEGIN:VTODO", "UID:t2", "SUMMARY:Some day", "END:VTODO"],
      ["BEGIN:VTODO", "UID:t3", "SUMMARY:Done", "DUE:20300601T170000Z", "STATUS:COMPLETED", "END:VTODO"],
      ["BEGIN:VJOURNAL", "UID:j1", "SUMMARY:Diary", "END:VJOURNAL"],
      vevent("range", "SUMMARY:s", "DTSTART:20300601T100000Z", "RRULE:FREQ=DAILY;COUNT=5"),
      vevent("range", "SUMMARY:later", "RECURRENCE-ID;RANGE=THISANDFUTURE:20300603T100000Z", "DTSTART:20300603T120000Z")));
    assert.deepEqual([reply.created, reply.skipped, reply.failed], [2, 3, 1], JSON.stringify(reply));
    const said = Object.fromEntries(reply.warnings.map(w => [w.uid || w.component + w.line, w.message]));
    assert.match(said.t1, /reminder/);
    assert.match(JSON.stringify(reply.warnings), /Some day: a to-do without a time/);
    assert.match(JSON.stringify(reply.warnings), /Done: a to-do that is done/);
    assert.match(JSON.stringify(reply.warnings), /VJOURNAL/);
    assert.match(reply.errors[0].message, /THISANDFUTURE/);
    const todo = (await list(user)).find(e => e.title === "Pay rego");
    assert.deepEqual([todo.event_type, todo.start_date, todo.reminder_minutes], ["reminder", "2030-06-01T17:00:00+10:00", [0]]);
  });
});
