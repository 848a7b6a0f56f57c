// SPDX-License-Identifier: BSD-2-Clause
// What must be true after a campaign, read from Redis and from what the clients saw.
import {isDeepStrictEqual} from "node:util";
import {transcript} from "../e2e/harness.mjs";
import {disorder, fold, plain} from "./clients.mjs";

const ENDED = ["done", "cancelled", "interrupted", "failed"];
const bare = events => transcript(events.map(({id, ...event}) => event));
const compare = (a, b) => {
  const [x, y] = [a, b].map(id => id.split("-").map(Number));
  return x[0] - y[0] || x[1] - y[1];
};

async function readLog(redis, user, session) {
  const entries = await redis.call("XRANGE", `tp:{${user}}:s:${session}:log`, "-", "+");
  return entries.map(([id, [, value]]) => ({id, run: value.slice(0, 36), flag: value[37], event: JSON.parse(value.slice(39))}));
}

/** One person's session. Adds to the report. */
async function judge(redis, person, report, rolled) {
  const {user, session} = person, log = await readLog(redis, user, session);
  const stored = (await redis.call("LRANGE", `tp:{${user}}:s:${session}:msgs`, 0, -1)).map(m => JSON.parse(m));
  const over = ({since, at}) => rolled.some(r => since <= r.until && at >= r.from);
  const gone = new Set([...person.done, ...person.failed].filter(over).map(d => d.message)); // Redis has lost what it knew of them
  report.rolled = (report.rolled ?? 0) + gone.size;
  const fault = (kind, text) => { report[kind]++; report.faults.push(`${kind} (${person.kind} ${user}): ${text}`); };
  const runs = new Map();
  for (const entry of log) {
    if (!runs.has(entry.run)) runs.set(entry.run, []);
    runs.get(entry.run).push(entry);
  }
  const runOf = message => [...runs.values()].find(entries => entries[0].event.input?.messages?.some(m => m.content === message.text));
  let spoiled = false;
  const messages = [...person.done.map(d => d.message), ...person.failed.map(f => f.message)];
  for (const {message, error} of person.failed) if (!gone.has(message)) fault("lost", `message ${message.n}: ${error.message}`);
  for (const message of messages) {
    const entries = runOf(message);
    if (!entries) {
      if (!gone.has(message) && person.done.some(d => d.message === message)) fault("lost", `message ${message.n} was answered and is not in the log`);
      continue;
    }
    report.accepted++;
    const finals = entries.filter(e => e.flag === "F"), starts = entries.filter(e => e.flag === "S");
    if (finals.length === 0) fault("lost", `message ${message.n} has no final event`);
    if (finals.length > 1 || starts.length > 1) fault("doubled", `message ${message.n}: ${starts.length} starts, ${finals.length} finals`);
    const asked = stored.filter(m => m.role === "user" && m.content === message.text);
    if (asked.length !== 1 && !(gone.has(message) && !asked.length)) fault(asked.length ? "doubled" : "lost", `message ${message.n} stands ${asked.length} times in the conversation`);
    const end = finals[0]?.event;
    const whole = end?.type === "RUN_FINISHED" && (end.outcome?.type ?? "success") === "success";
    if (end && !whole) {
      spoiled = true;
      const name = end.code ?? end.outcome?.type;
      report.gaveUp[name] = (report.gaveUp[name] ?? 0) + 1;
    }
    if (whole && !gone.has(message)) {
      const at = stored.indexOf(asked[0]), next = stored.findIndex((m, i) => i > at && m.role === "user");
      const answer = stored.slice(at + 1, next < 0 ? undefined : next).filter(m => m.role === "assistant").at(-1);
      if (answer?.content !== message.answer) fault("torn", `message ${message.n}: ${JSON.stringify(answer?.content)} is not ${JSON.stringify(message.answer)}`);
    }
    message.whole = whole && !gone.has(message);
  }
  const wrong = disorder(log.map(e => e.event));
  if (wrong) fault("torn", `log: ${wrong}`);
  if (!gone.size) judgeViews(person, log, stored, runOf, spoiled, fault);
  await judgeLedger(redis, person, messages, stored, report, fault);
  report.resumed.push(...log.filter(e => e.event.name === "turnpike.resumed").map(e => ({turn: e.run, at: Number(e.id.split("-")[0])})));
}

function judgeViews(person, log, stored, runOf, spoiled, fault) {
  const rising = events => events.every((e, i) => i === 0 || compare(events[i - 1].id, e.id) < 0);
  for (const {message, result} of person.done) {
    if (result.kind === "json") {
      if (message.whole && result.reply.json.response !== message.answer) fault("torn", `reply to message ${message.n}: ${result.reply.text}`);
      continue;
    }
    if (result.kind !== "sse") continue;
    if (!rising(result.events)) fault("doubled", `stream of message ${message.n}: ids do not rise`);
    const expected = runOf(message)?.map(e => e.event) ?? [];
    if (!isDeepStrictEqual(bare(result.events), transcript(expected))) {
      fault("torn", `stream of message ${message.n}: saw ${result.events.map(e => e.type).join(" ")}, the log has ${expected.map(e => e.type).join(" ")}`);
    }
  }
  if (person.kind !== "ws") return;
  const {events} = person.socket;
  if (!rising(events)) fault("doubled", "socket: ids do not rise");
  const seen = bare(events), written = transcript(log.map(e => e.event));
  if (!isDeepStrictEqual(seen, written)) {
    const at = written.findIndex((e, i) => !isDeepStrictEqual(e, seen[i]));
    fault("torn", `socket: at ${at} of ${written.length} it saw ${JSON.stringify(seen[at])?.slice(0, 200)}, the log has ${JSON.stringify(written[at])?.slice(0, 200)}`);
  }
  if (!spoiled) judgeFold(fold(events), stored.map(plain), fault);
}

/** Results that tell the model of a failure, of the calls behind the message. They are no silent loss. */
function failedCalls(stored, message) {
  const at = stored.findIndex(m => m.role === "user" && m.content === message.text), next = stored.findIndex((m, i) => i > at && m.role === "user");
  return stored.slice(at + 1, next < 0 ? undefined : next).filter(m => m.role === "tool" && JSON.parse(m.content).success === false)
    .map(m => JSON.parse(m.content).error.code);
}

// A snapshot holds the end of a conversation: so many messages at least (RUNNER_HISTORY in fcgi-app/runner.h, without a margin).
const SNAPSHOT_LEAST = 400;

/** What a folding client has is the stored conversation, or, once it is longer than a snapshot, its whole end. */
function judgeFold(folded, stored, fault) {
  const least = Math.min(stored.length, SNAPSHOT_LEAST), tail = stored.slice(stored.length - folded.length);
  if (folded.length >= least && isDeepStrictEqual(folded, tail)) return;
  const at = folded.findIndex((m, i) => !isDeepStrictEqual(m, tail[i]));
  fault("torn", `socket: folding its events gives ${folded.length} messages, stored are ${stored.length}; the first other one, at ${at}: `
    + `${JSON.stringify(folded[at])?.slice(0, 300)} instead of ${JSON.stringify(tail[at])?.slice(0, 300)}`);
}

async function judgeLedger(redis, person, messages, stored, report, fault) {
  const values = async family => (await redis.call("HVALS", `tp:{${person.user}}:r:${family}`)).map(v => JSON.parse(v));
  const expenses = await values("expense"), trips = await values("trip");
  for (const message of messages) {
    const failed = failedCalls(stored, message);
    for (const code of failed) report.gaveUp[`call: ${code}`] = (report.gaveUp[`call: ${code}`] ?? 0) + 1;
    const spent = expenses.filter(e => e.description === `m${message.n}`).length;
    const planned = trips.filter(t => new RegExp(`"budget":${message.n}(\\.0+)?[,}]`).test(JSON.stringify(t))).length;
    for (const [name, is, right] of [["expenses", spent, message.expenses], ["trips", planned, message.trips]]) {
      if (is > right) fault("doubled", `${name} of message ${message.n}: ${is} instead of ${right}`);
      if (is < right && message.whole && !failed.length) fault("lost", `${name} of message ${message.n}: ${is} instead of ${right}`);
    }
  }
  const known = messages.reduce((sum, m) => sum + m.expenses, 0);
  if (expenses.length > known) fault("doubled", `${expenses.length} expenses of ${known}`);
}

/** Nothing that a turn needs only while it runs is left. Returns a list of what is. */
export async function leftovers(redis) {
  const left = [];
  for (const key of await redis.keys("tp:hint:leases*")) { // of a cluster there are parts
    const hints = await redis.call("ZRANGE", key, 0, -1);
    if (hints.length) left.push(`hints: ${hints}`);
  }
  for (const key of await redis.keys("tp:*")) {
    const [, rest] = /^tp:\{[^}]*\}:(.*)$/.exec(key) ?? [];
    if (/^s:[^:]+:queue$/.test(rest)) left.push(`queue ${key}`);
    if (/^turn:[^:]+:steps$/.test(rest)) left.push(`checkpoints ${key}`);
    if (/^s:[^:]+$/.test(rest) && await redis.call("TYPE", key) === "hash" && await redis.call("HEXISTS", key, "run")) left.push(`running turn in ${key}`);
    if (/^turn:[^:]+$/.test(rest)) {
      const [state, lease] = await redis.call("HMGET", key, "state", "lease");
      if (!ENDED.includes(state) || lease) left.push(`${key} is ${state}, lease ${lease}`);
    }
    if (rest !== undefined && !/^(r:|context$|families$)/.test(rest) && await redis.call("PTTL", key) < 0) left.push(`${key} never expires`);
  }
  return left;
}

// For how long before a worker's death another one counts as a part of what held its turn up.
const SHADOW_MS = {housekeeper: 500, redis: 2000, node: 5000, supervisor: 5000, "machine": 8000, "power": 8000, "machine cut": 12000, "machine deaf": 12000, "machine mute": 12000,
  "machine slow": 8000, "node cut": 12000, "node deaf": 12000, "node mute": 12000, "node slow": 8000};

/** Milliseconds from each worker's death to its turn's first sign of life elsewhere. */
export function takeovers(kills, resumed) {
  const times = {alone: [], disturbed: [], frozen: [], supervisor: [], machine: [], repeated: []};
  const meets = (a, b) => !a.machine || !b.machine || a.machine === b.machine;
  const after = (turn, at) => resumed.filter(r => r.turn === turn && r.at >= at - 2).map(r => r.at - at).sort((a, b) => a - b)[0];
  for (const kill of kills) {
    if (kill.turns) {
      for (const turn of kill.turns) {
        const time = after(turn, kill.at);
        const again = kills.some(k => k !== kill && SHADOW_MS[k.what] && k.at > kill.at && k.at < kill.at + (time ?? 0) && meets(k, kill));
        times[again ? "repeated" : kill.what === "supervisor" ? "supervisor" : "machine"].push(time);
      }
    } else if (kill.turn) {
      const time = after(kill.turn, kill.at);
      const disturbed = kills.some(k => k.at > kill.at - (SHADOW_MS[k.what] ?? -Infinity) && k.at < kill.at + (time ?? 0) && meets(k, kill));
      times[kill.what === "frozen" ? "frozen" : disturbed ? "disturbed" : "alone"].push(time);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, list.filter(t => t !== undefined).sort((a, b) => a - b)]));
}

/** rolled: spans of time whose writes Redis has lost: what people saw then may be nowhere. */
export async function verdict(redis, people, report, rolled = []) {
  for (const person of people) await judge(redis, person, report, rolled);
  return report;
}
