// SPDX-License-Identifier: BSD-2-Clause
// Reads Redis directly: what the campaign checks must not come from the program it checks.
import net from "node:net";

/** One command after the other; replies of any size. */
export class Redis {
  #bytes = Buffer.alloc(0); #waiting = [];
  static async open(path) {
    const r = new Redis();
    r.socket = net.connect(path);
    await new Promise((done, fail) => r.socket.once("connect", done).once("error", fail));
    r.socket.on("data", data => {
      r.#bytes = Buffer.concat([r.#bytes, data]);
      for (let parsed; r.#waiting.length && (parsed = r.#parse(0));) {
        r.#bytes = r.#bytes.subarray(parsed.end);
        const {done, fail} = r.#waiting.shift();
        if (parsed.value instanceof Error) fail(parsed.value);
        else done(parsed.value);
      }
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
  #parse(at) {
    const eol = this.#bytes.indexOf("\r\n", at);
    if (eol < 0) return null;
    const head = this.#bytes.toString("utf8", at + 1, eol), next = eol + 2;
    switch (String.fromCharCode(this.#bytes[at])) {
    case "+": return {value: head, end: next};
    case "-": return {value: new Error(head), end: next};
    case ":": return {value: Number(head), end: next};
    case "$": {
      const n = Number(head);
      if (n < 0) return {value: null, end: next};
      if (this.#bytes.length < next + n + 2) return null;
      return {value: this.#bytes.toString("utf8", next, next + n), end: next + n + 2};
    }
    default: {
      const value = [];
      let end = next;
      for (let i = 0; i < Number(head); i++) {
        const item = this.#parse(end);
        if (!item) return null;
        value.push(item.value);
        end = item.end;
      }
      return {value, end};
    }
    }
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
  static async open(ports) {
    const c = new RedisCluster();
    for (const port of ports) c.#nodes.set(port, await Redis.open({port, host: "127.0.0.1"}));
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
