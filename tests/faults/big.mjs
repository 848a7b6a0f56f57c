// SPDX-License-Identifier: BSD-2-Clause
// A user who has very much of everything: seeds one, asks everything that the user may ask, and tells times and Redis' slow log.
//
//   node tests/faults/big.mjs [--sessions 100000] [--records 1000000] [--each 100000] [--slow 15] [--times 5]
//
// Ends with 1 when a command or script held Redis for longer than `--slow` ms, a request failed, or an ordinary request of this user took
// more than `--times` times what a user with little waits (and 25 ms more). Another user's requests run beside all of it.
// tests/e2e/big.test.mjs does the same with less.
import {setPriority} from "node:os";
import {uuid, Stack} from "../e2e/harness.mjs";
import {approvals, copies, files, fill, followers, ghosts, inbox, long, pipe, posts, prefix, said, sessions} from "./bulk.mjs";

const USER = "big", SMALL = "small", DAY = 86400000;
export const as = user => ({"X-Dev-User": user, "X-Time-Zone": "Australia/Sydney"});
const median = times => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];

/** Calls each tool that writes with its first example; what needs the world outside may fail. */
async function examples(stack, user) {
  const {tools} = (await stack.request("GET", "/tools", {headers: as(user)})).json;
  for (const tool of tools.filter(t => t.effect === "write" && t.name !== "set_timer_or_alarm")) {
    const call = headers => stack.request("POST", `/tools/${tool.name}`, {body: tool.example_arguments[0], headers: {...as(user), ...headers}, timeout: 60000});
    const {json} = await call();
    if (json?.code !== "approval_required") continue;
    await stack.request("POST", `/approvals/${json.approval_id}`, {body: {approved: true}, headers: as(user)});
    await call({"Approval-Id": json.approval_id});
  }
  return tools;
}

/** An open approval of a direct call, as Redis has it. */
async function approval(stack, user) {
  const event = (await stack.redis("HKEYS", `${prefix(user)}r:event`)).split("\n")[0];
  const asked = await stack.request("POST", "/tools/delete_calendar_event", {body: {event_id: event}, headers: as(user)});
  return JSON.parse(await stack.redis("--json", "HGETALL", `${prefix(user)}approval:${asked.json.approval_id}`));
}

/** An index of records that the service did not write itself is made by the first who asks. */
async function index(stack, user, say) {
  const began = Date.now();
  for (const [name, body] of Object.entries({get_spending_summary: {}, get_fuel_stats: {}, get_transition_progress: {}, get_equipment_list: {},
    get_maintenance_schedule: {}, get_shakedown_summary: {}, find_savings_opportunities: {}, manage_pantry: {action: "list"}, get_launch_week_status: {},
    get_medical_records: {}, get_medications: {}, search_medical_records: {query: "x"},
    get_calendar_events: {start_date: "2026-12-01", end_date: "2026-12-02"}})) {
    for (let tries = 0; tries < 200; tries++) {
      const reply = await stack.request("POST", `/tools/${name}`, {body, headers: as(user), timeout: 60000});
      if (reply.status !== 503) break;
    }
  }
  say(`indexes made in ${Date.now() - began} ms`);
}

export async function seed(stack, user, sizes, say = () => {}) {
  const now = Date.now(), P = prefix(user);
  const tool = async (name, args) => {
    const reply = await stack.request("POST", `/tools/${name}`, {body: args, headers: as(user)});
    if (reply.status !== 200) throw new Error(`${name}: ${reply.text}`);
    return reply.json;
  };
  const first = async family => (await stack.redis("HVALS", `${P}r:${family}`)).split("\n")[0];
  await tool("create_expense", {amount: 12.5, category: "diesel", description: "Diesel"});
  await tool("create_calendar_event", {title: "Dentist", start_date: "2026-12-05T10:00:00", end_date: "2026-12-05T11:00:00"});
  await examples(stack, user);
  const upload = await stack.request("POST", "/attachments?name=a.txt", {body: "x".repeat(200), headers: {...as(user), "Content-Type": "text/plain"}});
  if (upload.status > 299) throw new Error(upload.text);
  const expense = await first("expense"), event = await first("event"), about = (await stack.redis("HVALS", `${P}attachments`)).split("\n")[0];
  say(`${user}: sessions`);
  await pipe(stack, sessions(P, sizes.sessions, now - 1000));
  await pipe(stack, ghosts(P, sizes.ghosts, now - 10 * DAY));
  await pipe(stack, ghosts(P, sizes.ghosts, now - 366 * DAY)); // the same names: of these the last ones
  await pipe(stack, [...long(P, "long", sizes.messages, now), ...long(P, "old", sizes.messages, now - 5000)]);
  await pipe(stack, said(P, sizes.said, now));
  say(`${user}: records`);
  await pipe(stack, copies(P, "expense", expense, "x", sizes.records, now - 3 * 365 * DAY, Math.floor(3 * 365 * DAY / sizes.records), (i, at) => ({
    date: new Date(at).toISOString().slice(0, 10), time_ms: at})));
  await pipe(stack, copies(P, "event", event, "v", sizes.events, now - 365 * DAY, Math.floor(2 * 365 * DAY / sizes.events), (i, at) => ({
    start_ms: at, end_ms: at + 3600000, start_date: new Date(at).toISOString(), end_date: new Date(at + 3600000).toISOString(), title: `Event ${i}`})));
  const families = (await stack.redis("SMEMBERS", `${P}families`)).split("\n").filter(f => !["expense", "event", "profile", "timer"].includes(f));
  say(`${user}: ${families.join(" ")}`);
  await fill(stack, P, families, sizes.each, now);
  await pipe(stack, inbox(P, sizes.inbox));
  await pipe(stack, files(P, about, sizes.files));
  await pipe(stack, approvals(P, Object.entries(await approval(stack, user)).flat(), sizes.approvals, now + 500000));
  await pipe(stack, followers(user, sizes.followers));
}

const text = (method, path, body) => ({method, path, body});
const tool = (name, args = {}) => text("POST", `/tools/${name}`, args);
/** What everybody asks every day. */
const ordinary = () => ({
  "list": text("GET", "/sessions?limit=50"), "one session": text("GET", "/sessions/s3"), "its messages": text("GET", "/sessions/s3/messages"),
  "message in a new one": text("POST", "/chat", {message: "x [[text say=Hi.]]", session_id: uuid()}),
  "new expense": tool("create_expense", {amount: 3, category: "food"}), "sums of spending": tool("get_spending_summary"),
  "events of a week": tool("get_calendar_events", {start_date: "2026-12-01", end_date: "2026-12-03"}),
  "new event": tool("create_calendar_event", {title: "Party", start_date: "2026-12-24T18:00:00"}),
  "inbox": text("GET", "/inbox"), "approvals": text("GET", "/approvals"), "attachments": text("GET", "/attachments"),
});
/** What only this user's data make long: [what, what to ask]. */
export const asks = tools => [
  ["find", text("GET", "/sessions?q=river")], ["find nothing", text("GET", "/sessions?q=zeppelin")], ["find one more", text("GET", "/sessions?q=camp%20ri")],
  ["older sessions", text("GET", "/sessions?limit=50&pinned=false")],
  ["long session's messages", text("GET", "/sessions/long/messages")], ["its export", text("GET", "/sessions/long/export?format=markdown")],
  ["message in it", text("POST", "/chat", {message: "x [[text say=Hi.]]", session_id: "long"})],
  ...[40, 3, 2, 1, 0].flatMap(n => [
    [`edit of message ${n}`, text("POST", "/agui", {threadId: "long", runId: uuid(), messages: [{id: `long-${2 * n}`, role: "user", content: `again ${n} [[text say=Hi.]]`}]})],
    ["its branch", text("GET", "/sessions/long/messages?branch=")]]),
  ["feedback on an old answer", text("POST", "/feedback", {message_id: "said4000", rating: 1})],
  ["one more file", text("POST", "/attachments?name=b.txt", "y".repeat(2000)), {"Content-Type": "text/plain"}],
  ["sums", tool("get_spending_summary", {period: "year"})], ["budget", tool("analyze_budget")], ["savings", tool("find_savings_opportunities")],
  ["events of two years", tool("get_calendar_events", {start_date: "2026-01-01", end_date: "2027-12-31"})],
  ["calendar file of a month", text("GET", "/calendar.ics?from=2026-12-01&to=2026-12-31")],
  ["expenses as a file", text("GET", "/expenses.csv?from=2026-10-01&to=2026-10-31")],
  ...tools.filter(t => ["calendar", "community", "meals", "money", "person", "transition", "vehicle", "fuel", "maintenance", "medical", "profile"].includes(t.family) && t.effect === "read")
    .flatMap(t => t.example_arguments.map(args => [t.name, tool(t.name, args), {any: true}])),
  ["export", text("GET", "/export")],
  ["delete a session", text("DELETE", "/sessions/long")], ["delete one with undo", text("DELETE", "/sessions/old?undo=true")],
  ["take it back", text("POST", "/sessions/old/restore")], ["delete it", text("DELETE", "/sessions/old")],
  ...Array.from({length: 80}, () => ["erase", text("DELETE", "/user-data")]), // each goes on where the one before left off
];

export async function slowest(stack) {
  const entries = JSON.parse(await stack.redis("--json", "SLOWLOG", "GET", "400"));
  return entries.map(([id, , us, parts]) => ({id, ms: us / 1000, what: parts.slice(0, 8).map(w => String(w).slice(0, 60)).join(" ")})).sort((a, b) => b.ms - a.ms);
}
/** Milliseconds that Redis has computed so far: what held it for longer was held up itself. */
async function computed(stack) {
  const cpu = name => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1]), info = await stack.redis("INFO", "cpu");
  return 1000 * (cpu("used_cpu_user_main_thread") + cpu("used_cpu_sys_main_thread"));
}

async function ask(stack, user, {method, path, body}, more = {}) {
  const headers = {...as(user), ...more};
  if (path === "/user-data") headers["X-Confirm-Erase"] = user;
  const began = performance.now();
  const ms = () => performance.now() - began;
  if (path === "/export") { // hundreds of megabytes: nobody here needs them
    const reply = await fetch(`${stack.url}/api/v1/pam${path}`, {headers});
    let bytes = 0;
    try {
      for await (const chunk of reply.body) bytes += chunk.length;
    } catch (error) {
      return {status: 0, text: `cut after ${bytes} bytes: ${error.cause?.message ?? error.message}\n${stack.errorLog().slice(-600)}\n${stack.log().split("\n").filter(l => !l.includes("bystander")).slice(-8).join("\n")}`, ms: ms()};
    }
    return {status: reply.status, text: {length: bytes}, ms: ms()};
  }
  const reply = await stack.request(method, path, {body, headers, timeout: 120000}).catch(e => ({status: 0, text: e.message}));
  return {...reply, ms: ms()};
}

/** The ordinary requests of two users in turns: the median milliseconds of each. */
export async function compare(stack, times, failures) {
  const rows = [];
  for (const what of Object.keys(ordinary())) {
    const took = {[USER]: [], [SMALL]: []};
    for (let i = 0; i < times; i++) {
      for (const user of [USER, SMALL]) {
        const reply = await ask(stack, user, ordinary()[what]);
        took[user].push(reply.ms);
        if (reply.status < 200 || reply.status > 299) failures.push(`${what} of ${user}: ${reply.status} ${reply.text?.slice(0, 300)}`);
      }
    }
    rows.push({what, big: median(took[USER]), small: median(took[SMALL])});
  }
  return rows;
}

/** Asks all; a bystander asks all the while. */
export async function run(stack, tools, slow_ms, say = () => {}) {
  const failures = [], slow = [], beside = {times: [], failed: []};
  let over = false, seen = -1;
  await stack.redis("CONFIG", "SET", "slowlog-log-slower-than", slow_ms * 1000, "slowlog-max-len", 400);
  await stack.redis("SLOWLOG", "RESET");
  const bystander = (async () => {
    while (!over) {
      const reply = await ask(stack, "bystander", text("GET", "/sessions"));
      beside.times.push(reply.ms);
      if (reply.status !== 200) beside.failed.push(`${reply.status} ${reply.text}`);
    }
  })();
  const rows = await compare(stack, 9, failures);
  for (const r of rows) say(`${r.what.padEnd(26)} big ${r.big.toFixed(1).padStart(8)} ms small ${r.small.toFixed(1).padStart(8)} ms`);
  for (const [what, it, more = {}] of asks(tools)) {
    const {any, ...headers} = more, before = await computed(stack);
    const reply = await ask(stack, USER, it, headers);
    const cpu = await computed(stack) - before, entries = (await slowest(stack)).filter(s => s.id > seen);
    seen = Math.max(seen, ...entries.map(h => h.id));
    const held = entries.filter(() => cpu > slow_ms);
    slow.push(...held);
    say(`${what.padEnd(32)} ${reply.status} ${reply.ms.toFixed(0).padStart(6)} ms ${String(reply.text?.length ?? 0).padStart(9)} bytes ${cpu.toFixed(0).padStart(5)} ms of Redis${held.slice(0, 3).map(h => `\n    Redis held ${h.ms} ms by ${h.what}`).join("")}`);
    const later = reply.status === 503 && reply.headers?.["retry-after"]; // an erasure goes on
    const fine = reply.status >= 200 && reply.status < 300 || (it.path === "/user-data" && later) || (any && reply.status < 500) || reply.status === 501; // no provider here
    if (!fine) failures.push(`${what}: ${reply.status} ${reply.text?.slice(0, 300)}`);
    if (it.path === "/user-data" && reply.status === 200) break;
  }
  over = true;
  await bystander;
  return {failures, beside, rows, slow, left: Number(await stack.redis("DBSIZE"))};
}

export const LITTLE = {sessions: 10, ghosts: 0, records: 20, events: 20, each: 5, messages: 10, inbox: 5, files: 2, approvals: 1, said: 5, followers: 2};

async function main() {
  const option = (name, fallback) => process.argv.includes(`--${name}`) ? Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) : fallback;
  const each = option("each", 100000), slow_ms = option("slow", 15), most = option("times", 5);
  const sizes = {sessions: option("sessions", 100000), ghosts: 50000, records: option("records", 1000000), events: 100000, each, messages: 2000, inbox: 5000,
    files: 998, approvals: 10000, said: 5000, followers: 100000};
  const stack = await Stack.start({settings: {"rate.api_user": 0, "session.messages": 2000, "rate.tools_minute": 0, "rate.tools_day": 0, "keep.sessions": "365d"}});
  try {
    try {
      setPriority(stack.parts.redis.pid, -15); // else its slow log tells of whatever else this machine does
    } catch { /* not root */ }
    await seed(stack, SMALL, LITTLE, console.log);
    await stack.redis("CONFIG", "SET", "slowlog-log-slower-than", slow_ms * 1000);
    await seed(stack, USER, sizes, console.log);
    await pipe(stack, posts(USER, (await stack.redis("HVALS", "tp:{community}:r:post")).split("\n")[0], 100, 1000, Date.now()));
    await stack.redis("SLOWLOG", "RESET");
    await index(stack, USER, console.log);
    const making = await slowest(stack);
    console.log(`while indexes were made: ${making.length} slow, worst ${making[0]?.ms ?? 0} ms`);
    for (const s of making.slice(0, 5)) console.log(`    Redis held ${s.ms} ms by ${s.what}`);
    const {tools} = (await stack.request("GET", "/tools", {headers: as(USER)})).json;
    const {failures, beside, rows, slow, left} = await run(stack, tools, slow_ms, console.log);
    const dear = rows.filter(r => r.big > most * r.small + 25);
    const times = beside.times.sort((a, b) => a - b), at = q => times[Math.floor(times.length * q)].toFixed(1);
    console.log(`bystander: ${times.length} requests, p50 ${at(0.5)} p99 ${at(0.99)} max ${at(0.999999)} ms, ${beside.failed.length} failed`);
    console.log(`${slow.length} commands too slow; ${dear.map(r => r.what).join(", ") || "none"} dearer than ${most} times; ${left} keys left of all users; ${failures.length} failures`);
    for (const f of failures) console.log(f);
    process.exitCode = failures.length || slow.length || making.length || dear.length || beside.failed.length ? 1 : 0;
  } finally {
    await stack.stop({check: false});
  }
}
if (process.argv[1] === new URL(import.meta.url).pathname) await main();
