// SPDX-License-Identifier: BSD-2-Clause
// Messages whose right answer is known, and the clients that send them.
import {pause, uuid} from "../e2e/harness.mjs";
import {askJson, askStream, SocketClient} from "./clients.mjs";

let serial = 0;
const WORDS = "the road goes on along the river and over the hills to a quiet place by the sea where one can stay".split(" ");

/** One of the kinds of turns, with what it must leave behind. */
function makeMessage(session, random) {
  const n = ++serial, words = Array.from({length: 10 + random(25)}, (_, i) => WORDS[(n + i) % WORDS.length]);
  const answer = `Answer ${n}: ${words.join(" ")}.`, say = `text say=${answer.replaceAll(" ", "_")} delay=${2 + random(8)}`;
  const expense = k => `{"amount":${n}.${k}5,"category":"diesel","description":"m${n}"}`;
  const trip = `{"origin":"-33.87,151.21","destination":"-27.47,153.02","budget":${n}}`;
  const kinds = [
    {scenario: say, expenses: 0, trips: 0},
    {scenario: `tool name=create_expense args=${expense(1)} delay=4 | ${say}`, expenses: 1, trips: 0},
    {scenario: `tool name=create_expense,create_expense args=${expense(1)};${expense(2)} delay=2 | ${say}`, expenses: 2, trips: 0},
    {scenario: `tool name=plan_trip args=${trip} delay=2 | ${say}`, expenses: 0, trips: 1},
    {scenario: `tool name=create_expense args=${expense(1)} delay=1 | tool name=plan_trip args=${trip} delay=1 | ${say}`, expenses: 1, trips: 1},
    {scenario: `tool name=get_current_time args={} | ${say}`, expenses: 0, trips: 0},
    {scenario: `tool name=export_budget_report args={"format":"pdf"} | ${say}`, expenses: 0, trips: 0}, // in a tool process
  ];
  const kind = kinds[random(kinds.length)];
  return {n, id: uuid(), session, answer, text: `message ${n} [[${kind.scenario}]]`, ...kind};
}

/** One user with one session who sends message after message until `until()` says it is over. */
export class Person {
  done = [];   // {message, result, since, at}
  failed = []; // {message, error, since, at}
  constructor(stack, kind, random, patience) {
    Object.assign(this, {stack, kind, random, patience, user: `u-${uuid().slice(0, 8)}`, session: uuid()});
    if (kind === "ws") this.socket = new SocketClient(stack, this.user, this.session);
  }
  async run(until) {
    while (!until()) {
      const message = makeMessage(this.session, this.random);
      this.present = message;
      const since = Date.now();
      try {
        const result = this.kind === "ws" ? await this.socket.ask(message, this.patience)
          : await (this.kind === "sse" ? askStream : askJson)(this.stack, this.user, message, this.patience);
        this.done.push({message, result, since, at: Date.now()});
      } catch (error) {
        this.failed.push({message, error, since, at: Date.now()});
      }
      this.present = null;
      await pause(this.random(60));
    }
    await this.socket?.end();
  }
}
