// SPDX-License-Identifier: BSD-2-Clause
// Hosts in network namespaces of their own, on a switch whose wires can be cut and made slow (wires.c). All of it is inside one more
// namespace, that of this process: insideNetwork() starts the process again in it. It is gone with its last process.
import {execFileSync, spawn, spawnSync} from "node:child_process";
import {accessSync, constants, existsSync, readlinkSync} from "node:fs";
import {join} from "node:path";
import {BUILD, eventually, launch, within} from "../e2e/harness.mjs";

const PREFIX = "10.77.0"; // nobody outside sees it
const INSIDE = "TURNPIKE_INSIDE_NETWORK";
const WIRES = join(BUILD, "tests/faults/wires");
const UNSHARE = process.getuid() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];

/** Why namespaces cannot be had here, or null. */
export function noNetwork() {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return "/dev/net/tun cannot be opened";
  }
  const tried = spawnSync("unshare", [...UNSHARE, "ip", "tuntap", "add", "eth0", "mode", "tap"], {encoding: "utf8"});
  return tried.status === 0 ? null : `no network namespace with a tap device: ${tried.error?.message ?? tried.stderr.trim()}`;
}

/** True within the namespace. Else runs this program again, there, and resolves to {code, output}. */
export const isInside = () => Boolean(process.env[INSIDE]);
export async function insideNetwork(program, args, {quiet = false} = {}) {
  if (!existsSync(WIRES)) execFileSync("make", ["-s", "-C", BUILD, "tests/faults/wires"], {stdio: "inherit"});
  const env = {...process.env, [INSIDE]: "1"};
  delete env.NODE_TEST_CONTEXT; // it is a program, not a part of the test that runs it
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", "unshare", ...UNSHARE, process.execPath, program, ...args], {env, stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"]});
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", data => { output += data; });
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", code => done({code, output}));
  });
}

export class Network {
  hosts = []; // {name, space, address, port}; the first is this process
  #answers = [];
  #text = "";
  static async start() {
    const n = new Network();
    execFileSync("ip", ["link", "set", "lo", "up"]);
    n.wires = launch(WIRES, [], {stdio: ["pipe", "pipe", "pipe"]});
    n.wires.stdout.on("data", data => {
      n.#text += data;
      for (let at; (at = n.#text.indexOf("\n")) >= 0; n.#text = n.#text.slice(at + 1)) n.#answers.shift()?.(n.#text.slice(0, at));
    });
    n.outside = await n.#plug("outside", process.pid, []);
    return n;
  }
  async #say(line) {
    const answer = new Promise(done => this.#answers.push(done));
    this.wires.stdin.write(`${line}\n`);
    const said = await within(15000, answer, `the switch answers ${line}`);
    if (!said.startsWith("ok")) throw new Error(`${line}: ${said}`);
    return said;
  }
  async #plug(name, space, enter) {
    const port = Number((await this.#say(`port ${space}`)).slice(3)), address = `${PREFIX}.${port + 1}`;
    const ip = (...args) => execFileSync(enter[0] ?? "ip", [...enter.slice(1), ...enter.length ? ["ip"] : [], ...args]);
    ip("link", "set", "lo", "up");
    ip("address", "add", `${address}/24`, "dev", "eth0");
    ip("link", "set", "eth0", "up");
    const host = {name, space, address, port};
    this.hosts.push(host);
    return host;
  }
  /** A host, held by a process that sleeps. */
  async add(name) {
    const holder = launch("unshare", ["--net", "sleep", "infinity"]), link = pid => readlinkSync(`/proc/${pid}/ns/net`);
    await eventually(() => holder.end || link(holder.pid) !== link(process.pid), `${name} has a namespace`);
    if (holder.end) throw new Error(`no namespace for ${name}: ${holder.output}`);
    return Object.assign(await this.#plug(name, holder.pid, ["nsenter", `--net=/proc/${holder.pid}/ns/net`]), {holder});
  }
  async #each(some, others, verb, ...more) {
    for (const a of some) for (const b of others) if (a !== b) await this.#say([verb, a.port, b.port, ...more].join(" "));
  }
  /** Nothing goes from `from` to `to`: hosts, or lists of them. */
  cut(from, to) { return this.#each([from].flat(), [to].flat(), "cut"); }
  slow(from, to, ms) { return this.#each([from].flat(), [to].flat(), "slow", ms); }
  /** All wires of these hosts are whole and quick. */
  async heal(...hosts) {
    await this.#each(hosts, this.hosts, "heal");
    await this.#each(this.hosts, hosts, "heal");
  }
  stop() {
    this.wires.kill("SIGKILL");
    for (const {holder} of this.hosts) holder?.kill("SIGKILL");
  }
}
