// SPDX-License-Identifier: BSD-2-Clause
// Random processes are killed under load; afterwards everything must be there, whole and once.
//
//   node tests/faults/campaign.mjs [--kills N] [--seconds N] [--people N] [--workers N] [--pace MS] [--seed N] [--cluster 1]
//       [--ills all|refuse,slow,lies,disk,rollback] [--mixed 1]
//
// --ills: instead of kills, or with --mixed beside them, what ails Redis and the disks (ills.mjs); `refuse` and `disk` mount small disks.
// --pace: the least pause between two.
// TURNPIKE_BUILD names the build. The seed that was used is printed; it fixes the choices, not the
// moments. --cluster 1: over a Redis Cluster of six nodes, which are killed too.
import http from "node:http";
import {once} from "node:events";
import {pathToFileURL} from "node:url";
import {ClusterSite} from "../e2e/redis-cluster-site.mjs";
import {eventually, pause, processesOf, SLOW, Stack} from "../e2e/harness.mjs";
import {Ills} from "./ills.mjs";
import {descriptors, Killer} from "./kills.mjs";
import {Person} from "./load.mjs";
import {Redis, RedisCluster} from "./redis.mjs";
import {leftovers, takeovers, verdict} from "./verdict.mjs";

export const LEASE_MS = 2000;
export const POOLS = {"turn.seats": 24, "turn.reserved": 2, "turn.workers": 2, "api.workers": 2, "stream.workers": 2, "tool.processes": 2};

export function randomFrom(seed) {
  let a = seed >>> 0;
  return below => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return below > 0 ? ((t ^ (t >>> 14)) >>> 0) % below : 0;
  };
}

/** A routing service, slow enough for a tool to be killed in. */
export async function startRoutes(address = "127.0.0.1") {
  const server = http.createServer((request, response) => setTimeout(() => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({code: "Ok", routes: [{distance: 916000, duration: 36000, legs: [{distance: 916000, duration: 36000}]}]}));
  }, 120));
  server.listen(0, address);
  await once(server, "listening");
  server.url = `http://${address}:${server.address().port}`;
  return server;
}

export const percentile = (list, p) => list.length ? list[Math.min(list.length - 1, Math.floor(list.length * p))] : null;

async function killAll(killer, {seconds, kills, random, pace}) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end && killer.kills.length < kills) {
    await killer.next();
    await pause(pace + random(4 * pace));
  }
  await killer.thawing;
}

/** Kills come faster than turns end, and each hits all turns of its worker. */
export const settingsFor = (people, routes, workers = POOLS["turn.workers"]) => ({...POOLS, "turn.workers": workers, "turn.seats": Math.max(POOLS["turn.seats"], 2 * people), lease: `${LEASE_MS}ms`, "respawn.min": "20ms", "respawn.max": "200ms",
  drain: "3s", "osrm.url": routes.url, "turn.attempts": 100, "redis.timeout": "1s", "turn.quarantine_idle": "1s", "turn.quarantine": 8});

export function newReport(seed) {
  return {seed, kills: 0, byKind: {}, byStage: {}, accepted: 0, lost: 0, doubled: 0, torn: 0, rolled: 0, gaveUp: {}, ills: {}, deaths: 0, hit: [], faults: [], left: [], resumed: []};
}
export function count(report, kills) {
  report.kills = kills.length;
  report.hit = kills.map(k => k.hit).filter(Number.isInteger).sort((a, b) => a - b);
  for (const kill of kills) {
    report.byKind[kill.what] = (report.byKind[kill.what] ?? 0) + 1;
    if (kill.stage) report.byStage[kill.stage] = (report.byStage[kill.stage] ?? 0) + 1;
  }
  report.takeover = takeovers(kills, report.resumed);
}
/** How many descriptors a worker of each pool has open. */
export async function descriptorsOf(stack) {
  const most = {};
  for (const worker of (await stack.status()).slots) most[worker.pool] = Math.max(most[worker.pool] ?? 0, descriptors(worker.pid));
  return most;
}

/** Nothing is left over once everybody has gone. */
export async function checkRest(stack, redis, before, workers = POOLS["turn.workers"]) {
  let left;
  await eventually(async () => {
    left = await leftovers(redis);
    const {turns} = await stack.status();
    if (turns.running) left.push(`${turns.running} turns count as running`);
    return left.length === 0;
  }, "nothing is left over", 4 * LEASE_MS + 5000).catch(() => {});
  const wanted = 2 + workers + POOLS["api.workers"] + POOLS["stream.workers"] + POOLS["tool.processes"];
  await eventually(() => processesOf(stack.pid).length === wanted, `${wanted} processes`).catch(error => left.push(`${error.message}, there are ${processesOf(stack.pid).length}`));
  for (const worker of (await stack.status()).slots) {
    const now = descriptors(worker.pid);
    // A seat may keep a connection to the model, and a stream worker 32 idle ones to the turn workers.
    const kept = worker.pool === "stream" ? 32 : worker.pool === "turn" ? 32 * POOLS["stream.workers"] : 0;
    if (now > (before[worker.pool] ?? before.turn) + 12 + worker.seats + kept) left.push(`${worker.pool} worker ${worker.pid} has ${now} descriptors, at first ${before[worker.pool]}`);
  }
  return left;
}

export async function campaign({seconds = 60, kills = Infinity, people = 12, seed = Date.now() % 1e9, patience = 60000 * SLOW, cluster = 0, ills = "", mixed = 0, pace = 30, workers = POOLS["turn.workers"]} = {}) {
  const families = ills ? Ills.parse(ills) : [], needs = Ills.needs(families);
  const random = randomFrom(seed), routes = await startRoutes();
  const site = cluster ? await ClusterSite.start({replicas: 1}) : null;
  const stack = await Stack.start({durable: needs.everysec ? "everysec" : true, small: needs.small, prepare: s => Ills.prepare(s, families),
    settings: {...site?.settings, ...settingsFor(people, routes, workers)}});
  const report = newReport(seed);
  try {
    const before = await descriptorsOf(stack);
    const crowd = Array.from({length: people}, (_, i) => new Person(stack, ["ws", "sse", "json"][i % 3], random, patience));
    let over = false;
    const running = Promise.all(crowd.map(person => person.run(() => over)));
    await pause(500);
    const killer = new Killer(stack, random, LEASE_MS * 1.2, {site}), sick = new Ills(stack, random, families);
    const both = [...!ills || mixed ? [killer] : [], ...ills ? [sick] : []];
    await Promise.all(both.map(one => killAll(one, {seconds, kills, random, pace})));
    over = true;
    await running;
    await site?.whole();
    const redis = site ? await RedisCluster.open(site.nodes) : await Redis.open(`${stack.run}/redis.sock`);
    // Turns that had ended run in what came back: they end once more.
    if (sick.rolled.length) await eventually(async () => (await leftovers(redis)).length === 0, "turns that came back end", 4 * LEASE_MS + 10000).catch(() => {});
    await verdict(redis, crowd, report, sick.rolled);
    report.left = await checkRest(stack, redis, before, workers);
    redis.end();
    count(report, killer.kills);
    for (const {what} of sick.kills) report.ills[what] = (report.ills[what] ?? 0) + 1;
    report.deaths = killer.kills.length ? 0 : Object.values((await stack.status()).pools).reduce((n, p) => n + p.deaths, 0);
    if (report.deaths) report.left.push(`${report.deaths} processes died of no kill`);
    report.log = stack.logTail(60);
  } finally {
    routes.closeAllConnections();
    routes.close();
    stack.liar?.close();
    await stack.stop({check: !report.faults.length}).catch(error => report.left.push(error.message.slice(0, 2000)));
    await site?.stop();
  }
  return report;
}

export const counts = o => Object.entries(o).map(([k, v]) => `${k} ${v}`).join(", ") || "none";

export function tell(report) {
  const times = name => {
    const list = report.takeover[name];
    return `${list.length} times, p50 ${percentile(list, 0.5)} ms, p99 ${percentile(list, 0.99)} ms`;
  };
  return [
    `${report.kills} kills, ${report.accepted} accepted, ${report.lost} lost, ${report.doubled} doubled, ${report.torn} torn, `
      + `takeover p50 ${percentile(report.takeover.alone, 0.5)} ms p99 ${percentile(report.takeover.alone, 0.99)} ms (seed ${report.seed})`,
    `  ${Object.values(report.ills).reduce((n, k) => n + k, 0)} ills: ${counts(report.ills)}; ${report.deaths} deaths; ${report.rolled} messages while Redis lost what it had acknowledged`,
    `  turns of a turn worker when it was killed: p50 ${percentile(report.hit, 0.5)}, most ${report.hit.at(-1) ?? null}`,
    `  killed: ${counts(report.byKind)}; turn workers in: ${counts(report.byStage)}; told as failed: ${counts(report.gaveUp)}`,
    `  takeovers after a worker's death alone: ${times("alone")}; with other parts down too: ${times("disturbed")}`,
    `  after a freeze (lease ${LEASE_MS} ms): ${times("frozen")}; after the supervisor's death: ${times("supervisor")}; after it, and more: ${times("repeated")}`,
    ...report.faults.slice(0, 40).map(f => `  ${f}`),
    ...report.left.slice(0, 40).map(l => `  left over: ${l}`),
  ].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = {};
  for (let i = 2; i < process.argv.length; i += 2) {
    const value = process.argv[i + 1];
    options[process.argv[i].replace(/^--/, "")] = /^\d+$/.test(value) ? Number(value) : value;
  }
  if (options.kills && !options.seconds) options.seconds = 3600;
  const report = await campaign(options);
  console.log(tell(report));
  if (report.faults.length || report.left.length) console.log(report.log);
  process.exit(report.lost || report.doubled || report.torn || report.left.length ? 1 : 0);
}
