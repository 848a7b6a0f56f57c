// SPDX-License-Identifier: BSD-2-Clause
// More work than there is room for, most of it one user's: the others are served as when it is calm.
//
//   node tests/faults/overload.mjs [--messages 1000] [--seats 20] [--ratio 2] [--rates 1]
//
// messages: of each of the others in each phase; with few of them the first second of the flood decides.
// --rates 0: without the limits of messages and requests a minute that a site has by default.
//
// A flood of one user, from a process of its own: messages for ten times the seats, sockets that read nothing, calls of tools and lists,
// uploads; and long answers whose readers take nothing, for a quarter of the seats, eight at most. Meanwhile other
// users send messages, one after the other each, first in the calm and then in the flood. Ends with 1 when a process died, another user's
// request failed, the 99th percentile of their answers is above `--ratio` times the calm one, a refusal has no code or no Retry-After, or
// an accepted message has no end.
import {fork} from "node:child_process";
import {once} from "node:events";
import net from "node:net";
import {fileURLToPath} from "node:url";
import {eventually, Stack, uuid} from "../e2e/harness.mjs";

const as = user => ({"X-Dev-User": user});
const GREEDY = "greedy", OTHERS = 4;
const REFUSALS = new Set([429, 503]);

/** A refusal says what it is and when to come again. */
function judge(seen, kind, reply) {
  const key = `${kind} ${reply.status}${reply.json?.code ? ` ${reply.json.code}` : ""}`;
  seen.counts[key] = (seen.counts[key] ?? 0) + 1;
  if (reply.status >= 200 && reply.status < 300) return true;
  if (!REFUSALS.has(reply.status)) seen.wrong.push(`${key}: ${reply.text?.slice(0, 200)}`);
  else if (!reply.json?.code || !(Number(reply.headers["retry-after"]) >= 1)) seen.wrong.push(`${key} without a code or Retry-After`);
  return false;
}

/** Others, one message after the other each, until `over()`; the milliseconds of each. */
async function others(stack, seen, over, phase) {
  const times = [];
  await Promise.all(Array.from({length: OTHERS}, async (_, i) => {
    for (let n = 0; !over(n); n++) {
      const began = performance.now();
      const reply = await stack.request("POST", "/chat", {body: {message: "hello [[text say=Hi.]]"}, headers: as(`other-${phase}-${i}-${n}`), timeout: 60000});
      times.push(performance.now() - began);
      if (reply.status !== 200 || reply.json.response !== "Hi.") seen.failed.push(`${reply.status} ${reply.text?.slice(0, 200)}`);
    }
  }));
  return times.sort((a, b) => a - b);
}
export const quantile = (times, q) => times[Math.min(times.length - 1, Math.floor(times.length * q))];

/** What one user does without end, until `over()`. Accepted turns in `seen.turns`. */
function flood(stack, seen, over, seats) {
  const post = (path, body, headers = {}) => stack.request("POST", path, {body, headers: {...as(GREEDY), ...headers}, timeout: 60000}).catch(e => ({status: 0, text: e.message, headers: {}}));
  const again = async (kind, ask) => {
    while (!over()) {
      const reply = await ask();
      const taken = judge(seen, kind, reply);
      if (taken && reply.json?.turn_id) seen.turns.push(reply.json.turn_id);
      if (!taken) await new Promise(go => setTimeout(go, 20));
    }
  };
  const many = (n, work) => Array.from({length: n}, work);
  const deaf = many(30, () => {
    const socket = net.connect(stack.port, "127.0.0.1", () => {
      socket.write(`GET /api/v1/pam/ws/${GREEDY} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Dev-User: ${GREEDY}\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
      socket.pause();
    });
    socket.on("error", () => {});
    return socket;
  });
  // Answers of some 100 KB each to readers that take nothing of them.
  const slow = many(Math.min(8, Math.floor(seats / 40)), (_, i) => {
    const body = JSON.stringify({message: "x [[text words=20000]]", session_id: uuid()});
    const socket = net.connect(stack.port, "127.0.0.1", () => {
      socket.write(`POST /api/v1/pam/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Dev-User: slow-${i}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`);
      socket.pause();
    });
    socket.on("error", () => {});
    return socket;
  });
  const done = Promise.all([
    ...many(seats, () => again("message", () => post("/chat", {message: "x [[text words=40]]", session_id: uuid()}, {Prefer: "respond-async"}))),
    ...many(8, () => again("tool", () => post("/tools/plan_trip", {origin: "Sydney", destination: "Brisbane"}))),
    ...many(8, () => again("list", () => stack.request("GET", "/sessions?q=river", {headers: as(GREEDY), timeout: 60000}))),
    ...many(4, () => again("upload", () => stack.request("POST", "/attachments?name=a.txt", {body: "x".repeat(200000), headers: {...as(GREEDY), "Content-Type": "text/plain"}, timeout: 60000}))),
  ]);
  return done.finally(() => { for (const s of [...deaf, ...slow]) s.destroy(); });
}

/** Calm, then flood. `messages`: how many each other user sends in each phase. */
export async function overload(stack, {messages, seats, say = () => {}}) {
  const seen = {counts: {}, wrong: [], failed: [], turns: []};
  const deaths = async () => Object.values((await stack.status()).pools).reduce((n, p) => n + p.deaths, 0);
  const before = await deaths();
  await others(stack, {failed: []}, n => n >= 2, "warm");
  const calm = await others(stack, seen, n => n >= messages, "calm");
  const flooding = fork(fileURLToPath(import.meta.url), ["flood", String(stack.port), String(10 * seats)]);
  const told = once(flooding, "message").then(([message]) => message);
  await eventually(async () => (await stack.status()).turns.running > 0, "the flood has begun", 60000);
  const flooded = await others(stack, seen, n => n >= messages, "flood");
  flooding.send("over");
  const what = await told;
  Object.assign(seen.counts, what.counts);
  seen.wrong.push(...what.wrong);
  seen.turns.push(...what.turns);
  say(`calm p50 ${quantile(calm, 0.5).toFixed(1)} p99 ${quantile(calm, 0.99).toFixed(1)} ms; flooded p50 ${quantile(flooded, 0.5).toFixed(1)} p99 ${quantile(flooded, 0.99).toFixed(1)} ms`);
  // Nothing that was accepted is lost.
  await eventually(async () => (await stack.status()).turns.running === 0, "all turns end", 120000);
  const lost = [];
  for (const turn of new Set(seen.turns)) {
    const reply = await eventually(async () => {
      const r = await stack.request("GET", `/turns/${turn}`, {headers: as(GREEDY), timeout: 60000});
      return !REFUSALS.has(r.status) && !["pending", "queued", "running"].includes(r.json.state) && r;
    }, `turn ${turn} ends`, 120000);
    if (reply.json.state !== "done") lost.push(`${turn} ${reply.json.state}`);
  }
  return {...seen, lost, calm, flooded, deaths: await deaths() - before};
}

async function floodMain(port, many) {
  const stack = Object.assign(Object.create(Stack.prototype), {port: Number(port), url: `http://127.0.0.1:${port}`, headers: {}});
  const seen = {counts: {}, wrong: [], turns: []};
  let over = false;
  process.once("message", () => { over = true; });
  process.once("disconnect", () => process.exit(1));
  await flood(stack, seen, () => over, Number(many));
  process.send(seen, () => process.exit(0));
}

async function main() {
  const option = (name, fallback) => process.argv.includes(`--${name}`) ? Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) : fallback;
  const seats = option("seats", 20), most = option("ratio", 2);
  const rates = option("rates", 1) ? {"rate.chat_user": 30, "rate.api_user": 300, "rate.tools_minute": 120, "rate.tools_day": 3000} : {};
  const stack = await Stack.start({settings: {"turn.seats": seats, "turn.user": 8, ...rates}});
  try {
    const result = await overload(stack, {messages: option("messages", 1000), seats, say: console.log});
    const ratio = quantile(result.flooded, 0.99) / quantile(result.calm, 0.99);
    for (const [what, n] of Object.entries(result.counts).sort()) console.log(`${what.padEnd(40)} ${n}`);
    for (const line of [...result.wrong.slice(0, 10), ...result.failed.slice(0, 10), ...result.lost.slice(0, 10)]) console.log(line);
    console.log(`others: p99 ${ratio.toFixed(2)} times the calm one; ${result.failed.length} failed; ${result.wrong.length} unclear refusals; ${result.lost.length} of ${result.turns.length} accepted lost; ${result.deaths} deaths`);
    process.exitCode = ratio > most || result.failed.length || result.wrong.length || result.lost.length || result.deaths ? 1 : 0;
  } finally {
    await stack.stop({check: false});
  }
}
if (process.argv[1] === fileURLToPath(import.meta.url)) await (process.argv[2] === "flood" ? floodMain(...process.argv.slice(3)) : main());
