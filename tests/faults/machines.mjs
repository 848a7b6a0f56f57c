// SPDX-License-Identifier: BSD-2-Clause
// Three machines over a Redis Cluster of six nodes, each in a network namespace of its own. Under load processes, nodes and whole machines are
// killed, machines and nodes are cut off, one way too, and made slow; then slots move. Afterwards everything must be there, whole and once.
//
//   node tests/faults/machines.mjs [--kills N] [--seconds N] [--people N] [--seed N] [--reshard SLOTS] [--share N]
//
// --share: of 100 steps, how many begin a fault of a machine, a node or the network; the others kill a process.
// TURNPIKE_BUILD names the build, REDIS_SERVER another server than redis-server. It needs root, or namespaces for users, and /dev/net/tun.
import {fileURLToPath, pathToFileURL} from "node:url";
import {pause, SLOW, Stack} from "../e2e/harness.mjs";
import {ClusterSite} from "../e2e/redis-cluster-site.mjs";
import {startDouble} from "../doubles/model-double.mjs";
import {checkRest, count, counts, descriptorsOf, LEASE_MS, newReport, percentile, randomFrom, settingsFor, startRoutes, tell} from "./campaign.mjs";
import {Breaker} from "./breaker.mjs";
import {Killer} from "./kills.mjs";
import {Person} from "./load.mjs";
import {insideNetwork, isInside, Network} from "./network.mjs";
import {RedisCluster} from "./redis.mjs";
import {verdict} from "./verdict.mjs";

const MACHINES = 3, NODES = 6;
const OF_A_MACHINE = {turn: 70, freeze: 5, stream: 7, api: 3, housekeeper: 5, tool: 4, nginx: 4, supervisor: 2};

/** What clients see as the service: each request and each new connection meets any machine, as behind a load balancer that knows of no fault. */
export class Anywhere {
  refused = {};
  refusedMs = [];
  constructor(stacks, random) { Object.assign(this, {stacks, random}); }
  get #one() { return this.stacks[this.random(this.stacks.length)]; }
  get url() { return this.#one.url; }
  get headers() { return {}; }
  async post(path, body, options) {
    const from = performance.now(), reply = await this.#one.post(path, body, options);
    if (reply.status >= 400) {
      const name = `${reply.status} ${reply.json?.code ?? "?"}`;
      this.refused[name] = (this.refused[name] ?? 0) + 1;
      this.refusedMs.push(performance.now() - from);
    }
    return reply;
  }
  sse(...args) { return this.#one.sse(...args); }
  chatStream(...args) { return this.#one.chatStream(...args); }
}

export class Site {
  stacks = [];
  /** settings: a function that makes them of the address of what is outside. */
  static async start(settings, {machines = MACHINES, nodes = NODES} = {}) {
    const s = new Site();
    s.network = await Network.start();
    const hosts = [];
    for (let i = 0; i < machines; i++) hosts.push(await s.network.add(`machine${i + 1}`));
    s.machines = hosts;
    s.nodeHosts = [];
    for (let i = 0; i < nodes; i++) s.nodeHosts.push(await s.network.add(`node${i + 1}`));
    s.cluster = await ClusterSite.start({replicas: 1, hosts: s.nodeHosts});
    s.double = await startDouble(0, s.network.outside.address);
    const more = await settings(s.network.outside.address);
    for (const host of hosts) {
      s.stacks.push(await Stack.start({host, own: false, double: s.double, settings: {...s.cluster.settings, ...more, machine: host.name}}));
    }
    return s;
  }
  async stop({check = true} = {}) {
    const faults = [];
    for (const stack of this.stacks) await stack.stop({check}).catch(error => faults.push(error.message.slice(0, 2000)));
    await this.double?.close();
    await this.cluster?.stop();
    this.network.stop();
    return faults;
  }
}

/** Slots move to and fro between the primaries while processes die. */
async function moveSlots(cluster, slots) {
  const from = Date.now();
  for (let left = slots, i = 0; left > 0; left -= 500, i++) {
    const primaries = await cluster.primaries();
    await cluster.reshard(primaries[i % primaries.length], primaries[(i + 1) % primaries.length], Math.min(left, 500));
  }
  await cluster.whole();
  return Date.now() - from;
}

export async function campaign({seconds = 3600, kills = 100, people = 12, seed = Date.now() % 1e9, patience = 90000 * SLOW, reshard = 0, share = 25} = {}) {
  const random = randomFrom(seed), report = newReport(seed), list = [];
  let site, routes;
  try {
    site = await Site.start(async address => settingsFor(people, routes = await startRoutes(address)));
    const before = [];
    for (const stack of site.stacks) before.push(await descriptorsOf(stack));
    const anywhere = new Anywhere(site.stacks, random);
    const crowd = Array.from({length: people}, (_, i) => new Person(anywhere, ["ws", "sse", "json"][i % 3], random, patience));
    const killers = site.stacks.map((stack, i) => new Killer(stack, random, LEASE_MS * 1.2, {kills: list, weights: OF_A_MACHINE, machine: site.machines[i].name, site: site.cluster}));
    const breaker = new Breaker(site, random, list);
    let over = false;
    const running = Promise.all(crowd.map(person => person.run(() => over)));
    await pause(500);
    const began = Date.now(), end = began + seconds * 1000;
    while (Date.now() < end && list.length < kills) {
      const up = killers.filter((_, i) => !breaker.down.has(i));
      if (random(100) < share) breaker.next();
      else if (up.length) await up[random(up.length)].next();
      await pause(30 + random(120));
    }
    await breaker.done();
    await Promise.all(killers.map(k => k.thawing));
    report.loadMs = Date.now() - began;
    report.killsBefore = list.length;
    if (reshard) {
      let moving = true;
      const work = moveSlots(site.cluster, reshard).finally(() => { moving = false; });
      work.catch(() => {});
      while (moving) {
        await killers[random(killers.length)].next();
        await pause(300 + random(300));
      }
      report.reshard = {slots: reshard, ms: await work, killsMeanwhile: list.length - report.killsBefore};
      await Promise.all(killers.map(k => k.thawing));
    }
    over = true;
    await running;
    await site.cluster.whole();
    const redis = await RedisCluster.open(site.cluster.nodes);
    await verdict(redis, crowd, report);
    for (const [i, stack] of site.stacks.entries()) report.left.push(...(await checkRest(stack, redis, before[i])).map(l => `${site.machines[i].name}: ${l}`));
    redis.end();
    count(report, list);
    Object.assign(report, {refused: anywhere.refused, refusedMs: anywhere.refusedMs.sort((a, b) => a - b), probes: breaker.probes, log: site.stacks.map(s => s.logTail(40)).join("\n")});
  } finally {
    routes?.closeAllConnections();
    routes?.close();
    if (site) report.left.push(...await site.stop({check: !report.faults.length}));
  }
  return report;
}

export function tellMachines(report) {
  const ms = list => `${list.length} times, p50 ${Math.round(percentile(list, 0.5))}, p99 ${Math.round(percentile(list, 0.99))}, most ${Math.round(list.at(-1) ?? 0)} ms`;
  const sorted = name => report.probes.map(p => p[name]).filter(v => v !== undefined).sort((a, b) => a - b);
  const said = {};
  for (const {name} of report.probes) said[name] = (said[name] ?? 0) + 1;
  return [tell(report),
    `  ${report.killsBefore} kills in ${Math.round(report.loadMs / 1000)} s of load`,
    `  turns of a machine that was killed or cut off: ${ms(report.takeover.machine)}`,
    `  JSON clients were refused: ${counts(report.refused)}; ${ms(report.refusedMs)}`,
    `  a new message to a machine that was cut off: ${counts(said)}, after ${ms(sorted("ms"))}; healed, it accepted again after ${ms(sorted("recoveredMs"))}`,
    ...report.reshard ? [`  ${report.reshard.slots} slots moved in ${report.reshard.ms} ms, ${report.reshard.killsMeanwhile} kills meanwhile`] : []].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!isInside()) process.exit((await insideNetwork(fileURLToPath(import.meta.url), process.argv.slice(2))).code ?? 1);
  const options = {};
  for (let i = 2; i < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, "")] = Number(process.argv[i + 1]);
  const report = await campaign(options);
  console.log(tellMachines(report));
  if (report.faults.length || report.left.length) console.log(report.log);
  process.exit(report.lost || report.doubled || report.torn || report.left.length ? 1 : 0);
}
