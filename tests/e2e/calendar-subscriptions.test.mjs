// SPDX-License-Identifier: BSD-2-Clause
// Calendars at addresses: fetched, refreshed, shown and ended, whatever the server says and whoever dies.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {eventually, Stack, uuid} from "./harness.mjs";
import {ics, startCalendarServer} from "../doubles/calendar-double.mjs";

const as = user => ({headers: {"X-Dev-User": user}});
const DINNER = {uid: "dinner@x", summary: "Club dinner", start: "20310520T090000Z", more: ["DTEND:20310520T110000Z", "LOCATION:Hall", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT30M", "DESCRIPTION:x", "END:VALARM"]};

describe("subscriptions to calendars", () => {
  let stack, server;
  before(async () => {
    server = await startCalendarServer();
    stack = await Stack.start({settings: {"tools.allow_private": "on", "respawn.min": "50ms", "calendar.subscriptions": 3, "development.fault_word": "faultword"}});
  });
  after(async () => {
    server.close();
    await stack.stop();
  });

  const list = async user => (await stack.get("/calendar/subscriptions", as(user))).json.subscriptions;
  const one = async (user, id) => (await list(user)).find(s => s.id === id);
  const key = (user, id) => `tp:{${user}}:feed:${id}`;
  const events = async (user, more = {}) => (await stack.post("/tools/get_calendar_events", {start_date: "2031-05-01", end_date: "2031-06-30", ...more}, as(user))).json;
  async function subscribe(user, path, more = {}) {
    const reply = await stack.post("/calendar/subscriptions", {url: server.url + path, ...more}, as(user));
    assert.equal(reply.status, 201, reply.text);
    return reply.json.id;
  }
  const settled = (user, id, state) => eventually(async () => {
    const s = await one(user, id);
    return s.state === state && s;
  }, `the subscription is ${state}`);
  /** Its next refresh is due now; waits until it has been. */
  async function refresh(user, id) {
    const before = await stack.redis("HGET", key(user, id), "next_ms");
    await stack.redis("HSET", key(user, id), "next_ms", "1");
    await stack.redis("HDEL", key(user, id), "claim_ms");
    await stack.redis("ZADD", "tp:hint:feeds", "1", user);
    await eventually(async () => !["1", before].includes(await stack.redis("HGET", key(user, id), "next_ms")), "it has been refreshed");
    return one(user, id);
  }

  test("its events are listed with its name and colour, do not ring, and cannot be changed", async () => {
    const user = uuid();
    server.set("/club.ics", {etag: '"1"', gzip: true, body: ics([DINNER,
      {uid: "weekly@x", summary: "Training", start: "20310506T080000Z", more: ["RRULE:FREQ=WEEKLY;COUNT=3"]},
      {uid: "weekly@x", summary: "Training, moved", start: "20310513T100000Z", more: ["RECURRENCE-ID:20310513T080000Z"]}])});
    const id = await subscribe(user, "/club.ics", {name: "Club", color: "#2b7de9"});
    const s = await settled(user, id, "ok");
    assert.equal(s.events, 3);
    assert.ok(Date.parse(s.next_refresh_at) - Date.parse(s.refreshed_at) >= 3600_000);
    const found = await events(user);
    assert.deepEqual(found.events.map(e => e.title), ["Training", "Training, moved", "Training", "Club dinner"]);
    for (const e of found.events) assert.deepEqual([e.calendar, e.subscription_id, e.color, e.reminder_minutes], ["Club", id, "#2b7de9", []]);
    assert.equal(await stack.redis("ZCARD", "tp:hint:timers"), "0");
    const event_id = found.events[3].id;
    const changed = await stack.post("/tools/update_calendar_event", {event_id, title: "Mine"}, as(user));
    assert.equal(changed.status, 422);
    assert.match(changed.json.detail, /"Club"/);
    assert.match(changed.text, /read_only/);
    const file = await stack.get("/calendar.ics", as(user));
    assert.doesNotMatch(file.text, /Club dinner/);
    const everything = (await stack.get("/export", as(user))).json;
    assert.deepEqual(everything.calendar_subscriptions.map(x => x.url), [`${server.url}/club.ics`]);

    const [first] = server.of("/club.ics");
    assert.equal(first.headers["if-none-match"], undefined);
    await refresh(user, id);
    assert.equal(server.of("/club.ics").at(-1).headers["if-none-match"], '"1"');
    assert.equal((await events(user)).count, 4); // 304: as before

    server.set("/club.ics", {etag: '"2"', body: ics([{...DINNER, summary: "Club lunch"}])});
    await refresh(user, id);
    const now = await events(user);
    assert.deepEqual(now.events.map(e => [e.id, e.title]), [[event_id, "Club lunch"]]);

    const gone = await stack.request("DELETE", `/calendar/subscriptions/${id}`, as(user));
    assert.equal(gone.status, 200);
    assert.equal((await events(user)).count, 0);
    assert.equal(await stack.redis("EXISTS", key(user, id)), "0");
  });

  test("Last-Modified is sent back where there is no ETag", async () => {
    const user = uuid(), modified = "Tue, 01 Dec 2026 08:00:00 GMT";
    server.set("/modified.ics", {modified, body: ics([DINNER])});
    const id = await subscribe(user, "/modified.ics");
    await settled(user, id, "ok");
    await refresh(user, id);
    assert.equal(server.of("/modified.ics").at(-1).headers["if-modified-since"], modified);
    assert.equal((await events(user)).count, 1);
  });

  test("the file's own interval counts, between an hour and a day", async () => {
    const wait = async interval => {
      const user = uuid(), path = `/every-${interval}.ics`;
      server.set(path, {body: ics([DINNER], [`REFRESH-INTERVAL;VALUE=DURATION:${interval}`])});
      const s = await settled(user, await subscribe(user, path), "ok");
      return (Date.parse(s.next_refresh_at) - Date.parse(s.refreshed_at)) / 3600_000;
    };
    const [minute, half, week] = [await wait("PT1M"), await wait("PT12H"), await wait("P1W")];
    assert.ok(minute >= 1 && minute < 1.2, `${minute}`);
    assert.ok(half >= 12 && half < 13.5, `${half}`);
    assert.ok(week >= 24 && week < 27, `${week}`);
  });

  test("410 ends it, its events go, and the user is told once", async () => {
    const user = uuid();
    server.set("/gone.ics", {body: ics([DINNER])});
    const id = await subscribe(user, "/gone.ics", {name: "Gone"});
    await settled(user, id, "ok");
    server.set("/gone.ics", {status: 410});
    const s = await refresh(user, id);
    assert.equal(s.state, "ended");
    assert.equal((await events(user)).count, 0);
    const {messages} = (await stack.get("/inbox", as(user))).json;
    assert.deepEqual(messages.map(m => [m.type, m.state, m.subscription_id]), [["calendar_subscription", "ended", id]]);
    // The same address again begins anew.
    server.set("/gone.ics", {body: ics([DINNER])});
    assert.equal((await stack.post("/calendar/subscriptions", {url: `${server.url}/gone.ics`}, as(user))).status, 200);
    await settled(user, id, "ok");
    assert.equal((await one(user, id)).name, "Gone");
  });

  test("what is no calendar is refused with its reason, and what was shown stays", async () => {
    const user = uuid();
    server.set("/x.ics", {body: ics([DINNER])});
    const id = await subscribe(user, "/x.ics");
    await settled(user, id, "ok");
    const answers = [
      [{status: 404}, /404/], [{status: 401}, /401/],
      [{headers: {"Content-Type": "text/html"}, body: "<html>Log in</html>"}, /web page/],
      [{headers: {"Content-Type": "text/calendar"}, body: "\n <!doctype html>"}, /web page/],
      [{body: "just words"}, /BEGIN:VCALENDAR/],
      [{body: ics([{...DINNER, more: [`DESCRIPTION:${"x".repeat(3 << 20)}`]}])}, /larger than/],
      [{gzip: true, body: Buffer.alloc(64 << 20, "x")}, /larger than|reached/], // a bomb
      [{body: ics([{...DINNER, summary: "faultword crash parser"}])}, /ended over it/],
      [(request, response) => response.writeHead(302, {Location: "file:///etc/passwd"}).end(), /./],
      [{body: ics(Array.from({length: 2100}, (_, i) => ({uid: `e${i}`, summary: "x", start: "20310520"})))}, /2000/],
    ];
    for (const [answer, reason] of answers) {
      server.set("/x.ics", answer);
      const s = await refresh(user, id);
      assert.equal(s.state, "failing");
      assert.match(s.reason, reason);
      assert.equal((await events(user)).count, 1, "the old state stays");
    }
    // Longer each time, up to a day.
    assert.ok(Date.parse((await one(user, id)).next_refresh_at) - Date.now() > 20 * 3600_000);
    assert.equal((await stack.get("/inbox", as(user))).json.messages.length, 0);
    await stack.redis("HSET", key(user, id), "failing_ms", String(Date.now() - 8 * 86400_000));
    await refresh(user, id);
    await refresh(user, id);
    const {messages} = (await stack.get("/inbox", as(user))).json;
    assert.equal(messages.length, 1, "after a week, once");
    assert.match(messages[0].message, /could not be refreshed for a week/);
    server.set("/x.ics", {body: ics([DINNER])});
    assert.equal((await refresh(user, id)).state, "ok");
  });

  test("Retry-After is obeyed; a redirect is followed", async () => {
    const user = uuid();
    server.set("/busy.ics", {status: 503, headers: {"Retry-After": "7200"}});
    server.set("/moved.ics", {status: 301, headers: {Location: "/target.ics"}});
    server.set("/target.ics", {body: ics([DINNER])});
    const busy = await settled(user, await subscribe(user, "/busy.ics"), "failing");
    const wait = (Date.parse(busy.next_refresh_at) - Date.now()) / 3600_000;
    assert.ok(wait > 1.9 && wait < 2.3, `${wait}`);
    await settled(user, await subscribe(user, "/moved.ics"), "ok");
    assert.equal((await events(user)).count, 1);
  });

  test("a server that answers nothing delays nobody", async () => {
    const slow = uuid(), user = uuid();
    server.set("/slow.ics", () => {});
    server.set("/quick.ics", {body: ics([DINNER])});
    const stuck = await subscribe(slow, "/slow.ics");
    await eventually(() => server.of("/slow.ics").length > 0, "the slow one is asked");
    await settled(user, await subscribe(user, "/quick.ics"), "ok");
    assert.equal((await one(slow, stuck)).state, "new");
    await stack.request("DELETE", `/calendar/subscriptions/${stuck}`, as(slow)); // ends it
  });

  test("a housekeeper that is killed amid a refresh leaves the old events; the next one takes the new", async () => {
    const user = uuid(), many = (n, more = []) => ics(Array.from({length: 400}, (_, i) => ({uid: `e${i}`, summary: `${n} ${"x".repeat(150)}`, start: "20310520", more: i === 250 ? more : []})));
    server.set("/many.ics", {body: many("old")});
    const id = await subscribe(user, "/many.ics");
    await settled(user, id, "ok");
    const generation = await stack.redis("HGET", key(user, id), "gen"), [{pid}] = await stack.workers("housekeeper");
    server.set("/many.ics", {body: many("new", ["LOCATION:faultword loop feed"])});
    await stack.redis("HSET", key(user, id), "next_ms", "1");
    await stack.redis("ZADD", "tp:hint:feeds", "1", user);
    const parts = async () => (await stack.redis("KEYS", `tp:{${user}}:feed-parts:*`)).split("\n").filter(Boolean);
    await eventually(async () => (await parts()).length === 2, "a part of the new one is there");
    process.kill(pid, "SIGKILL");
    await eventually(async () => (await stack.workers("housekeeper")).some(w => w.pid !== pid), "another one is there");
    assert.equal(await stack.redis("HGET", key(user, id), "gen"), generation);
    assert.ok((await events(user, {limit: 3})).events.every(e => e.title.startsWith("old")));
    assert.notEqual(await stack.redis("HGET", key(user, id), "token"), "", "its claim is there still");
    server.set("/many.ics", {body: many("new")});
    await refresh(user, id);
    assert.ok((await events(user, {limit: 3})).events.every(e => e.title.startsWith("new")));
    const shown = await stack.redis("HGET", key(user, id), "gen");
    for (const part of await parts())
      if (!part.endsWith(shown)) assert.notEqual(await stack.redis("PTTL", part), "-1", "what is left expires");
  });

  test("wrong addresses, names and numbers are refused", async () => {
    const user = uuid(), post = body => stack.post("/calendar/subscriptions", body, as(user));
    for (const [body, field] of [[{}, "url"], [{url: "ftp://x.example/a"}, "url"], [{url: `https://x.example/${"a".repeat(2000)}`}, "url"],
      [{url: "https://x.example/a", name: ""}, "name"], [{url: "https://x.example/a", color: "red"}, "color"]]) {
      const reply = await post(body);
      assert.equal(reply.status, 422, reply.text);
      assert.equal(reply.json.field, field);
    }
    for (let i = 0; i < 3; i++) await subscribe(user, `/none-${i}.ics`);
    const full = await post({url: `${server.url}/none-4.ics`});
    assert.equal(full.status, 422, full.text);
    assert.equal(full.json.limit, 3);
    assert.equal((await stack.request("DELETE", `/calendar/subscriptions/${uuid()}`, as(user))).status, 404);
    const erased = await stack.request("DELETE", "/user-data", {headers: {"X-Dev-User": user, "X-Confirm-Erase": user}});
    assert.equal(erased.status, 200, erased.text);
    assert.equal(await stack.redis("KEYS", `tp:{${user}}:feed*`), "");
    assert.equal(await stack.redis("ZSCORE", "tp:hint:feeds", user), "");
  });

  test("a conversation that has seen a subscribed event asks before it calls outside; one that has not, does not", async () => {
    const user = uuid();
    server.set("/taint.ics", {body: ics([DINNER])});
    const id = await subscribe(user, "/taint.ics");
    await settled(user, id, "ok");
    const call = {url: `${server.url}/other.ics`};
    const ask = async (session_id, period) => (await stack.post("/chat", {
      message: `x [[tool name=get_calendar_events args=${JSON.stringify(period)} | tool name=subscribe_calendar args=${JSON.stringify(call)} | text say=Done.]]`, session_id}, as(user))).json;
    const clean = await ask(uuid(), {start_date: "2032-01-01", end_date: "2032-01-31"});
    assert.ok(!clean.interrupts?.length, "no subscribed event was seen");
    const tainted = await ask(uuid(), {start_date: "2031-05-01", end_date: "2031-05-31"});
    assert.equal(tainted.interrupts?.length, 1);
  });
});

test("an address that turns out to be private is not asked", async () => {
  const server = await startCalendarServer(), stack = await Stack.start(), user = uuid();
  try {
    server.set("/a.ics", {body: ics([DINNER])});
    const refused = await stack.post("/calendar/subscriptions", {url: `${server.url}/a.ics`}, as(user));
    assert.equal(refused.status, 422);
    // One that was taken before, or whose name leads here: the connection decides.
    const id = uuid();
    await stack.redis("HSET", `tp:{${user}}:feed:${id}`, "url", `${server.url}/a.ics`, "state", "new", "next_ms", "1", "name", "x", "created_ms", "1");
    await stack.redis("ZADD", `tp:{${user}}:feeds`, "1", id);
    await stack.redis("ZADD", "tp:hint:feeds", "1", user);
    await eventually(async () => (await stack.get("/calendar/subscriptions", as(user))).json.subscriptions[0].state === "failing", "it is refused");
    assert.equal(server.asked.length, 0);
  } finally {
    server.close();
    await stack.stop();
  }
});
