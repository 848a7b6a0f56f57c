// SPDX-License-Identifier: BSD-2-Clause
// A Redis Cluster on loopback ports, in a directory of its own: three primaries, with a replica each when asked for.
import {execFile} from "node:child_process";
import {mkdirSync, rmSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {promisify} from "node:util";
import {aclArguments, aclSettings, denials} from "./redis-acl.mjs";
import {eventually, launch, OWN_USER, REDIS_SERVER, scratch, SLOW, within} from "./harness.mjs";

const LONG = 60000 * SLOW;

const isFree = port => new Promise(done => {
  const server = net.createServer().once("error", () => done(false)).listen(port, "127.0.0.1", () => server.close(() => done(true)));
});
/** A port whose partner of the cluster's bus, 10000 above, is free as well; both below those that the system gives away. */
async function freePorts() {
  for (;;) {
    const port = 12000 + Math.floor(Math.random() * 10000);
    if (await isFree(port) && await isFree(port + 10000)) return port;
  }
}

export class ClusterSite {
  nodes = []; // {port, host, space, child, id, args}; the first three are primaries, node i + 3 follows node i

  /** hosts: {space, address} of a network namespace for each node (tests/faults/network.mjs). options: more of redis-server. acl: as of Stack. */
  static async start({replicas = 0, timeout = 1500, hosts = [], options = [], acl = OWN_USER} = {}) {
    const site = new ClusterSite();
    site.acl = acl;
    site.dir = scratch("tp-cluster-");
    for (let i = 0; i < 3 + 3 * replicas; i++) {
      const port = hosts[i] ? 7000 + i : await freePorts(), dir = join(site.dir, String(port)), host = hosts[i]?.address ?? "127.0.0.1";
      mkdirSync(dir);
      const args = ["--port", port, "--bind", host, ...hosts[i] ? ["--protected-mode", "no"] : [], "--dir", dir, "--cluster-enabled", "yes", "--cluster-node-timeout", timeout,
        "--cluster-replica-validity-factor", 0, "--cluster-require-full-coverage", "no", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
        "--repl-diskless-sync-delay", 0, ...acl ? aclArguments({cluster: true}) : [], ...options].map(String);
      site.nodes.push({port, host, space: hosts[i]?.space, args});
      await site.run(i);
    }
    const ports = site.nodes.map(n => `${n.host}:${n.port}`);
    await promisify(execFile)("redis-cli", ["--cluster", "create", ...ports, "--cluster-replicas", String(replicas), "--cluster-yes"], {timeout: LONG});
    for (const node of site.nodes) node.id = await site.cli(node.port, "cluster", "myid");
    await site.whole();
    return site;
  }
  async run(i) {
    const node = this.nodes[i];
    node.child = launch(REDIS_SERVER, node.args, {space: node.space});
    await eventually(async () => {
      if (node.child.end) throw new Error(`redis-server ended: ${node.child.output}`);
      return await this.cli(node.port, "ping").catch(() => "") === "PONG";
    }, "a node answers", LONG);
  }
  /** Every node that runs says that the cluster is whole, and each replica follows. */
  whole() {
    return eventually(async () => {
      for (const node of this.nodes.filter(n => !n.child.end)) {
        const info = await this.cli(node.port, "cluster", "info").catch(() => "");
        if (!/cluster_state:ok/.test(info) || !/cluster_slots_ok:16384/.test(info)) return false;
        const replication = await this.cli(node.port, "info", "replication").catch(() => "");
        if (/role:slave/.test(replication) && !/master_link_status:up/.test(replication)) return false;
      }
      return true;
    }, "the cluster is whole", LONG);
  }
  async cli(port, ...args) {
    return (await promisify(execFile)("redis-cli", ["-h", this.nodes.find(n => n.port === port)?.host ?? "127.0.0.1", "-p", String(port), ...args.map(String)], {timeout: 10000 * SLOW})).stdout.replaceAll("\r", "").trimEnd();
  }
  /** A command to whichever node has its key. */
  redis(...args) { return this.cli(this.nodes.find(n => !n.child.end).port, "-c", ...args); }
  /** The node that has the key's slot now. */
  async ownerOf(key) {
    const any = this.nodes.find(n => !n.child.end).port, slot = Number(await this.cli(any, "cluster", "keyslot", key));
    for (const line of (await this.cli(any, "cluster", "nodes")).split("\n")) {
      const [id, , flags, , , , , , ...ranges] = line.split(" ");
      const has = ranges.some(r => { const [first, last = first] = r.split("-").map(Number); return slot >= first && slot <= last; });
      if (flags.includes("master") && !flags.includes("fail") && has) return this.nodes.find(n => n.id === id);
    }
    return null;
  }
  /** Nodes that have slots now. */
  async primaries() {
    const text = await this.cli(this.nodes.find(n => !n.child.end).port, "cluster", "nodes");
    const ids = text.split("\n").map(line => line.split(" ")).filter(f => f[2].includes("master") && !f[2].includes("fail") && f.length > 8).map(f => f[0]);
    return this.nodes.filter(n => ids.includes(n.id));
  }
  /** redis-cli --cluster reshard, as an operator does it. */
  async reshard(from, to, slots) {
    const check = () => promisify(execFile)("redis-cli", ["--cluster", "check", `${to.host}:${to.port}`], {timeout: LONG, maxBuffer: 1 << 26});
    await eventually(() => check().then(() => true, () => false), "all nodes agree who has which slots", LONG);
    return promisify(execFile)("redis-cli", ["--cluster", "reshard", `${to.host}:${to.port}`, "--cluster-from", from.id, "--cluster-to", to.id,
      "--cluster-slots", String(slots), "--cluster-yes"], {timeout: LONG, maxBuffer: 1 << 26});
  }
  /** What nodes have refused the user of docs/operate.md since they run. */
  async denials() {
    const all = await Promise.all(this.nodes.filter(n => !n.child.end).map(async n => denials(await this.cli(n.port, "acl", "log"))));
    return all.flat();
  }
  async kill(node, signal = "SIGKILL") {
    node.child.kill(signal);
    if (signal === "SIGKILL") await within(15000 * SLOW, node.child.ended, "a node ends after KILL");
  }
  get settings() {
    return {"redis.cluster": this.nodes.slice(0, 2).map(n => `${n.host}:${n.port}`).join(" "), "redis.timeout": "2s", ...this.acl && aclSettings};
  }
  async stop() {
    for (const {child} of this.nodes) child?.kill("SIGKILL");
    for (const {child} of this.nodes) if (child) await within(15000 * SLOW, child.ended, "a node ends after KILL");
    rmSync(this.dir, {recursive: true, force: true});
  }
}
