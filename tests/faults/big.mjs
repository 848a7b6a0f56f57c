// SPDX-License-Identifier: BSD-2-Clause
// A user who has very much: seeds one, asks everything that the user may ask, and tells times and Redis' slow log.
//
//   node tests/faults/big.mjs [--sessions 100000] [--records 1000000] [--slow 15]
//
// Ends with 1 when a command or script held Redis for longer than `--slow` ms, or a request failed. Another user's requests run
// beside all of it. tests/e2e/big.test.mjs does the same with less.
import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import {Stack, uuid} from "../e2e/harness.mjs";

const USER = "big", P = `tp:{${USER}}:`;
const as = user => ({"X-Dev-User": user, "X-Time-Zone": "Australia/Sydney"});

/** Commands by redis-cli --pipe, as many as a generator gives. */
async function pipe(stack, commands) {
  const child = spawn("redis-cli", ["-s", join(stack.run, "redis.sock"), "--pipe"], {stdio: ["pipe", "pipe", "inherit"]});
  let out = "", batch = "";
  child.stdout.on("data", d => { out += d; });
  const closed = once(child, "close");
  for (const words of commands) {
    batch += `*${words.length}\r\n` + words.map(w => `$${Buffer.byteLength(String(w))}\r\n${w}\r\n`).join("");
    if (batch.length > 1 << 20) {
      if (!child.stdin.write(batch)) await once(child.stdin, "drain");
      batch = "";
    }
  }
  child.stdin.end(batch);
  const [code] = await closed;
  if (code !== 0 || !/errors: 0/.test(out)) throw new Error(`redis-cli --pipe: ${out}`);
}

const message = (id, role, content) => JSON.stringify({id, role, content});
const WORDS = ["river", "camp", "tyre", "ferry", "market", "solar", "bridge", "fuel", "recipe", "museum"];
const words = (i, n) => Array.from({length: n}, (_, k) => WORDS[(i * 7 + k * 3) % WORDS.length]).join(" ");

export function* sessions(count, now) {
  for (let i = 0; i < count; i++) {
    const sid = `s${i}`, at = now - i * 1000;
    yield ["HSET", `${P}s:${sid}`, "title", `Chat ${i} ${words(i, 3)}`, "created", at, "updated", at, "epoch", at, "count", 2];
    yield ["RPUSH", `${P}s:${sid}:msgs`, message(`m${i}a`, "user", words(i, 12)), message(`m${i}b`, "assistant", words(i + 1, 30))];
    yield ["ZADD", `${P}sessions`, at, sid];
  }
}

/** One session of `count` messages of 4,000 characters. */
export function* long(sid, count, now) {
  yield ["HSET", `${P}s:${sid}`, "title", "Long", "created", now, "updated", now, "epoch", now, "count", count];
  for (let i = 0; i < count; i++) {
    yield ["RPUSH", `${P}s:${sid}:msgs`, message(`${sid}-${i}`, i % 2 ? "assistant" : "user", words(i, 600).slice(0, 4000))];
  }
  yield ["ZADD", `${P}sessions`, now, sid];
}

/** Copies of one record that a tool has made, each at a time of its own. */
export function* copies(family, json, key, count, from, step, change) {
  for (let i = 0; i < count; i++) {
    const record = {...JSON.parse(json), ...change(i, from + i * step)}, id = `${key}${i}`;
    yield ["HSET", `${P}r:${family}`, id, JSON.stringify({...record, id})];
    yield ["ZADD", `${P}r:${family}:by-time`, from + i * step, id];
  }
}

export function* inbox(count) {
  for (let i = 0; i < count; i++) {
    yield ["XADD", `${P}inbox`, "*", "e", JSON.stringify({type: "reminder", event_id: `e${i}`, title: words(i, 3), message: words(i, 8)}), "x", '"fired_at":"2026-01-01T00:00:00.000Z",'];
  }
}

export async function seed(stack, sizes, say = () => {}) {
  const now = Date.now();
  const tool = async (name, args) => {
    const reply = await stack.request("POST", `/tools/${name}`, {body: args, headers: as(USER)});
    if (reply.status !== 200) throw new Error(`${name}: ${reply.text}`);
    return reply.json;
  };
  const first = async family => (await stack.redis("HVALS", `${P}r:${family}`)).split("\n")[0];
  await tool("create_expense", {amount: 12.5, category: "diesel", description: "Diesel"});
  await tool("create_calendar_event", {title: "Dentist", start_date: "2026-12-05T10:00:00", end_date: "2026-12-05T11:00:00"});
  const expense = await first("expense"), event = await first("event");
  say("sessions");
  await pipe(stack, sessions(sizes.sessions, now - 1000));
  await pipe(stack, long("long", sizes.messages, now));
  say("records");
  const day = 86400000;
  await pipe(stack, copies("expense", expense, "x", sizes.records, now - 3 * 365 * day, Math.floor(3 * 365 * day / sizes.records), (i, at) => ({
    date: new Date(at).toISOString().slice(0, 10), time_ms: at})));
  await pipe(stack, copies("event", event, "v", sizes.events, now - 365 * day, Math.floor(2 * 365 * day / sizes.events), (i, at) => ({
    start_ms: at, end_ms: at + 3600000, start_date: new Date(at).toISOString(), end_date: new Date(at + 3600000).toISOString(), title: `Event ${i}`})));
  await pipe(stack, inbox(sizes.inbox));
}

/** All that the user may ask: [what, method, path, body]. */
export const asks = () => [
  ["list", "GET", "/sessions?limit=50"], ["find", "GET", "/sessions?q=river"], ["find nothing", "GET", "/sessions?q=zeppelin"],
  ["one session", "GET", "/sessions/long"], ["its messages", "GET", "/sessions/long/messages"], ["its export", "GET", "/sessions/long/export?format=markdown"],
  ["message in it", "POST", "/chat", {message: "x [[text say=Hi.]]", session_id: "long"}],
  ["message in a new one", "POST", "/chat", {message: "x [[text say=Hi.]]", session_id: uuid()}],
  ["inbox", "GET", "/inbox"], ["approvals", "GET", "/approvals"], ["attachments", "GET", "/attachments"],
  ["sums of spending", "POST", "/tools/get_spending_summary", {}], ["sums once more", "POST", "/tools/get_spending_summary", {}],
  ["budget", "POST", "/tools/analyze_budget", {}], ["savings", "POST", "/tools/find_savings_opportunities", {}],
  ["new expense", "POST", "/tools/create_expense", {amount: 3, category: "food"}],
  ["events of a week", "POST", "/tools/get_calendar_events", {start_date: "2026-12-01", end_date: "2026-12-07"}],
  ["events of two years", "POST", "/tools/get_calendar_events", {start_date: "2026-01-01", end_date: "2027-12-31"}],
  ["new event", "POST", "/tools/create_calendar_event", {title: "Party", start_date: "2026-12-24T18:00:00"}],
  ["calendar file of a month", "GET", "/calendar.ics?from=2026-12-01&to=2026-12-31"],
  ["expenses as a file", "GET", "/expenses.csv?from=2026-10-01&to=2026-10-31"],
  ["export", "GET", "/export"],
  ["delete a session", "DELETE", "/sessions/long"],
  ...Array.from({length: 40}, () => ["erase", "DELETE", "/user-data"]), // each goes on where the one before left off
];

export async function slowest(stack) {
  const text = await stack.redis("--json", "SLOWLOG", "GET", "200");
  return JSON.parse(text).map(([, , us, words]) => ({ms: us / 1000, what: words.slice(0, 8).map(w => String(w).slice(0, 60)).join(" ")})).sort((a, b) => b.ms - a.ms);
}

/** Asks all; a bystander asks all the while. */
export async function run(stack, slow_ms, say = () => {}) {
  const failures = [], beside = {asked: 0, failed: []};
  let over = false;
  await stack.redis("CONFIG", "SET", "slowlog-log-slower-than", slow_ms * 1000);
  await stack.redis("SLOWLOG", "RESET");
  const bystander = (async () => {
    while (!over) {
      const reply = await stack.request("GET", "/sessions", {headers: as("bystander")}).catch(e => ({status: 0, text: e.message}));
      beside.asked++;
      if (reply.status !== 200) beside.failed.push(`${reply.status} ${reply.text}`);
    }
  })();
  for (const [what, method, path, body] of asks()) {
    const began = Date.now(), before = await slowest(stack), headers = {...as(USER)};
    if (path === "/user-data") headers["X-Confirm-Erase"] = USER;
    const reply = await stack.request(method, path, {body, headers, timeout: 120000}).catch(e => ({status: 0, text: e.message}));
    const after = await slowest(stack), held = after.filter(a => !before.some(b => b.ms === a.ms && b.what === a.what));
    say(`${what.padEnd(26)} ${reply.status} ${String(Date.now() - began).padStart(6)} ms ${String(reply.text?.length ?? 0).padStart(9)} bytes${held.slice(0, 3).map(h => `\n    Redis held ${h.ms} ms by ${h.what}`).join("")}`);
    const later = reply.status === 503 && reply.headers?.["retry-after"]; // an erasure, or an index that is being made
    if (reply.status < 200 || (reply.status > 299 && !later)) failures.push(`${what}: ${reply.status} ${reply.text?.slice(0, 300)}`);
    if (path === "/user-data" && reply.status === 200) break;
  }
  over = true;
  await bystander;
  return {failures, beside, slow: await slowest(stack), left: Number(await stack.redis("DBSIZE"))};
}

async function main() {
  const option = (name, fallback) => Number(process.argv[process.argv.indexOf(`--${name}`) + 1] || fallback);
  const has = name => process.argv.includes(`--${name}`);
  const sizes = {sessions: has("sessions") ? option("sessions") : 100000, records: has("records") ? option("records") : 1000000, events: 100000, messages: 2000, inbox: 5000};
  const stack = await Stack.start({settings: {"rate.api_user": 0, "session.messages": 2000, "rate.tools_minute": 0, "rate.tools_day": 0}});
  try {
    await seed(stack, sizes, console.log);
    const {failures, beside, slow, left} = await run(stack, has("slow") ? option("slow") : 15, console.log);
    console.log(`${beside.asked} requests of a bystander, ${beside.failed.length} failed; ${slow.length} commands too slow; ${left} keys left of all users; ${failures.length} failures`);
    for (const f of failures) console.log(f);
    process.exitCode = failures.length || slow.length || beside.failed.length || left > 200 ? 1 : 0;
  } finally {
    await stack.stop({check: false});
  }
}
if (process.argv[1] === new URL(import.meta.url).pathname) await main();
