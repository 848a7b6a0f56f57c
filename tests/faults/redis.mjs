// SPDX-License-Identifier: BSD-2-Clause
// Reads Redis directly: what the campaign checks must not come from the program it checks.
import net from "node:net";

/** One command after the other; replies of any size, each byte of which is read once. */
export class Redis {
  #bytes = Buffer.alloc(0); #at = 0; #open = []; #waiting = [];
  static async open(path) {
    const r = new Redis();
    r.socket = net.connect(path);
    await new Promise((done, fail) => r.socket.once("connect", done).once("error", fail));
    r.socket.on("data", data => {
      r.#bytes = Buffer.concat([r.#bytes.subarray(r.#at), data]);
      r.#at = 0;
      while (r.#next()) { /* the next value */ }
    });
    r.socket.on("error", error => { for (const {fail} of r.#waiting.splice(0)) fail(error); });
    return r;
  }
  call(...args) {
    const parts = args.map(a => Buffer.from(String(a)));
    this.socket.write(Buffer.concat([Buffer.from(`*${parts.length}\r\n`),
      ...parts.flatMap(p => [Buffer.from(`$${p.length}\r\n`), p, Buffer.from("\r\n")])]));
    return new Promise((done, fail) => this.#waiting.push({done, fail}));
  }
  /** Takes one value, or the head of a list. False: it is not whole yet. */
  #next() {
    const eol = this.#bytes.indexOf("\r\n", this.#at);
    if (eol < 0) return false;
    const kind = String.fromCharCode(this.#bytes[this.#at]), head = this.#bytes.toString("utf8", this.#at + 1, eol), n = Number(head);
    let end = eol + 2, value = head;
    if (kind === "$" && n >= 0) {
      if (this.#bytes.length < end + n + 2) return false;
      value = this.#bytes.toString("utf8", end, end + n);
      end += n + 2;
    }
    this.#at = end;
    if (kind === "*" && n > 0) this.#open.push({value: [], left: n});
    else this.#put(kind === "*" ? [] : kind === "$" && n < 0 ? null : kind === ":" ? n : kind === "-" ? new Error(head) : value);
    return true;
  }
  #put(value) {
    const list = this.#open.at(-1);
    if (list) {
      list.value.push(value);
      if (--list.left === 0) this.#put(this.#open.pop().value);
      return;
    }
    const {done, fail} = this.#waiting.shift();
    if (value instanceof Error) fail(value);
    else done(value);
  }
  async keys(pattern) {
    const out = [];
    let cursor = "0";
    do {
      const [next, page] = await this.call("SCAN", cursor, "MATCH", pattern, "COUNT", 1000);
      out.push(...page);
      cursor = next;
    } while (cursor !== "0");
    return out;
  }
  end() { this.socket.destroy(); }
}

/** The same of a cluster: each command where its key is. */
export class RedisCluster {
  #nodes = new Map();
  /** nodes: {port, host}; ports are names, too. */
  static async open(nodes) {
    const c = new RedisCluster();
    for (const {port, host} of nodes) c.#nodes.set(port, await Redis.open({port, host}));
    return c;
  }
  async call(...args) {
    let port = this.#nodes.keys().next().value;
    for (let hops = 0; ; hops++) {
      try {
        return await this.#nodes.get(port).call(...args);
      } catch (error) {
        const moved = /^MOVED \d+ .*:(\d+)$/.exec(error.message);
        if (!moved || hops === 5) throw error;
        port = Number(moved[1]);
      }
    }
  }
  async keys(pattern) {
    const all = await Promise.all([...this.#nodes.values()].map(async node =>
      (await node.call("ROLE"))[0] === "master" ? node.keys(pattern) : []));
    return [...new Set(all.flat())];
  }
  end() { for (const node of this.#nodes.values()) node.end(); }
}
