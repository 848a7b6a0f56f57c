// SPDX-License-Identifier: BSD-2-Clause
// The assistant's calendar on a phone: CalDAV through nginx, by a stock client (tsdav), by python3-caldav where it is
// installed, and by hand where a client would not go.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {rmSync} from "node:fs";
import {join} from "node:path";
import {DAVClient} from "tsdav";
import {KEY, production, token} from "./credentials.mjs";
import {API, Stack, scratch, uuid} from "./harness.mjs";

const HOME = "/dav/calendars/", CALENDAR = `${HOME}assistant/`;
const crlf = lines => `${lines.flat(Infinity).join("\r\n")}\r\n`;
const wrap = (...lines) => crlf(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", lines, "END:VCALENDAR"]);
const vevent = (uid, ...lines) => ["BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20261101T000000Z", lines, "END:VEVENT"];
const unfold = text => text.replaceAll("\r\n ", "").split("\r\n");

describe("CalDAV", () => {
  let stack, dir;
  before(async () => {
    dir = scratch("tp-caldav-");
    stack = await Stack.start({settings: production(join(dir, "keys"))});
  });
  after(async () => {
    await stack?.stop();
    rmSync(dir, {recursive: true});
  });

  const basic = password => ({Authorization: `Basic ${Buffer.from(`me:${password}`).toString("base64")}`});
  const origin = () => `http://127.0.0.1:${stack.port}`;
  /** What the assistant does, and one client's requests, of a user of the test's own. */
  function person(name = uuid()) {
    const password = token(name, 900), headers = basic(password);
    const ask = (method, path, body, more = {}) => stack.request(method, path, {body, headers: {...headers, ...body && !more["Content-Type"] ? {"Content-Type": "application/xml"} : {}, ...more}});
    return {
      password, ask,
      propfind: (path, depth, props) => ask("PROPFIND", path, `<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"><prop>${props}</prop></propfind>`, {Depth: String(depth)}),
      report: (body, path = CALENDAR) => ask("REPORT", path, body, {Depth: "1"}),
      put: (file, text, more = {}) => ask("PUT", `${CALENDAR}${file}`, text, {"Content-Type": "text/calendar; charset=utf-8", ...more}),
      async tool(tool, args) {
        const reply = await stack.post(`/tools/${tool}`, args, {headers: {Authorization: `Bearer ${password}`, "X-Time-Zone": "Australia/Sydney"}});
        assert.equal(reply.status, 200, reply.text);
        return reply.json;
      },
      async list() {
        return (await this.tool("get_calendar_events", {start_date: "2030-01-01", end_date: "2030-12-31"})).events;
      },
      async sync(since = "") {
        const reply = await this.report(`<sync-collection xmlns="DAV:"><sync-token>${since}</sync-token><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`);
        const all = [...reply.text.matchAll(/<d:response><d:href>([^<]*)<\/d:href>(.*?)<\/d:response>/g)].map(([, href, rest]) => [decodeURIComponent(href.split("/").at(-1)), /^<d:status>HTTP\/1.1 404/.test(rest) ? "gone" : "put"]);
        return {status: reply.status, text: reply.text, changes: Object.fromEntries(all), token: /<d:sync-token>([^<]*)</.exec(reply.text)?.[1]};
      },
    };
  }

  test("a stock client finds the calendar, makes, changes, deletes and synchronises events", async () => {
    const me = person();
    const {event: old} = await me.tool("create_calendar_event", {title: "By the assistant", start_date: "2030-06-01T10:00", end_date: "2030-06-01T11:00", reminder_minutes: [30]});
    const client = new DAVClient({serverUrl: `${origin()}/.well-known/caldav`, credentials: {username: "me", password: me.password}, authMethod: "Basic", defaultAccountType: "caldav"});
    await client.login();
    const calendars = await client.fetchCalendars();
    assert.equal(calendars.length, 1);
    const [calendar] = calendars;
    assert.equal(calendar.displayName, "Assistant");
    assert.deepEqual(calendar.components, ["VEVENT"]);
    assert.ok(calendar.ctag && calendar.syncToken);
    assert.ok(calendar.reports.includes("syncCollection"), JSON.stringify(calendar.reports));
    const found = await client.fetchCalendarObjects({calendar});
    assert.equal(found.length, 1);
    assert.match(found[0].data, /SUMMARY:By the assistant\r?\n/);
    assert.match(found[0].data, /TRIGGER:-PT30M/);
    const inPeriod = timeRange => client.fetchCalendarObjects({calendar, timeRange}).then(all => all.length);
    assert.equal(await inPeriod({start: "2030-06-01T00:00:00Z", end: "2030-06-02T00:00:00Z"}), 1);
    assert.equal(await inPeriod({start: "2030-07-01T00:00:00Z", end: "2030-07-02T00:00:00Z"}), 0);

    const made = await client.createCalendarObject({calendar, filename: "from the phone.ics", iCalString: wrap(vevent("phone-1", "SUMMARY:From the phone", "DTSTART:20300610T100000Z", "DTEND:20300610T113000Z", "X-PHONE:kept"))});
    assert.equal(made.status, 201);
    assert.deepEqual((await me.list()).map(e => e.title), ["By the assistant", "From the phone"]);
    assert.ok((await me.list()).every(e => e.kept === undefined && e.file_name === undefined));

    const both = await client.fetchCalendarObjects({calendar});
    const mine = both.find(o => /phone-1/.test(o.data));
    assert.match(mine.url, /from%20the%20phone\.ics$/);
    assert.match(mine.data, /X-PHONE:kept/);
    const changed = await client.updateCalendarObject({calendarObject: {...mine, data: mine.data.replace("From the phone", "Changed there")}});
    assert.equal(changed.status, 204);
    const late = await client.updateCalendarObject({calendarObject: {...mine, data: mine.data.replace("From the phone", "Too late")}});
    assert.equal(late.status, 412);
    assert.deepEqual((await me.list()).map(e => e.title), ["By the assistant", "Changed there"]);

    // The assistant changes and deletes, the client sees it.
    const before = await client.syncCollection({url: calendar.url, props: {"d:getetag": {}}, syncLevel: 1, syncToken: ""});
    assert.equal(before.filter(r => r.href?.endsWith(".ics")).length, 2);
    await me.tool("update_calendar_event", {event_id: old.id, title: "Renamed"});
    assert.ok(await client.isCollectionDirty({collection: {...calendar, objects: both}}).then(d => d.isDirty));
    const synced = await client.smartCollectionSync({collection: {...calendar, objects: both, objectMultiGet: client.calendarMultiGet.bind(client)}, method: "webdav", detailedResult: true});
    assert.ok(synced.objects.updated.some(o => /Renamed/.test(o.data)), JSON.stringify(synced.objects));
    const fresh = (await client.fetchCalendarObjects({calendar})).find(o => /phone-1/.test(o.data));
    assert.equal((await client.deleteCalendarObject({calendarObject: fresh})).status, 204);
    assert.deepEqual((await me.list()).map(e => e.title), ["Renamed"]);
  });

  test("tokens: each change once, deletions too, and one that is none is refused", async () => {
    const me = person(), bob = person();
    const empty = await me.sync();
    assert.deepEqual([empty.status, empty.changes], [207, {}]);
    assert.equal((await me.put("a.ics", wrap(vevent("a", "SUMMARY:a", "DTSTART:20300601T100000Z")))).status, 201);
    assert.equal((await me.put("b.ics", wrap(vevent("b", "SUMMARY:b", "DTSTART:20300602T100000Z", "RRULE:FREQ=DAILY;COUNT=5")))).status, 201);
    const one = await me.sync(empty.token);
    assert.deepEqual(one.changes, {"a.ics": "put", "b.ics": "put"});
    assert.deepEqual((await me.sync(one.token)).changes, {});
    // A changed occurrence is a change of its series; an event that begins to repeat is no new one.
    const [, series] = await me.list();
    await me.tool("update_calendar_event", {event_id: series.id, occurrence: "2030-06-04", title: "b moved"});
    const two = await me.sync(one.token);
    assert.deepEqual(two.changes, {"b.ics": "put"});
    await me.tool("update_calendar_event", {event_id: (await me.list()).find(e => e.title === "a").id, repeat: "weekly"});
    const three = await me.sync(two.token);
    assert.deepEqual(three.changes, {"a.ics": "put"});
    assert.equal((await me.ask("DELETE", `${CALENDAR}b.ics`)).status, 204);
    const four = await me.sync(three.token);
    assert.deepEqual(four.changes, {"b.ics": "gone"});
    assert.deepEqual((await me.sync(one.token)).changes, {"a.ics": "put", "b.ics": "gone"});
    assert.deepEqual((await me.sync()).changes, {"a.ics": "put"});
    assert.ok(!(await me.list()).some(e => e.title.startsWith("b")), "its changed occurrence went with it");
    // The same file by import keeps the name that the client knows.
    const text = (await me.ask("GET", `${CALENDAR}a.ics`)).text;
    const brought = await stack.request("POST", "/calendar/import", {body: text, headers: {Authorization: `Bearer ${me.password}`, "Content-Type": "text/calendar"}});
    assert.equal(brought.json.updated, 1);
    assert.deepEqual((await me.sync(four.token)).changes, {"a.ics": "put"});
    for (const bad of ["urn:turnpike:sync:99999999999999", "urn:other", "urn:turnpike:sync:x", "urn:turnpike:sync:-1"]) {
      const refused = await me.sync(bad);
      assert.equal(refused.status, 403, bad);
      assert.match(refused.text, /<d:valid-sync-token\/>/);
    }
    const {changes} = await bob.sync();
    assert.deepEqual(changes, {}, "another user's calendar is another one");
  });

  test("deletions that are forgotten end the tokens from before them", async () => {
    const name = uuid(), me = person(name);
    for (const id of ["a", "b"]) await me.put(`${id}.ics`, wrap(vevent(id, `SUMMARY:${id}`, "DTSTART:20300601T100000Z")));
    const first = await me.sync(), number = Number(first.token.split(":").at(-1));
    await me.ask("DELETE", `${CALENDAR}a.ics`);
    const second = await me.sync(first.token);
    assert.deepEqual(second.changes, {"a.ics": "gone"});
    // 2,000 others, deleted before that one and after the first token's time.
    const members = Array.from({length: 2000}, (_, i) => [String(number + (i + 1) / 4000), `x${i}`]).flat();
    await stack.redis("ZADD", `tp:{${name}}:r:event:revs:gone`, ...members);
    await me.ask("DELETE", `${CALENDAR}b.ics`);
    const old = await me.sync(first.token);
    assert.equal(old.status, 403);
    assert.match(old.text, /valid-sync-token/);
    assert.deepEqual((await me.sync(second.token)).changes, {"b.ics": "gone"});
    assert.equal((await stack.redis("ZCARD", `tp:{${name}}:r:event:revs:gone`)).trim(), "2000");
    assert.deepEqual((await me.sync()).changes, {});
  });

  test("more changes than fit one reply come in several", async () => {
    const me = person(), bring = (from, to) => stack.request("POST", "/calendar/import", {headers: {Authorization: `Bearer ${me.password}`, "Content-Type": "text/calendar"},
      body: wrap(Array.from({length: to - from}, (_, i) => vevent(`m${from + i}`, `SUMMARY:m${from + i}`, "DTSTART:20300601T100000Z")))});
    const {token: empty} = await me.sync();
    assert.equal((await bring(0, 700)).json.created, 700);
    const one = await me.sync(empty), two = await me.sync(one.token);
    assert.match(one.text, /507 [^<]*<\/d:status><d:error><d:number-of-matches-within-limits\/>/);
    assert.doesNotMatch(two.text, /HTTP\/1.1 507/);
    const files = Object.keys({...one.changes, ...two.changes}).filter(name => name.endsWith(".ics"));
    assert.equal(files.length, 700);
    assert.equal(Object.keys((await me.sync()).changes).length, 700);
    const limited = await me.report(`<sync-collection xmlns="DAV:"><sync-token>${empty}</sync-token><sync-level>1</sync-level><limit><nresults>10</nresults></limit><prop><getetag/></prop></sync-collection>`);
    assert.equal(limited.text.match(/\.ics<\/d:href>/g).length, 10);
  });

  test("series, changed occurrences, alarms and unknown lines go there and back", async () => {
    const me = person();
    const own = ["ATTENDEE;CN=Bo;PARTSTAT=ACCEPTED:mailto:bo@example.org", "STATUS:TENTATIVE", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC", "URL:https://example.org/"];
    const text = wrap(vevent("s", "SUMMARY:s", "DTSTART;TZID=AUS Eastern Standard Time:20300601T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=AUS Eastern Standard Time:20300602T100000", own,
      "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:late", "TRIGGER:PT5M", "END:VALARM"),
      vevent("s", "SUMMARY:s changed", "RECURRENCE-ID;TZID=AUS Eastern Standard Time:20300603T100000", "DTSTART;TZID=AUS Eastern Standard Time:20300603T150000", "DURATION:PT1H", "X-ONE:1"));
    assert.equal((await me.put("s.ics", text, {"If-None-Match": "*"})).status, 201);
    assert.equal((await me.put("s.ics", text, {"If-None-Match": "*"})).status, 412);
    assert.deepEqual((await me.list()).map(e => `${e.start_date} ${e.title} ${e.reminder_minutes}`), ["2030-06-01T10:00:00+10:00 s 15", "2030-06-03T15:00:00+10:00 s changed ", "2030-06-04T10:00:00+10:00 s 15", "2030-06-05T10:00:00+10:00 s 15"]);
    const got = await me.ask("GET", `${CALENDAR}s.ics`);
    assert.equal(got.status, 200);
    const lines = unfold(got.text);
    for (const line of [...own, "X-ONE:1", "TRIGGER:PT5M", "TRIGGER:-PT15M", "RECURRENCE-ID;TZID=Australia/Sydney:20300603T100000", "EXDATE;TZID=Australia/Sydney:20300602T100000"]) assert.ok(lines.includes(line), line);
    assert.match(got.headers.etag, /^"\d+"$/);
    assert.equal((await me.ask("GET", `${CALENDAR}s.ics`, undefined, {"If-None-Match": got.headers.etag})).status, 304);
    // What was read is written back: nothing changes but the revision.
    assert.equal((await me.put("s.ics", got.text, {"If-Match": got.headers.etag})).status, 204);
    const again = unfold((await me.ask("GET", `${CALENDAR}s.ics`)).text), stable = all => all.filter(l => !/^(DTSTAMP|LAST-MODIFIED|CREATED)/.test(l));
    assert.deepEqual(stable(again), stable(lines));
    const hrefs = ["s.ics", "s.ics", "none.ics"].map(name => `<D:href>${CALENDAR}${name}</D:href>`).join("");
    const many = await me.report(`<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/></D:prop>${hrefs}</C:calendar-multiget>`);
    assert.equal(many.text.match(/<d:response>/g).length, 2, many.text);
    assert.equal(many.text.match(/BEGIN:VCALENDAR/g).length, 1);
    assert.equal((await me.ask("DELETE", `${CALENDAR}s.ics`, undefined, {"If-Match": got.headers.etag})).status, 412);
    const judge = spawnSync("/usr/bin/python3", ["-c", "import sys, icalendar; print(len(icalendar.Calendar.from_ical(sys.stdin.buffer.read()).walk('VEVENT')))"], {input: got.text, encoding: "utf8"});
    assert.equal(judge.stdout.trim(), "2", judge.stderr);
  });

  test("what cannot be taken is refused by the name of its condition, and nothing is written", async () => {
    const me = person();
    const good = vevent("g", "SUMMARY:g", "DTSTART:20300601T100000Z");
    assert.equal((await me.put("g.ics", wrap(good))).status, 201);
    const cases = [["no calendar", "valid-calendar-data"], [wrap(vevent("x", "SUMMARY:no start")), "valid-calendar-data"],
      [wrap(vevent("x", "SUMMARY:x", "DTSTART:20300601T100000Z", "RRULE:FREQ=MINUTELY")), "valid-calendar-data"],
      [wrap(vevent("x", "SUMMARY:x", "DTSTART:20300601T100000Z", "RRULE:FREQ=DAILY;COUNT=2"), vevent("x", "SUMMARY:y", "RECURRENCE-ID:20300611T100000Z", "DTSTART:20300611T100000Z")), "valid-calendar-data"],
      [wrap(["BEGIN:VTODO", "UID:t", "SUMMARY:t", "DUE:20300601T100000Z", "END:VTODO"]), "supported-calendar-component"],
      [wrap(vevent("x", "SUMMARY:x", "DTSTART:20300601T100000Z"), vevent("y", "SUMMARY:y", "DTSTART:20300601T100000Z")), "valid-calendar-object-resource"],
      [wrap(), "valid-calendar-object-resource"], [wrap(good), "no-uid-conflict"]];
    for (const [text, condition] of cases) {
      const reply = await me.put("x.ics", text);
      assert.equal(reply.status, 403, `${condition}: ${reply.text}`);
      assert.match(reply.text, new RegExp(`<c:${condition}/>`));
    }
    const renamed = await me.put("g.ics", wrap(vevent("other", "SUMMARY:x", "DTSTART:20300601T100000Z")));
    assert.match(renamed.text, /no-uid-conflict/);
    assert.match((await me.put("x.ics", "{}", {"Content-Type": "application/json"})).text, /supported-calendar-data/);
    assert.deepEqual((await me.list()).map(e => e.title), ["g"]);
    assert.equal((await me.put("g.ics", wrap(good, [`X-BIG:${"x".repeat(1 << 20)}`]))).status, 413);
    for (const path of [`${CALENDAR}none.ics`, `${CALENDAR}sub/none.ics`, "/dav/else/", `${CALENDAR}..%2fg.ics`]) assert.equal((await me.ask("GET", path)).status, 404, path);
    assert.equal((await me.ask("DELETE", CALENDAR)).status, 403);
    assert.equal((await me.ask("DELETE", `${CALENDAR}none.ics`)).status, 404);
    assert.equal((await me.put("none.ics", wrap(vevent("n", "SUMMARY:n", "DTSTART:20300601T100000Z")), {"If-Match": "\"1\""})).status, 412);
    // XML that is none, that declares entities, that asks for too much; reports and filters that are not served.
    for (const body of ["<propfind", "<!DOCTYPE x [<!ENTITY a \"b\">]><propfind xmlns=\"DAV:\"><prop/></propfind>", "<other/>", `<propfind xmlns="DAV:">${"<a>".repeat(60)}${"</a>".repeat(60)}</propfind>`])
      assert.equal((await me.ask("PROPFIND", CALENDAR, body, {Depth: "0"})).status, 400, body);
    assert.match((await me.ask("PROPFIND", CALENDAR, undefined, {Depth: "infinity"})).text, /propfind-finite-depth/);
    assert.match((await me.report("<expand-property xmlns=\"DAV:\"/>")).text, /supported-report/);
    const filter = inner => `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns="DAV:"><prop><getetag/></prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">${inner}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>`;
    assert.match((await me.report(filter("<C:prop-filter name=\"SUMMARY\"><C:text-match>g</C:text-match></C:prop-filter>"))).text, /supported-filter/);
    assert.equal((await me.report(filter("<C:time-range start=\"soon\"/>"))).status, 400);
    assert.match((await me.report(filter("<C:time-range start=\"20300601T000000Z\"/>"))).text, /g\.ics/);
  });

  test("who asks: a key or a token as password; scopes; no one else", async () => {
    const nobody = await stack.request("PROPFIND", "/dav/", {headers: {Depth: "0"}});
    assert.equal(nobody.status, 401);
    assert.match(nobody.headers["www-authenticate"], /^Basic realm=/);
    assert.equal((await stack.request("PROPFIND", "/dav/", {headers: {Depth: "0", ...basic("tpk_wrong0123456789abcdef")}})).status, 401);
    assert.equal((await stack.request("PROPFIND", "/dav/", {headers: {Depth: "0", ...basic(KEY)}})).status, 207);
    assert.equal((await stack.request("PROPFIND", "/dav/", {headers: {Depth: "0", Authorization: `Bearer ${KEY}`}})).status, 207);
    assert.equal((await stack.get("/sessions", {headers: basic(KEY)})).status, 401, "Basic counts for the calendar alone");
    const options = await stack.request("OPTIONS", CALENDAR);
    assert.equal(options.status, 204);
    assert.match(options.headers.dav, /calendar-access/);
    assert.match(options.headers.allow, /PROPFIND.*REPORT.*PUT.*DELETE/);
    const me = person();
    const root = await me.propfind("/dav/", 0, "<current-user-principal/><C:calendar-home-set/><x:odd xmlns:x=\"urn:x\"/>");
    assert.match(root.text, new RegExp(`<d:current-user-principal><d:href>${API}/dav/principal/</d:href>`));
    assert.match(root.text, /404[^<]*<\/d:status>/);
    const all = await me.ask("PROPFIND", HOME, undefined, {Depth: "1"});
    assert.match(all.text, /<c:calendar\/>/);
    assert.doesNotMatch(all.text, /sync-token/, "only when it is named");
    const patched = await me.ask("PROPPATCH", CALENDAR, "<propertyupdate xmlns=\"DAV:\"><set><prop><A:calendar-color xmlns:A=\"http://apple.com/ns/ical/\">#FF0000FF</A:calendar-color></prop></set></propertyupdate>");
    assert.equal(patched.status, 207);
    assert.match(patched.text, /<x:calendar-color xmlns:x="http:\/\/apple.com\/ns\/ical\/"\/><\/d:prop><d:status>HTTP\/1.1 403/);
  });

  test("an imported name, a long one and one with every letter lead back to the event", async () => {
    const me = person();
    for (const [i, name] of ["a b+c&d%e", "ümlaut", "x".repeat(200), "A7F0-1@example.org", "(1),'2'"].entries()) {
      const path = `${CALENDAR}${encodeURIComponent(name)}.ics`;
      assert.equal((await me.ask("PUT", path, wrap(vevent(`n${i}`, `SUMMARY:n${i}`, "DTSTART:20300601T100000Z")), {"Content-Type": "text/calendar"})).status, 201, name);
      assert.match((await me.ask("GET", path)).text, new RegExp(`UID:n${i}\r\n`), name);
      assert.equal((await me.sync()).changes[`${name}.ics`], "put", name);
      assert.equal((await me.ask("DELETE", path)).status, 204, name);
      assert.equal((await me.ask("GET", path)).status, 404, name);
    }
    assert.equal((await me.put(`${"x".repeat(201)}.ics`, wrap(vevent("n", "SUMMARY:n", "DTSTART:20300601T100000Z")))).status, 403);
  });

  test("python3-caldav", {skip: spawnSync("/usr/bin/python3", ["-c", "import caldav"]).status !== 0 && "python3-caldav is not installed"}, async () => {
    const me = person();
    await me.tool("create_calendar_event", {title: "Here", start_date: "2030-06-01T10:00", end_date: "2030-06-01T11:00"});
    const run = spawnSync("/usr/bin/python3", ["-c", `
import caldav, datetime, sys
c = caldav.DAVClient(url=sys.argv[1], username="me", password=sys.argv[2])
cal = c.principal().calendars()[0]
print(len(cal.events()))
e = cal.save_event(sys.argv[3])
print(len(cal.date_search(datetime.datetime(2030, 6, 5), datetime.datetime(2030, 6, 6), expand=False)))
e.load(); e.delete()
print(len(cal.events()))
`, `${origin()}${API}/dav/`, me.password, wrap(vevent("py", "SUMMARY:py", "DTSTART:20300605T100000Z", "DTEND:20300605T110000Z"))], {encoding: "utf8"});
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(run.stdout.trim().split("\n"), ["1", "1", "1"]);
  });
});
