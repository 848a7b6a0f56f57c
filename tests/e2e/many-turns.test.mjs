// SPDX-License-Identifier: BSD-2-Clause
// Many turns in one worker: what becomes of them when the worker is frozen, full, leaves, or everything around it fails at once.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {once} from "node:events";
import {readdirSync, readFileSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {promisify} from "node:util";
import {eventually, pause, SLOW, Stack, uuid, within} from "./harness.mjs";

const ASYNC = {headers: {Prefer: "respond-async"}};
const ENDED = ["done", "cancelled", "failed", "interrupted"];

// ---- FastCGI by hand: a peer that sends and reads when the test wants ------------------------------

const record = (type, content) => Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]), content]);
const length = n => n < 128 ? Buffer.from([n]) : Buffer.from([n >> 24 | 128, n >> 16 & 255, n >> 8 & 255, n & 255]);
function fastcgi(method, path, body = "") {
  const bytes = Buffer.from(body);
  const params = {REQUEST_METHOD: method, REQUEST_URI: `/api/v1/pam${path}`, DOCUMENT_URI: `/api/v1/pam${path}`, QUERY_STRING: "",
    CONTENT_TYPE: "application/json", CONTENT_LENGTH: String(bytes.length), HTTP_HOST: "127.0.0.1", REMOTE_ADDR: "127.0.0.1"};
  const pairs = Object.entries(params).flatMap(([k, v]) => [length(k.length), length(v.length), Buffer.from(k + v)]);
  return Buffer.concat([record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(4, Buffer.concat(pairs)), record(4, Buffer.alloc(0)),
    ...bytes.length ? [record(5, bytes)] : [], record(5, Buffer.alloc(0))]);
}
/** The reply's text, once the end of the request has come. */
function content(bytes) {
  let out = "", ended = false;
  for (let at = 0; at + 8 <= bytes.length;) {
    const len = bytes.readUInt16BE(at + 4);
    if (bytes[at + 1] === 6) out += bytes.subarray(at + 8, at + 8 + len);
    ended ||= bytes[at + 1] === 3;
    at += 8 + len + bytes[at + 6];
  }
  return ended ? out : null;
}
async function connect(stack) {
  const socket = net.connect({path: join(stack.run, "turn.sock")});
  await once(socket, "connect");
  socket.pause();
  return socket;
}
async function reply(socket) {
  const chunks = [];
  socket.on("data", chunk => chunks.push(chunk));
  socket.on("error", () => {});
  socket.resume();
  await within(30000 * SLOW, once(socket, "close"), "the connection ends");
  return content(Buffer.concat(chunks));
}

const ticks = pid => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return Number(fields[11]) + Number(fields[12]);
};
const limit = (pid, n) => promisify(execFile)("prlimit", ["--pid", String(pid), `--nofile=${n}:`]);

describe("one of two workers is frozen", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"turn.workers": 2, "turn.seats": 16, "turn.user": 0}}); });
  after(() => stack.stop());

  test("the other one takes what comes, however many turns it has already", async () => {
    const [frozen] = await stack.workers("turn");
    process.kill(frozen.pid, "SIGSTOP");
    try {
      for (let i = 0; i < 6; i++) {
        const turn = await stack.chat("hello [[text words=5 hold=2]]", {session_id: uuid()}, ASYNC);
        assert.equal(turn.status, 202, turn.text);
      }
      assert.equal((await stack.seats("turn")).filter(s => s.pid !== frozen.pid && s.turn).length, 6);
    } finally {
      process.kill(frozen.pid, "SIGCONT");
      await stack.double.until(d => d.held === 6, "all are at the model");
      stack.double.release();
    }
    await eventually(async () => (await stack.seats("turn")).every(s => !s.turn), "all have ended");
  });
});

describe("one worker", () => {
  let stack;
  before(async () => { stack = await Stack.start({settings: {"turn.workers": 1, "turn.seats": 16, drain: "20s", "turn.bytes": "8m", "log.turn_bytes": "64m"}}); });
  after(() => stack.stop());

  test("without descriptors it waits and does not turn in circles; what came meanwhile is served afterwards", async () => {
    const [{pid}] = await stack.workers("turn");
    assert.equal((await stack.chat("hello [[text words=3]]")).status, 200);
    const open = readdirSync(`/proc/${pid}/fd`).length;
    await limit(pid, Math.min(...Array.from({length: open + 1}, (_, i) => i).filter(i => !readdirSync(`/proc/${pid}/fd`).includes(String(i)))));
    const waiting = stack.chat("hello [[text words=3]]", {}, {timeout: 60000 * SLOW});
    await eventually(() => stack.log().includes("cannot accept"), "it cannot accept");
    const began = ticks(pid), from = Date.now();
    await pause(2000);
    const share = (ticks(pid) - began) * 10 / (Date.now() - from);
    await limit(pid, 1024);
    assert.equal((await waiting).status, 200);
    assert.ok(share < 0.25, `it used ${(share * 100).toFixed(0)} % of a processor to wait`);
  });

  test("a connection that was made just before it leaves gets an answer to its request", async () => {
    const [old] = await stack.workers("turn");
    const socket = await connect(stack);
    const {generation} = await stack.status();
    process.kill(stack.pid, "SIGHUP");
    await eventually(async () => (await stack.status()).generation > generation && (await stack.workers("turn")).some(w => w.pid !== old.pid && w.state === "ready"), "the new one is there");
    await eventually(async () => (await stack.workers("turn")).every(w => w.pid !== old.pid || w.state !== "ready"), "the old one leaves");
    socket.write(fastcgi("GET", "/chat"));
    assert.match(await reply(socket) ?? "no reply", /^Status: [45]\d\d/m);
    await eventually(async () => (await stack.workers("turn")).every(w => w.pid !== old.pid), "it has left");
  });

  test("a long reply goes out whole before it leaves, though its reader is slow", async () => {
    const [old] = await stack.workers("turn");
    stack.double.texts.set("long", "word and word and wording ".repeat(60000));
    const socket = await connect(stack);
    socket.write(fastcgi("POST", "/chat", JSON.stringify({message: "tell [[text named=long]]"})));
    await eventually(async () => (await stack.seats("turn")).some(s => s.turn), "the turn runs");
    const {generation} = await stack.status();
    process.kill(stack.pid, "SIGHUP");
    await eventually(async () => (await stack.status()).generation > generation, "the reload has begun");
    await eventually(async () => (await stack.seats("turn")).every(s => s.pid !== old.pid || !s.turn), "the turn has ended", 60000 * SLOW);
    const text = await reply(socket);
    assert.ok(text, "the reply has its end");
    assert.ok(JSON.parse(text.slice(text.indexOf("\r\n\r\n"))), "and is whole");
    await eventually(async () => (await stack.workers("turn")).every(w => w.pid !== old.pid), "it has left");
  });
});

/** How many final entries the log of each session has. */
const ENDS = `local out = {}
for _, key in ipairs(redis.call("KEYS", "tp:*:s:*:log")) do
  out[key] = 0
  for _, entry in ipairs(redis.call("XRANGE", key, "-", "+")) do
    if string.find(entry[2][2], "^%S+ F ") then out[key] = out[key] + 1 end
  end
end
return cjson.encode(out)`;

describe("everything fails at once", () => {
  const SECONDS = Number(process.env.TURNPIKE_STORM ?? 12), CLIENTS = Number(process.env.TURNPIKE_STORM_CLIENTS ?? 60);
  let stack;
  before(async () => {
    stack = await Stack.start({durable: true, settings: {"turn.workers": 2, "turn.seats": CLIENTS + 20, lease: "3s", "redis.timeout": "1s", "respawn.min": "50ms", "turn.queue": 4, "turn.user": 0, "turn.time": "20s", "breaker.failures": 1000}});
  });
  after(() => stack.stop());

  test("each accepted run has one end, no seat stays taken, and the drain ends", async () => {
    const accepted = new Set(), random = n => Math.floor(Math.random() * n);
    const end = Date.now() + SECONDS * 1000;
    const until = () => Date.now() < end;
    const scenario = () => ["text words=12 delay=20", "text words=40 delay=10", "stall after=3", "cut after=4", "silent", "tool name=create_expense args={\"amount\":2,\"category\":\"gas\"} | text words=5",
      "text words=30 hold=9"][random(7)];
    const client = async () => {
      while (until()) {
        const session_id = uuid(), message = `hi [[${scenario()}]]`;
        if (random(2)) {
          const r = await stack.chat(message, {session_id}, {...ASYNC, timeout: 60000}).catch(() => null);
          if (r?.status !== 202) { await pause(50); continue; }
          accepted.add(session_id);
          await pause(random(400));
          if (random(2)) await stack.post(`/turns/${r.json.turn_id}/cancel`, {}).catch(() => null);
        } else {
          const reader = stack.chatStream(message, {session_id});
          reader.response.catch(() => {});
          await pause(random(600));
          reader.drop();
        }
      }
    };
    const quietly = fn => Promise.resolve().then(fn).catch(() => {});
    const trouble = async () => {
      for (let i = 0; until(); i++) {
        await pause(1200);
        const redis = stack.parts.redis;
        switch (i % 5) {
          case 0: await quietly(() => stack.redis("CLIENT", "KILL", "TYPE", "normal")); break;
          case 1:
            redis.kill("SIGSTOP");
            await pause(1800);
            redis.kill("SIGCONT");
            break;
          case 2: process.kill(stack.pid, "SIGHUP"); break;
          case 3:
            redis.kill("SIGKILL");
            await redis.ended;
            await pause(300);
            await stack.startRedis();
            break;
          case 4: {
            const workers = await stack.workers("turn");
            if (workers.length) await quietly(() => process.kill(workers[random(workers.length)].pid, ["SIGKILL", "SIGUSR1", "SIGTERM"][i % 3]));
          }
        }
      }
    };
    await Promise.all([trouble(), ...Array.from({length: CLIENTS}, client)]);
    stack.double.release();
    await eventually(async () => {
      const reply = await stack.redis("EVAL", ENDS, 0);
      if (reply.startsWith("LOADING")) return false;
      const ends = Object.entries(JSON.parse(reply));
      for (const [key, n] of ends) assert.ok(n < 2, `${key} has ${n} ends`);
      for (const session of accepted) assert.ok(ends.some(([key]) => key.includes(session)), `${session} is there`);
      return ends.every(([, n]) => n === 1);
    }, "each run has its end", 60000 * SLOW);
    await eventually(async () => (await stack.workers("turn")).every(w => w.seats_busy === 0), "all seats are free");
    assert.equal((await stack.status()).turns.running, 0);
  });
});
