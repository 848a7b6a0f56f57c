// SPDX-License-Identifier: BSD-2-Clause
// What ails the campaign besides deaths: a Redis that refuses, is late, or lies, and disks that are full.
import {cpSync, rmSync} from "node:fs";
import {join} from "node:path";
import {CUTS, DELAYS, LIES, RedisLiar} from "../doubles/redis-liar.mjs";
import {eventually, pause} from "../e2e/harness.mjs";

/** Families of ills. `small`: folders of the stack that are small disks. `everysec`: of Redis' append-only file. */
export const FAMILIES = {
  refuse: {small: {redis: 256}, everysec: true},
  slow: {proxy: true},
  lies: {proxy: true},
  disk: {small: {log: 8, nginx: 8}},
  rollback: {everysec: true},
};

export class Ills {
  kills = [];
  rolled = []; // {from, until}: what Redis took then is lost, as it is when a machine loses its power
  constructor(stack, random, families) { Object.assign(this, {stack, random, families}); }

  static parse(text) {
    const names = text === "all" || text === "1" ? Object.keys(FAMILIES).filter(f => f !== "rollback") : String(text).split(",");
    for (const name of names) if (!FAMILIES[name]) throw new Error(`--ills: ${name} is none of ${Object.keys(FAMILIES)}`);
    return names;
  }
  static needs(names) {
    return names.map(n => FAMILIES[n]).reduce((all, f) => ({small: {...all.small, ...f.small}, proxy: all.proxy || f.proxy, everysec: all.everysec || f.everysec}), {});
  }
  /** Before turnpiked starts. */
  static async prepare(stack, names) {
    if (this.needs(names).proxy) {
      stack.liar = await RedisLiar.start(join(stack.run, "redis.sock"), join(stack.run, "liar.sock"));
      stack.writeSettings({"redis.socket": join(stack.run, "liar.sock")});
    }
    if (names.includes("disk")) {
      stack.writeSettings({"metrics.file": join(stack.logs, "metrics.prom"), "audit.file": join(stack.logs, "audit.log")});
    }
  }

  #note(what) { this.kills.push({what, at: Date.now()}); }
  #span() { return pause(150 + this.random(1500)); }
  #pick(table) {
    const names = Object.keys(table), name = names[this.random(names.length)];
    return [name, table[name]];
  }

  // ---- a Redis that refuses ---------------------------------------------------------------------
  async #config(name, sick, well) {
    await this.stack.redis("CONFIG", "SET", name, sick);
    await this.#span();
    await this.stack.redis("CONFIG", "SET", name, well);
  }
  async refuse() {
    const {stack} = this, [what, ill] = this.#pick({
      oom: () => this.#config("maxmemory", "1", "0"),
      "aof on a full disk": async () => {
        stack.disks.redis.fill();
        await this.#span();
        stack.disks.redis.free();
        await eventually(async () => /aof_last_write_status:ok/.test(await stack.redis("INFO", "persistence")), "its file is written again");
      },
      "bgsave on a full disk": async () => {
        await stack.redis("CONFIG", "SET", "save", "3600 1");
        const saved = async state => { // one whose rewrite runs refuses to save
          await stack.redis("BGSAVE");
          return eventually(async () => new RegExp(`rdb_bgsave_in_progress:0[^]*rdb_last_bgsave_status:${state}`).test(await stack.redis("INFO", "persistence")), `a save is ${state}`);
        };
        stack.disks.redis.fill();
        await saved("err");
        await this.#span();
        stack.disks.redis.free();
        await saved("ok");
        await stack.redis("CONFIG", "SET", "save", "");
      },
      readonly: async () => {
        await stack.redis("REPLICAOF", "127.0.0.1", "1");
        await this.#span();
        await stack.redis("REPLICAOF", "NO", "ONE");
      },
      noreplicas: () => this.#config("min-replicas-to-write", "1", "0"),
      busy: async () => {
        await stack.redis("CONFIG", "SET", "busy-reply-threshold", "50");
        await stack.redis("EVAL", "local t = redis.call('TIME') local e = t[1] * 1000000 + t[2] + ARGV[1] repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] > e return 1",
          "0", String(1000 * (300 + this.random(900))));
      },
      loading: async () => {
        const child = stack.parts.redis;
        await stack.redis("CONFIG", "SET", "key-load-delay", "0");
        child.kill("SIGTERM"); // its file is whole
        await child.ended;
        await stack.startRedis("--key-load-delay", "-40", "--loading-process-events-interval-bytes", "1024");
        await eventually(async () => (await stack.redis("PING").catch(() => "")) === "PONG", "Redis has loaded", 60000);
      },
      flushed: () => stack.redis("SCRIPT", "FLUSH"),
    });
    this.#note(what);
    await ill();
  }

  // ---- through the proxy -------------------------------------------------------------------------
  /** Some replies, on all connections or on one, for a while. */
  async #treat(table, one_in, of) {
    const {liar} = this.stack, [name, act] = this.#pick(table), passages = [...liar.passages].filter(p => !p.subscribes);
    const only = this.random(3) === 0 && passages.length ? passages[this.random(passages.length)] : null;
    let touched = 0;
    liar.treat = (reply, passage) => {
      if ((only && passage !== only) || this.random(one_in) !== 0 || touched >= of) return undefined;
      touched++;
      return act(reply, passage, this.random) ?? Promise.resolve();
    };
    this.#note(name);
    await this.#span();
    liar.treat = null;
  }
  slow() { return this.random(3) ? this.#treat(DELAYS, 1 + this.random(3), Infinity) : this.#treat(CUTS, 2 + this.random(10), 5); }
  lies() { return this.#treat(LIES, 1 + this.random(15), 1 + this.random(25)); }

  // ---- the service's own disk -----------------------------------------------------------------------
  async disk() {
    const [name, disk] = this.#pick({"full disk of logs": this.stack.disks.log, "full disk of nginx": this.stack.disks.nginx});
    this.#note(name);
    disk.fill();
    await this.#span();
    disk.free();
  }

  // ---- a Redis that comes back without its last second -------------------------------------------
  async rollback() {
    const {stack} = this, here = join(stack.dir, "redis"), copy = join(stack.dir, "redis-before"), from = Date.now();
    rmSync(copy, {recursive: true, force: true});
    cpSync(here, copy, {recursive: true});
    await pause(300 + this.random(1200));
    const child = stack.parts.redis;
    this.#note("rollback");
    child.kill("SIGKILL");
    await child.ended;
    rmSync(here, {recursive: true, force: true});
    cpSync(copy, here, {recursive: true});
    await stack.startRedis();
    this.rolled.push({from: from - 1500, until: Date.now()}); // everysec: the copy may lack what came before it
    await this.#span();
  }

  async next() {
    await this[this.families[this.random(this.families.length)]]();
  }
}
