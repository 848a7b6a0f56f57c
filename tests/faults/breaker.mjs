// SPDX-License-Identifier: BSD-2-Clause
// Faults of whole machines, of nodes of the cluster, and of the network between them. One of a machine and one of a node at a time: two
// nodes at once may be a primary and its replica. Each lasts some seconds, beside the kills of processes.
import {pause, uuid} from "../e2e/harness.mjs";

const PROBE_MS = 20000;
const SLOW_MS = 100;

export class Breaker {
  down = new Set(); // numbers of machines without processes
  probes = [];      // {name, ms, recoveredMs}: what a client of a machine that was cut off was told
  #machine = null;
  #node = null;
  constructor(site, random, kills) { Object.assign(this, {site, random, kills}); }

  async #note(what, i) {
    const kill = {what, at: Date.now(), machine: i === undefined ? undefined : this.site.machines[i].name};
    this.kills.push(kill);
    if (i !== undefined) {
      const {space} = this.site.machines[i];
      kill.turns = space && (await this.site.stacks[i].seats("turn").catch(() => [])).filter(s => s.turn).map(s => s.turn);
    }
    return kill;
  }
  /** Everything but the outside, where the model and the clients are. */
  #others(host) { return this.site.network.hosts.filter(h => h !== host && h !== this.site.network.outside); }

  async #loseMachine(i, silent) {
    const {network, machines, stacks} = this.site;
    this.down.add(i);
    await this.#note(silent ? "power" : "machine", i);
    if (silent) {
      await network.cut(machines[i], this.#others(machines[i]));
      await network.cut(this.#others(machines[i]), machines[i]);
    }
    await stacks[i].lose();
    await pause(this.random(4000));
    if (silent) await network.heal(machines[i]);
    await stacks[i].again();
    this.down.delete(i);
  }
  async #probe(i, entry = {}) {
    const from = performance.now();
    const reply = await this.site.stacks[i].chat("x [[text words=3]]", {session_id: uuid(), client_message_id: uuid()}, {headers: {"X-Dev-User": `probe-${uuid().slice(0, 8)}`}, timeout: PROBE_MS})
      .catch(error => ({status: 0, json: {code: error.message}}));
    return Object.assign(entry, {status: reply.status, name: `${reply.status} ${reply.json?.code ?? ""}`.trim(), ms: performance.now() - from});
  }
  async #cutMachine(i, how) {
    const {network, machines} = this.site, machine = machines[i], others = this.#others(machine);
    await this.#note(`machine ${how}`, i);
    if (how === "slow") {
      await network.slow(machine, others, SLOW_MS);
      await network.slow(others, machine, SLOW_MS);
    }
    if (how !== "deaf" && how !== "slow") await network.cut(machine, others);
    if (how !== "mute" && how !== "slow") await network.cut(others, machine);
    await pause(600);
    const probed = how === "slow" ? null : await this.#probe(i);
    await pause(500 + this.random(5000));
    await network.heal(machine);
    if (!probed) return;
    const healed = performance.now();
    for (let again = {}; performance.now() < healed + PROBE_MS && again.status !== 200; again = await this.#probe(i)) probed.recoveredMs = performance.now() - healed;
    this.probes.push(probed);
  }
  async #killNode(i) {
    const {cluster} = this.site;
    await this.#note("node");
    await cluster.kill(cluster.nodes[i]);
    await pause(this.random(2) ? 50 : 3000);
    await cluster.run(i);
    await cluster.whole();
  }
  async #cutNode(i, how) {
    const {network, nodeHosts, cluster} = this.site, node = nodeHosts[i], others = this.#others(node);
    await this.#note(`node ${how}`);
    if (how === "slow") {
      await network.slow(node, others, SLOW_MS);
      await network.slow(others, node, SLOW_MS);
    }
    if (how !== "deaf" && how !== "slow") await network.cut(node, others);
    if (how !== "mute" && how !== "slow") await network.cut(others, node);
    await pause(500 + this.random(5000));
    await network.heal(node);
    await cluster.whole();
  }

  /** Begins a fault, unless one of that kind is under way. */
  next() {
    const {random, site} = this, how = ["cut", "cut", "deaf", "mute", "slow"][random(5)];
    if (random(2) && !this.#machine) {
      const i = random(site.machines.length), kind = random(5);
      this.#machine = (kind < 2 ? this.#loseMachine(i, kind === 1) : this.#cutMachine(i, how)).then(() => pause(random(3000))).finally(() => { this.#machine = null; });
      this.#machine.catch(error => { this.failure ??= error; });
    } else if (!this.#node) {
      const i = random(site.nodeHosts.length);
      this.#node = (random(5) < 2 ? this.#killNode(i) : this.#cutNode(i, how)).then(() => pause(random(2000))).finally(() => { this.#node = null; });
      this.#node.catch(error => { this.failure ??= error; });
    }
  }
  /** All is whole again. */
  async done() {
    await Promise.all([this.#machine, this.#node]);
    if (this.failure) throw this.failure;
  }
}
