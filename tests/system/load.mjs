// SPDX-License-Identifier: BSD-2-Clause
// People who talk to an installed Turnpike, each through a connection of its own, until a file appears; then everything
// must be there, whole and once.
//
//   node tests/system/load.mjs --people N --secret TEXT --redis SOCKET --over FILE [--prompt]
//
// Others ask for short answers all the time; with --prompt it fails when these become slow. Serves the model itself, on port 9191. Prints "streaming" once all of them have an answer on its way.
import {createHmac} from "node:crypto";
import {existsSync} from "node:fs";
import {parseArgs} from "node:util";
import {startDouble} from "../doubles/model-double.mjs";
import {pause, Stack, uuid} from "../e2e/harness.mjs";
import {askJson, askStream, SocketClient} from "../faults/clients.mjs";
import {Redis} from "../faults/redis.mjs";
import {verdict} from "../faults/verdict.mjs";

const WORDS = "the road goes on along the river and over the hills to a quiet place by the sea where one can stay for a night".split(" ");
const PATIENCE_MS = 180000, LONGEST_MS = 300000, PORT = 9191;

const {values: options} = parseArgs({options: {people: {type: "string", default: "200"}, secret: {type: "string"}, redis: {type: "string"}, over: {type: "string"},
  prompt: {type: "boolean"}}});

function token(user) {
  const part = value => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({alg: "HS256", typ: "JWT"})}.${part({sub: user, aud: "turnpike", exp: Math.floor(Date.now() / 1000) + 3600})}`;
  return `${text}.${createHmac("sha256", options.secret).update(text).digest("base64url")}`;
}
/** The installed site, as one user sees it. */
function siteOf(user) {
  return Object.assign(Object.create(Stack.prototype), {url: "http://127.0.0.1", headers: {Host: "localhost", Authorization: `Bearer ${token(user)}`}});
}

let serial = 0;
class Person {
  done = [];
  failed = [];
  constructor(kind) {
    Object.assign(this, {kind, user: `u-${uuid().slice(0, 8)}`, session: uuid()});
    this.site = siteOf(this.user);
    if (kind === "ws") this.socket = new SocketClient(this.site, this.user, this.session);
  }
  async run(until) {
    while (!until()) {
      const n = ++serial, answer = `Answer ${n}: ${Array.from({length: 40}, (_, i) => WORDS[(n + i) % WORDS.length]).join(" ")}.`;
      const message = {n, id: uuid(), session: this.session, answer, expenses: 0, trips: 0, text: `message ${n} [[text say=${answer.replaceAll(" ", "_")} delay=150]]`};
      try {
        const result = this.kind === "ws" ? await this.socket.ask(message, PATIENCE_MS)
          : await (this.kind === "sse" ? askStream : askJson)(this.site, this.user, message, PATIENCE_MS);
        this.done.push({message, result});
      } catch (error) {
        this.failed.push({message, error});
      }
      await pause(200);
    }
    await this.socket?.end();
  }
}

/** Asks for short answers, one after the other, each over a connection of its own; keeps how long each took. */
class Quick {
  calm = [];
  under = [];
  failed = [];
  constructor() { this.site = siteOf(`u-${uuid().slice(0, 8)}`); }
  async run(isCalm, until) {
    while (!until()) {
      const began = Date.now(), calm = isCalm();
      const reply = await this.site.post("/chat", {message: "[[text say=yes]]", session_id: uuid()}, {timeout: PATIENCE_MS}).catch(error => ({status: 0, text: String(error)}));
      if (reply.status !== 200) this.failed.push(`${reply.status} ${reply.text.slice(0, 200)}`);
      (calm && isCalm() ? this.calm : this.under).push(Date.now() - began);
      await pause(20);
    }
  }
}
const percentile = (times, share) => times.length ? times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] : 0;

const double = await startDouble(PORT), redis = await Redis.open(options.redis);
const people = Array.from({length: Number(options.people)}, (_, i) => new Person(["ws", "sse", "ws", "sse", "json"][i % 5]));
const begun = Date.now();
const over = () => existsSync(options.over) || Date.now() - begun > LONGEST_MS;
const running = Promise.all(people.map(async (person, i) => {
  await pause(20 * i); // nginx' limits are for each address and credential; the machine's own address has none
  await person.run(over);
}));
let calm = true;
const quick = Array.from({length: 4}, () => new Quick()), quickEnded = Promise.all(quick.map(q => q.run(() => calm, over)));
while (double.requests.length < people.length && !over()) await pause(50);
calm = false;
console.log("streaming");
await running;
await quickEnded;
const report = {accepted: 0, lost: 0, doubled: 0, torn: 0, gaveUp: {}, faults: [], resumed: []};
await verdict(redis, people, report);
redis.end();
const again = people.flatMap(p => p.done.map(d => d.result)).filter(r => r.kind !== "ws").reduce((n, r) => n + r.sent - 1, 0);
const connections = people.reduce((n, p) => n + (p.socket?.connections ?? 0), 0);
console.log(`figure: ${people.length} people, ${report.accepted} messages, ${report.lost} lost, ${report.doubled} doubled, ${report.torn} torn, `
  + `${again} sent again, ${report.resumed.length} turns taken over, ${connections} connections of ${people.filter(p => p.socket).length} sockets`);
const [before, during] = ["calm", "under"].map(when => quick.flatMap(q => q[when])), lost = quick.flatMap(q => q.failed);
const text = times => `${times.length} in p50 ${percentile(times, 0.5)}, p99 ${percentile(times, 0.99)}, most ${percentile(times, 1)} ms`;
console.log(`figure: short requests ${text(during)} (before: ${text(before)})`);
for (const why of lost.slice(0, 5)) console.log(`short request refused: ${why}`);
// Beside the load itself, which a slow machine has too.
const late = options.prompt && percentile(during, 0.99) > Math.max(1000, 3 * percentile(before, 0.99));
if (late) console.log("short requests waited for the upgrade");
for (const [name, count] of Object.entries(report.gaveUp)) console.log(`told as failed: ${name} ${count}`);
for (const fault of report.faults.slice(0, 20)) console.log(fault);
process.exit(lost.length || late || report.lost || report.doubled || report.torn || Object.keys(report.gaveUp).length ? 1 : 0);
