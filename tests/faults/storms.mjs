// SPDX-License-Identifier: BSD-2-Clause
// One user's storms, one kind after the other; what another user waits meanwhile, beside the calm right before.
//
//   node tests/faults/storms.mjs [--only KIND,KIND] [--messages 60] [--ratio 3] [--viewers 300]
//
// Kinds: webhooks (10,000 whose receivers never answer), pushes (browsers whose push service stalls), mcp (calls that a server never answers),
// voice (calls of speech without end), replay (`--viewers` that read a long session from its beginning), reminders (of 100,000 users in
// the same second), erasure and export (of a user with much). Ends with 1 when a request of the other user failed, or the 99th percentile of
// their answers is above `--ratio` times the calm one and 250 ms more.
import {execFileSync} from "node:child_process";
import {createECDH, createPrivateKey} from "node:crypto";
import http from "node:http";
import {once} from "node:events";
import net from "node:net";
import {join} from "node:path";
import {writeFileSync} from "node:fs";
import {BUILD, eventually, pause, scratch, Stack, uuid} from "../e2e/harness.mjs";
import {startMcpDouble} from "../doubles/mcp-double.mjs";
import {startPushService} from "../doubles/push-double.mjs";
import {copies, pipe, prefix, sessions} from "./bulk.mjs";

const GREEDY = "greedy", as = user => ({"X-Dev-User": user});
export const quantile = (times, q) => times.length ? times[Math.min(times.length - 1, Math.floor(times.length * q))] : NaN;

/** Messages of other users, one after the other: the milliseconds of each, in order. */
export async function others(stack, count, failed) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const reply = await stack.request("POST", "/chat", {body: {message: "hello [[text words=10]]"}, headers: as(`other${i}`), timeout: 60000}).catch(e => ({status: 0, text: e.message}));
    times.push(performance.now() - began);
    if (reply.status !== 200) failed.push(`${reply.status} ${reply.text?.slice(0, 200)}`);
  }
  return times.sort((a, b) => a - b);
}

/** Waits until it has happened: the milliseconds. */
async function took(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Turns that have ended, whose webhooks are due. */
export function* dead(user, url, count) {
  const now = Date.now();
  for (let i = 0; i < count; i++) {
    const turn = `00000000-0000-7000-8000-${String(i).padStart(12, "0")}`;
    yield ["HSET", `${prefix(user)}turn:${turn}`, "session", "s", "state", "done", "created", now - 9000, "started", now - 9000, "ended", now - 8000, "status", "200", "reply", "{}", "webhook", url];
    yield ["ZADD", "tp:hint:webhooks", now - 8000 + i / 100, `${user} ${turn}`];
  }
}

/** A receiver that answers /good at once, and nothing else ever. */
export async function startReceiver() {
  const receiver = {good: 0, held: 0, most: 0};
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url.startsWith("/good")) {
      receiver.good++;
      response.writeHead(204).end();
      return;
    }
    receiver.most = Math.max(receiver.most, ++receiver.held);
    response.on("close", () => { receiver.held--; });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  receiver.url = `http://127.0.0.1:${server.address().port}`;
  receiver.close = () => { server.closeAllConnections(); server.close(); };
  return receiver;
}

/** How long the end of another user's turn takes to be told. */
export async function told(stack, receiver, user) {
  const before = receiver.good;
  const reply = await stack.request("POST", "/chat", {body: {message: "x [[text words=2]]", webhook: {url: `${receiver.url}/good`}}, headers: as(user), timeout: 60000});
  if (reply.status !== 200) throw new Error(reply.text);
  return took(() => eventually(() => receiver.good > before, "the webhook of another user", 60000));
}

async function several(count, work) {
  const times = [];
  for (let i = 0; i < count; i++) times.push(await work(i));
  return times.sort((a, b) => a - b);
}

/** Each: set up, what the storm is (ends when `over()` says so), what else of another user is measured. */
const KINDS = {
  async webhooks({stack, receiver}) {
    return {
      measure: () => several(8, i => told(stack, receiver, `hooked${i}`)),
      storm: () => pipe(stack, dead(GREEDY, `${receiver.url}/never`, 10000)),
    };
  },
  async pushes({stack, pushes, key}) {
    const subscribe = async (user, answers) => {
      const browser = pushes.subscribe(key);
      for (let i = 0; i < answers; i++) browser.answers.push(["silent"]);
      await stack.request("POST", "/push/subscriptions", {body: browser.json, headers: as(user)});
      return browser;
    };
    const tell = (user, message) => stack.request("POST", "/tools/send_proactive_message", {body: {type: "tip", message}, headers: as(user)});
    const quiet = await subscribe("quiet", 0);
    for (let i = 0; i < 20; i++) await subscribe(GREEDY, 1000);
    return {
      measure: () => several(8, async i => {
        const before = quiet.messages.length;
        return took(async () => { await tell("quiet", `word ${i}`); await eventually(() => quiet.messages.length > before, "a push", 60000); });
      }),
      storm: async () => { for (let i = 0; i < 100; i++) await tell(GREEDY, `storm ${i}`); },
    };
  },
  async mcp({stack, mcp}) {
    mcp.faults["tide.table"] = "stall";
    const call = (user, name, args) => stack.request("POST", `/tools/${name}`, {body: args, headers: as(user), timeout: 60000});
    return {
      measure: () => several(20, i => took(async () => {
        const reply = await call(`sailor${i}`, "harbour__add", {a: i, b: 1});
        if (reply.status !== 200) throw new Error(`MCP of another user: ${reply.status} ${reply.text}`);
        await pause(150);
      })),
      storm: async over => Promise.all(Array.from({length: 6}, async () => {
        while (!over()) await stack.request("POST", "/chat", {body: {message: 'x [[tool name=harbour__tide_table args={"harbour":"Sydney"} | text say=x]]'}, headers: as(GREEDY), timeout: 60000}).catch(() => {});
      })),
    };
  },
  async voice({stack}) {
    const speak = user => stack.request("POST", "/voice/speak", {body: {text: "The weather in Sydney is fine, and the road to Dubbo is open."}, headers: as(user), timeout: 60000});
    return {
      measure: () => several(8, i => took(async () => {
        const reply = await speak(`talker${i}`);
        if (reply.status !== 200) throw new Error(`speech of another user: ${reply.status} ${reply.text}`);
      })),
      storm: over => Promise.all(Array.from({length: 16}, async () => {
        while (!over()) if ((await speak(GREEDY).catch(() => ({}))).status !== 200) await pause(20);
      })),
    };
  },
  async replay({stack, viewers}) {
    let begun = 0, whole = 0;
    const P = prefix(GREEDY), json = i => `{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"${"word ".repeat(20)}${i}"}`;
    await stack.request("POST", "/chat", {body: {message: "x [[text say=Hi.]]", session_id: "long"}, headers: as(GREEDY)});
    const top = Number((await stack.redis("XREVRANGE", `${P}s:long:log`, "+", "-", "COUNT", 1)).split("-")[0]);
    await pipe(stack, (function* () { for (let i = 1; i <= 10000; i++) yield ["XADD", `${P}s:long:log`, `${top + 1}-${i}`, "e", `00000000-0000-7000-8000-000000000000 T ${json(i)}`]; })());
    return {
      measure: async () => [],
      storm: (over, say) => Promise.all(Array.from({length: viewers}, async () => {
        while (!over()) {
          await new Promise(done => {
            const socket = net.connect(stack.port, "127.0.0.1", () => socket.write(`GET /api/v1/pam/sessions/long/events?cursor=0-0 HTTP/1.1\r\nHost: 127.0.0.1:${stack.port}\r\nAccept: text/event-stream\r\nX-Dev-User: ${GREEDY}\r\n\r\n`));
            let bytes = 0;
            const end = () => { socket.destroy(); done(); };
            socket.on("data", d => { if ((bytes += d.length) > 1500000 || over()) end(); whole += bytes > 1500000; begun += bytes === d.length && d.includes(" 200 "); });
            socket.on("error", end);
            socket.on("close", end);
            setTimeout(end, 8000);
          });
          await pause(5);
        }
      })).then(() => say(`replay     ${begun} began, ${whole} read whole`)),
    };
  },
  async reminders({stack}) {
    const seconds = 12, users = 100000;
    await stack.request("POST", "/tools/set_timer_or_alarm", {body: {action: "create", type: "timer", duration: "20 hours", label: "eggs"}, headers: as("cook")});
    const json = (await stack.redis("HVALS", `${prefix("cook")}r:timer`)).split("\n")[0], timer = JSON.parse(json);
    let due;
    return {
      measure: async () => [],
      storm: async (over, say) => {
        due = Date.now() + 1000 * seconds;
        const at = new Date(due).toISOString();
        await pipe(stack, (function* () {
          for (let i = 0; i < users; i++) {
            const user = `cook${i}`;
            yield ["HSET", `${prefix(user)}r:timer`, timer.id, JSON.stringify({...timer, due_ms: due, due_at: at})];
            yield ["ZADD", `${prefix(user)}r:timer:by-time`, due, timer.id];
            yield ["ZADD", "tp:hint:timers", due, `${user} ${timer.id}`];
          }
        })());
        await pause(Math.max(0, due - Date.now()));
        const left = async () => Number(await stack.redis("ZCOUNT", "tp:hint:timers", "-inf", due));
        let half;
        await eventually(async () => {
          const n = await left();
          if (n < users / 2) half ??= Date.now() - due;
          return n < users / 100;
        }, "99 of 100 reminders have fired", 300000);
        say(`    reminders: half after ${half} ms, 99 % after ${Date.now() - due} ms`);
      },
      whole: true,
    };
  },
  async erasure({stack}) {
    await pipe(stack, sessions(prefix(GREEDY), 20000, Date.now()));
    return {measure: async () => [], whole: true, storm: async (over, say) => {
      const ms = await took(async () => {
        for (let i = 0; i < 30; i++) {
          const reply = await stack.request("DELETE", "/user-data", {headers: {...as(GREEDY), "X-Confirm-Erase": GREEDY}, timeout: 60000});
          if (reply.status === 200) break;
        }
      });
      say(`    an erasure of 20,000 chats took ${ms.toFixed(0)} ms`);
    }};
  },
  async export({stack}) {
    const P = prefix(GREEDY);
    await stack.request("POST", "/tools/create_expense", {body: {amount: 12.5, category: "diesel"}, headers: as(GREEDY)});
    const json = (await stack.redis("HVALS", `${P}r:expense`)).split("\n")[0];
    await pipe(stack, copies(P, "expense", json, "x", 200000, Date.now() - 1e10, 1000, () => ({})));
    return {measure: async () => [], storm: async over => {
      while (!over()) {
        const reply = await fetch(`${stack.url}/api/v1/pam/export`, {headers: as(GREEDY)});
        for await (const _ of reply.body) if (over()) break;
      }
    }};
  },
};

async function run(place, kind, messages, say) {
  const {stack} = place, failed = [];
  const {measure, storm, whole} = await KINDS[kind](place);
  await others(stack, 5, []);
  const calm = await others(stack, messages, failed), own = await measure();
  let over = false;
  const storming = storm(() => over, say);
  await pause(500);
  const times = [];
  let ended = false;
  storming.then(() => { ended = true; });
  do {
    times.push(...await others(stack, messages, failed));
  } while (whole && !ended && times.length < 5000);
  const stormed = times.sort((a, b) => a - b), theirs = await measure().catch(e => { failed.push(e.message); return []; });
  over = true;
  await storming;
  const row = (name, a, b) => `${name} calm p50 ${quantile(a, 0.5).toFixed(0)} p99 ${quantile(a, 0.99).toFixed(0)}, storm p50 ${quantile(b, 0.5).toFixed(0)} p99 ${quantile(b, 0.99).toFixed(0)} ms`;
  say(`${kind.padEnd(10)} ${row("chats", calm, stormed)}${own.length ? `; ${row("the same service", own, theirs)}` : ""}; ${failed.length} failed`);
  for (const f of failed.slice(0, 3)) say(`    ${f}`);
  return {failed, calm, stormed, own, theirs};
}

async function main() {
  const option = (name, fallback) => process.argv.includes(`--${name}`) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : fallback;
  const kinds = option("only", Object.keys(KINDS).join(",")).split(","), most = Number(option("ratio", 3)), folder = scratch("tp-storms-");
  const pem = execFileSync(join(BUILD, "turnpike"), ["push-key"]).toString(), ecdh = createECDH("prime256v1");
  writeFileSync(join(folder, "push.pem"), pem, {mode: 0o600});
  ecdh.setPrivateKey(Buffer.from(createPrivateKey(pem).export({format: "jwk"}).d, "base64url"));
  const mcp = await startMcpDouble(), receiver = await startReceiver(), pushes = await startPushService();
  mcp.calls = {};
  writeFileSync(join(folder, "mcp.json"), JSON.stringify([{name: "harbour", url: mcp.url, trust_annotations: true}]), {mode: 0o600});
  let wrong = 0;
  for (const kind of kinds) {
    const stack = await Stack.start({settings: {"turn.seats": 64, "api.workers": 4, "webhook.secret": "the secret of the webhooks of this test", "webhook.allow_private": "on", "webhook.queue": 20000,
      "push.key_file": join(folder, "push.pem"), "push.subject": "mailto:operator@example.org", "push.allow_private": "on", "rate.voice_minute": 0, "rate.speak_minute": 0,
      "mcp.file": join(folder, "mcp.json"), "mcp.trust_first": "on"}});
    try {
      await eventually(async () => (await stack.get("/tools")).json.tools.some(t => t.name === "harbour__add"), "the MCP server is listed", 30000);
      const {failed, calm, stormed} = await run({stack, mcp, receiver, pushes, key: ecdh.getPublicKey().toString("base64url"), viewers: Number(option("viewers", 300))}, kind, Number(option("messages", 60)), console.log);
      if (failed.length || quantile(stormed, 0.99) > most * quantile(calm, 0.99) + 250) wrong++;
    } finally {
      await stack.stop({check: false});
    }
  }
  mcp.close?.();
  receiver.close();
  pushes.close();
  process.exitCode = wrong ? 1 : 0;
}
if (process.argv[1] === new URL(import.meta.url).pathname) {
  await main();
  process.exit();
}
