// SPDX-License-Identifier: BSD-2-Clause
// A proxy in front of Redis that knows where a reply begins and ends, and can hold, cut or change each one.
import {once} from "node:events";
import net from "node:net";

/** Where the reply that begins at `at` ends; -1: it is not whole. */
export function endOfReply(bytes, at = 0) {
  const eol = bytes.indexOf("\r\n", at);
  if (eol < 0) return -1;
  const mark = String.fromCharCode(bytes[at]), n = Number(bytes.toString("latin1", at + 1, eol));
  let end = eol + 2;
  if (mark === "$" && n >= 0) return bytes.length >= end + n + 2 ? end + n + 2 : -1;
  if (mark === "*") for (let i = 0; i < n && end >= 0; i++) end = endOfReply(bytes, end);
  return end;
}

/** One connection. Its replies go out one after the other, each as `proxy.treat` says. */
class Passage {
  subscribes = false;
  #bytes = Buffer.alloc(0); #queue = []; #busy = false;

  constructor(proxy, client) {
    const server = net.connect(proxy.target);
    Object.assign(this, {proxy, client, server});
    client.on("data", data => {
      if (data.includes("SUBSCRIBE")) this.subscribes = true;
      server.write(data);
    });
    server.on("data", data => {
      this.#bytes = this.#bytes.length ? Buffer.concat([this.#bytes, data]) : data;
      let at = 0;
      for (let end; at < this.#bytes.length && (end = endOfReply(this.#bytes, at)) >= 0; at = end) this.#queue.push(this.#bytes.subarray(at, end));
      this.#bytes = this.#bytes.subarray(at);
      this.#pump();
    });
    for (const end of [client, server]) {
      end.setNoDelay(true);
      end.on("error", () => {});
      end.on("close", () => this.end());
    }
  }
  async #pump() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#queue.length && !this.ended) {
      const reply = this.#queue.shift(), treatment = this.proxy.treat?.(reply, this);
      if (treatment === undefined) this.client.write(reply);
      else await treatment;
    }
    this.#busy = false;
  }
  /** For treatments. */
  say(bytes) { if (!this.ended) this.client.write(bytes); }
  end() {
    if (this.ended) return;
    this.ended = true;
    this.proxy.passages.delete(this);
    this.client.destroy();
    this.server.destroy();
  }
}

export class RedisLiar {
  passages = new Set();
  /** (reply, passage): undefined = it goes on as it is; else a promise, after which the next one's turn is. */
  treat = null;

  static async start(target, path) {
    const proxy = new RedisLiar();
    proxy.target = target;
    proxy.server = net.createServer(client => proxy.passages.add(new Passage(proxy, client)));
    proxy.server.listen(path);
    await once(proxy.server, "listening");
    return proxy;
  }
  close() {
    for (const passage of this.passages) passage.end();
    this.server.close();
  }
}

const split = reply => reply.subarray(0, Math.max(1, Math.floor(reply.length / 2)));
const noise = (n, random) => Buffer.from(Array.from({length: n}, () => random(256)));
const pause = ms => new Promise(go => setTimeout(go, ms));

/** What can be done to one reply: each (reply, passage, random). */
export const LIES = {
  number: (r, p) => p.say(":7\r\n"),
  negative: (r, p) => p.say(":-1\r\n"),
  status: (r, p) => p.say("+OK\r\n"),
  text: (r, p) => p.say("$3\r\nabc\r\n"),
  nil: (r, p) => p.say("$-1\r\n"),
  empty: (r, p) => p.say("*0\r\n"),
  nested: (r, p) => p.say("*2\r\n*0\r\n*1\r\n$-1\r\n"),
  truncated: (r, p) => p.say(Buffer.from(r.toString("latin1").replace(/\$(\d+)/, (all, n) => `$${n >> 1}`), "latin1")),
  longer: (r, p) => p.say(Buffer.from(r.toString("latin1").replace(/\$(\d+)/, (all, n) => `$${Number(n) + 5}`), "latin1")),
  huge: (r, p) => p.say("$1099511627776\r\n"),
  hugeArray: (r, p) => p.say("*1099511627776\r\n"),
  bigArray: (r, p) => p.say("*2147483647\r\n"),
  minus: (r, p) => p.say("$-5\r\n"),
  random: (r, p, random) => p.say(noise(1 + random(200), random)),
  flipped: (r, p, random) => { // in what says how long it is: nobody can notice one in the data
    const copy = Buffer.from(r);
    copy[random(r.indexOf("\r\n") + 2)] ^= 1 << random(8);
    p.say(copy);
  },
  swallowed: () => {},
  doubled: (r, p) => p.say(Buffer.concat([r, r])),
  error: (r, p) => p.say("-ERR something went wrong\r\n"),
  noscript: (r, p) => p.say("-NOSCRIPT No matching script. Please use EVAL.\r\n"),
  wrongtype: (r, p) => p.say("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"),
  execabort: (r, p) => p.say("-EXECABORT Transaction discarded\r\n"),
};
export const CUTS = {
  before: (r, p) => p.end(),
  inside: (r, p) => new Promise(done => p.client.write(split(r), () => { p.end(); done(); })),
  behind: (r, p) => new Promise(done => p.client.write(r, () => { p.end(); done(); })),
};
export const DELAYS = {
  late: async (r, p, random) => {
    await pause(50 + random(250));
    p.say(r);
  },
  stalled: async (r, p, random) => {
    await pause(1000 + random(1000));
    p.say(r);
  },
  trickled: async (r, p) => {
    for (let at = 0; at < r.length && at < 200; at++) {
      p.say(r.subarray(at, at + 1));
      await pause(1);
    }
    p.say(r.subarray(200));
  },
};
