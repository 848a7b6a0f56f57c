// SPDX-License-Identifier: BSD-2-Clause
// Who is killed when. Every kill is a record {what, stage, turn, at}: real time in ms.
import {readdirSync} from "node:fs";
import {eventually, pause, processesOf} from "../e2e/harness.mjs";

const TURN_STAGES = ["starting", "model-wait", "model-text", "model-args", "tool", "checkpoint", "commit", "any"];

export class Killer {
  #frozen = new Set();
  /** kills: where it writes them down. weights: {method: how often}. machine: the name of this one of several. */
  constructor(stack, random, freezeMs, {site, kills = [], weights = {...Killer.WEIGHTS, ...site && {redis: 8}}, machine} = {}) {
    Object.assign(this, {stack, random, freezeMs, site, kills, weights, machine});
  }

  #signal(pid, signal) {
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      return false;
    }
  }
  #note(what, more = {}) {
    const kill = {what, at: Date.now(), machine: this.machine, ...more};
    this.kills.push(kill);
    return kill;
  }
  async #workers(pool) {
    return (await this.stack.workers(pool).catch(() => [])).filter(w => !this.#frozen.has(w.pid));
  }
  async #turns() {
    return (await this.stack.seats("turn").catch(() => [])).filter(w => w.turn && !this.#frozen.has(w.pid));
  }
  async #one(pool) {
    const workers = await this.#workers(pool);
    return workers[this.random(workers.length)];
  }

  /** A turn worker in this stage; one that runs a turn at least. */
  async #inStage(stage) {
    const end = Date.now() + 250;
    let busy = [];
    while (Date.now() < end) {
      this.busy = busy = await this.#turns();
      const found = stage === "any" ? busy : busy.filter(w => w.stage === stage);
      if (found.length) return found[this.random(found.length)];
      await pause(2);
    }
    return busy[this.random(busy.length)];
  }
  async turn() {
    const stage = TURN_STAGES[this.random(TURN_STAGES.length)];
    // What a script takes is too short to hit: Redis is held still, so that workers stand in it.
    const hold = ["starting", "checkpoint", "commit"].includes(stage);
    const redis = this.site ? this.site.nodes.map(n => n.child) : [this.stack.parts.redis];
    if (hold) for (const child of redis) child.kill("SIGSTOP");
    try {
      const worker = await this.#inStage(stage), hit = this.busy.filter(w => w.pid === worker?.pid).length;
      if (!worker || !this.#signal(worker.pid, "SIGKILL")) return null;
      return this.#note("turn", {stage: worker.stage, turn: worker.turn, user: worker.user, hit});
    } finally {
      if (hold) for (const child of redis) child.kill("SIGCONT");
    }
  }
  async freeze() {
    const worker = await this.#inStage("any");
    if (!worker || !this.#signal(worker.pid, "SIGSTOP")) return null;
    this.#frozen.add(worker.pid);
    const thawed = pause(this.freezeMs + this.random(this.freezeMs)).then(() => {
      this.#frozen.delete(worker.pid);
      this.#signal(worker.pid, "SIGCONT");
    });
    this.thawing = Promise.all([this.thawing, thawed]);
    return this.#note("frozen", {stage: worker.stage, turn: worker.turn, user: worker.user});
  }
  async #worker(pool) {
    const worker = await this.#one(pool);
    return worker && this.#signal(worker.pid, "SIGKILL") ? this.#note(pool) : null;
  }
  stream() { return this.#worker("stream"); }
  api() { return this.#worker("api"); }
  housekeeper() { return this.#worker("housekeeper"); }
  tool() { return this.#worker("tool"); }
  async nginx() {
    const master = this.stack.parts.nginx.pid, workers = processesOf(master).filter(pid => pid !== master);
    const pid = workers[this.random(workers.length)];
    return pid && this.#signal(pid, "SIGKILL") ? this.#note("nginx") : null;
  }
  async supervisor() {
    const turns = (await this.#turns()).map(w => w.turn);
    const kill = this.#note("supervisor", {turns});
    this.#signal(this.stack.pid, "SIGKILL");
    await this.stack.parts.turnpiked.ended;
    await eventually(() => processesOf(this.stack.pid).length === 0, "no worker outlives the supervisor");
    await this.stack.startDaemon();
    return kill;
  }
  /** A node of the cluster, of any role: when it was a primary, its replica takes over before it comes back. */
  async #node() {
    const i = this.random(this.site.nodes.length), node = this.site.nodes[i], kill = this.#note("node");
    await this.site.kill(node);
    await pause(this.random(2) ? 50 : 3000);
    await this.site.run(i);
    await this.site.whole();
    return kill;
  }
  async redis() {
    if (this.site) return this.#node();
    const child = this.stack.parts.redis, kill = this.#note("redis");
    child.kill("SIGKILL");
    await child.ended;
    await this.stack.startRedis();
    return kill;
  }

  static WEIGHTS = {turn: 70, freeze: 5, stream: 7, api: 3, housekeeper: 5, tool: 4, nginx: 4, supervisor: 2, redis: 2};
  async next() {
    const all = Object.entries(this.weights);
    let n = this.random(all.reduce((sum, [, w]) => sum + w, 0));
    const [what] = all.find(([, w]) => (n -= w) < 0);
    return this[what]();
  }
}

/** How many descriptors a process has open. */
export function descriptors(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
