// A Redis master, its replicas and some Sentinels on loopback ports, in a directory of their own. All
// are reached through proxies, so that each can be cut off from the others.
import {execFile} from "node:child_process";
import {once} from "node:events";
import {mkdirSync, rmSync, writeFileSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {promisify} from "node:util";
import {RedisProxy} from "../doubles/redis-proxy.mjs";
import {eventually, launch, scratch, SLOW, within} from "./harness.mjs";

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const {port} = server.address();
  server.close();
  await once(server, "close");
  return port;
}

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
    [site.first, site.second] = [await freePort(), await freePort()];
    [site.toFirst, site.toSecond] = [await site.#proxy(site.first), await site.#proxy(site.second)];
    site.#server(site.first, site.toFirst, options);
    const follow = ["--replicaof", `127.0.0.1 ${site.toFirst.port}`];
    site.#server(site.second, site.toSecond, [...options, ...follow, "--replica-priority", "1"]);
    for (let i = 1; i < replicas; i++) {
      const port = await freePort();
      site.#server(port, await site.#proxy(port), [...options, ...follow]);
    }
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
      }, "the Sentinels know each other and the replicas", 60000 * SLOW);
    }
    return site;
  }
  async #proxy(port) {
    const proxy = await RedisProxy.start({host: "127.0.0.1", port});
    this.proxies.push(proxy);
    return proxy;
  }
  async #sentinel(count) {
    const port = await freePort(), dir = join(this.dir, `sentinel-${port}`);
    mkdirSync(dir);
    writeFileSync(join(dir, "sentinel.conf"), [`port ${port}`, "bind 127.0.0.1", `dir ${dir}`,
      `sentinel monitor tp 127.0.0.1 ${this.toFirst.port} ${Math.floor(count / 2) + 1}`,
      "sentinel down-after-milliseconds tp 3000", "sentinel failover-timeout tp 5000", "sentinel parallel-syncs tp 1", ""].join("\n"));
    this.#spawn(port, "redis-sentinel", [join(dir, "sentinel.conf")]);
    this.sentinels.push(port);
    this.toSentinels.push(await this.#proxy(port));
  }
  #spawn(port, command, args) {
    this.children.set(port, launch(command, args));
  }
  #server(port, proxy, more) {
    const dir = join(this.dir, `redis-${port}`);
    mkdirSync(dir, {recursive: true});
    this.#spawn(port, "redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "yes",
      "--appendfsync", "always", "--repl-diskless-sync-delay", "0", "--replica-announce-ip", "127.0.0.1",
      "--replica-announce-port", String(proxy.port), ...more]);
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
