// SPDX-License-Identifier: BSD-2-Clause
// A Redis master, its replicas and some Sentinels on loopback ports, in a directory of their own. All
// are reached through proxies, so that each can be cut off from the others.
import {execFile} from "node:child_process";
import {mkdirSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {promisify} from "node:util";
import {RedisProxy} from "../doubles/redis-proxy.mjs";
import {eventually, freePort, launch, REDIS_SERVER, scratch, SLOW, within} from "./harness.mjs";

export class RedisSite {
  children = new Map();
  proxies = [];

  /**
   * `first` is the master and `second` the replica that would follow it: ports of the servers
   * themselves. options: of each server.
   */
  static async start(sentinels, {replicas = 1, options = []} = {}) {
    const site = new RedisSite();
    site.dir = scratch("tp-sentinel-");
    [site.first, site.toFirst] = await site.#server(options);
    const follow = ["--replicaof", `127.0.0.1 ${site.toFirst.port}`];
    [site.second, site.toSecond] = await site.#server([...options, ...follow, "--replica-priority", "1"]);
    for (let i = 1; i < replicas; i++) await site.#server([...options, ...follow]);
    await eventually(async () => (await site.cli(site.first, "info", "replication").catch(() => "")).match(/state=online/g)?.length === replicas,
      "the replicas follow", 30000 * SLOW);
    site.sentinels = [];
    site.toSentinels = [];
    for (let i = 0; i < sentinels; i++) await site.#sentinel(sentinels);
    for (const port of site.sentinels) {
      await eventually(async () => {
        const text = await site.cli(port, "sentinel", "master", "tp").catch(() => "");
        const field = name => Number(text.split("\n")[text.split("\n").indexOf(name) + 1]);
        return field("num-slaves") === replicas && field("num-other-sentinels") === sentinels - 1;
      }, "the Sentinels know each other and the replicas", 60000 * SLOW).catch(async error => {
        error.message += `\n${await site.#account()}`;
        await site.stop();
        throw error;
      });
    }
    return site;
  }
  async #proxy(port) {
    const proxy = await RedisProxy.start({host: "127.0.0.1", port});
    this.proxies.push(proxy);
    return proxy;
  }
  /** What each server and Sentinel says of itself, for somebody who looks for a fault. */
  async #account() {
    const words = [];
    for (const [port, child] of this.children) {
      const role = await this.cli(port, "role").catch(String), master = await this.cli(port, "sentinel", "master", "tp").catch(() => "");
      words.push(`${port}: ${JSON.stringify(child.end ?? "runs")} ${role.replaceAll("\n", " ")} ${master.replaceAll("\n", " ")}\n${child.output.slice(-2000)}`);
    }
    return words.join("\n");
  }
  async #sentinel(count) {
    const {port, proxy} = await this.#begin((port, proxy) => {
      const dir = join(this.dir, `sentinel-${port}`);
      mkdirSync(dir);
      writeFileSync(join(dir, "sentinel.conf"), [`port ${port}`, "bind 127.0.0.1", `dir ${dir}`,
        `sentinel monitor tp 127.0.0.1 ${this.toFirst.port} ${Math.floor(count / 2) + 1}`,
        "sentinel down-after-milliseconds tp 3000", "sentinel failover-timeout tp 5000", "sentinel parallel-syncs tp 1", ""].join("\n"));
      return [REDIS_SERVER, [join(dir, "sentinel.conf"), "--sentinel"]];
    });
    this.sentinels.push(port);
    this.toSentinels.push(proxy);
  }
  async #server(more) {
    const {port, proxy} = await this.#begin((port, proxy) => {
      const dir = join(this.dir, `redis-${port}`);
      mkdirSync(dir, {recursive: true});
      return [REDIS_SERVER, ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes",
        "--appendfsync", "always", "--repl-diskless-sync-delay", "0", "--replica-announce-ip", "127.0.0.1",
        "--replica-announce-port", String(proxy.port), ...more]];
    });
    return [port, proxy];
  }
  /** Starts what `command(port, proxy)` names until it answers: somebody else may take the port first. */
  async #begin(command) {
    for (let tries = 0; ; tries++) {
      const port = await freePort(), proxy = await this.#proxy(port), child = launch(...command(port, proxy));
      this.children.set(port, child);
      await eventually(async () => child.end || (await this.cli(port, "info", "server").catch(() => "")).includes(`process_id:${child.pid}\n`), "it answers", 30000 * SLOW);
      if (!child.end) return {port, proxy};
      this.children.delete(port);
      proxy.close();
      if (tries === 4) throw new Error(`${child.spawnfile} does not stay: ${child.output}`);
    }
  }
  async cli(port, ...args) {
    return (await promisify(execFile)("redis-cli", ["-p", String(port), ...args.map(String)], {timeout: 5000})).stdout.replaceAll("\r", "").trimEnd();
  }
  /** What the master has accepted the replicas have too: a failover now loses nothing. */
  inSync() {
    return eventually(async () => {
      const text = await this.cli(this.first, "info", "replication"), own = /master_repl_offset:(\d+)/.exec(text)[1];
      return [...text.matchAll(/slave\d+:.*offset=(\d+)/g)].every(([, other]) => other === own);
    }, "the replicas have everything");
  }
  /** The Sentinels name the one that was the replica. */
  failedOver() {
    return eventually(async () => {
      for (const port of this.sentinels) {
        const text = await this.cli(port, "sentinel", "get-master-addr-by-name", "tp").catch(() => "");
        if (text.split("\n")[1] === String(this.toSecond.port)) return /^master/.test(await this.cli(this.second, "role").catch(() => ""));
      }
      return false;
    }, "the first replica is the master now", 60000 * SLOW);
  }
  kill(port, signal) { this.children.get(port).kill(signal); }
  get settings() {
    return {"redis.socket": "", "redis.sentinels": this.toSentinels.map(p => `127.0.0.1:${p.port}`).join(" "), "redis.master": "tp",
      "redis.timeout": "2s"};
  }
  async stop() {
    for (const proxy of this.proxies) proxy.close();
    for (const child of this.children.values()) child.kill("SIGKILL");
    for (const child of this.children.values()) await within(15000 * SLOW, child.ended, "a server of Redis ends after KILL");
    rmSync(this.dir, {recursive: true, force: true});
  }
}
