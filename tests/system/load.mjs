// SPDX-License-Identifier: BSD-2-Clause
// People who talk to an installed Turnpike, each through a connection of its own, until a file appears; then everything
// must be there, whole and once.
//
//   node tests/system/load.mjs --people N --secret TEXT --redis SOCKET --over FILE
//
// Serves the model itself, on port 9191. Prints "streaming" once all of them have an answer on its way.
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

const {values: options} = parseArgs({options: {people: {type: "string", default: "200"}, secret: {type: "string"}, redis: {type: "string"}, over: {type: "string"}}});

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

const double = await startDouble(PORT), redis = await Redis.open(options.redis);
const people = Array.from({length: Number(options.people)}, (_, i) => new Person(["ws", "sse", "ws", "sse", "json"][i % 5]));
const begun = Date.now();
const over = () => existsSync(options.over) || Date.now() - begun > LONGEST_MS;
const running = Promise.all(people.map(async (person, i) => {
  await pause(20 * i); // nginx' limits are for each address and credential; the machine's own address has none
  await person.run(over);
}));
while (double.requests.length < people.length && !over()) await pause(50);
console.log("streaming");
await running;
const report = {accepted: 0, lost: 0, doubled: 0, torn: 0, gaveUp: {}, faults: [], resumed: []};
await verdict(redis, people, report);
redis.end();
const again = people.flatMap(p => p.done.map(d => d.result)).filter(r => r.kind !== "ws").reduce((n, r) => n + r.sent - 1, 0);
const connections = people.reduce((n, p) => n + (p.socket?.connections ?? 0), 0);
console.log(`figure: ${people.length} people, ${report.accepted} messages, ${report.lost} lost, ${report.doubled} doubled, ${report.torn} torn, `
  + `${again} sent again, ${report.resumed.length} turns taken over, ${connections} connections of ${people.filter(p => p.socket).length} sockets`);
for (const [name, count] of Object.entries(report.gaveUp)) console.log(`told as failed: ${name} ${count}`);
for (const fault of report.faults.slice(0, 20)) console.log(fault);
process.exit(report.lost || report.doubled || report.torn || Object.keys(report.gaveUp).length ? 1 : 0);
