// SPDX-License-Identifier: BSD-2-Clause
// A network between Redis and those who speak to it, which can be slow or cut for some of them.
import {once} from "node:events";
import net from "node:net";

const KINDS = [["sentinel", /sentinel-|__sentinel__/], ["replica", /REPLCONF|PSYNC/]];
const LOOK_BYTES = 1000;

/** One direction of a connection: pieces in order, each not before its time, none while it is cut. */
class Pipe {
  #queue = []; #timer = null;
  constructor(passage, to) { Object.assign(this, {passage, to}); }
  /** data: null for the end. */
  put(data, ms) {
    this.#queue.push({data, at: performance.now() + ms});
    this.pump();
  }
  pump() {
    clearTimeout(this.#timer);
    while (this.#queue.length && !this.passage.isCut) {
      const left = this.#queue[0].at - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.pump(), left);
        return;
      }
      const {data} = this.#queue.shift();
      if (data) this.to.write(data);
      else this.passage.end();
    }
  }
  stop() {
    clearTimeout(this.#timer);
    this.#queue = [];
  }
}

/** One connection through the proxy. kind: "sentinel", "replica" or, of anybody else, "worker". */
class Passage {
  kind = "worker";
  #looked = "";

  constructor(proxy, client) {
    const server = net.connect(proxy.target);
    Object.assign(this, {proxy, client, server, up: new Pipe(this, server), down: new Pipe(this, client)});
    client.on("data", data => { this.#look(data); this.up.put(data, 0); });
    server.on("data", data => this.down.put(data, proxy.delay()));
    for (const [from, pipe] of [[client, this.up], [server, this.down]]) {
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("close", () => pipe.put(null, 0));
    }
  }
  #look(data) {
    if (this.#looked.length > LOOK_BYTES) return;
    this.#looked += data.toString("latin1");
    for (const [kind, pattern] of KINDS) if (pattern.test(this.#looked)) this.kind = kind;
  }
  get isCut() { return this.proxy.cut.has(this.kind) || this.proxy.cut.has("all"); }
  pump() {
    this.up.pump();
    this.down.pump();
  }
  end() {
    this.proxy.passages.delete(this);
    this.up.stop();
    this.down.stop();
    this.client.destroy();
    this.server.destroy();
  }
}

export class RedisProxy {
  passages = new Set();
  cut = new Set();
  /** Milliseconds for which the next piece of a reply is kept. */
  delay = () => 0;

  /** target: as net.connect takes it. path: of a unix socket to listen on; without it a loopback port is taken. */
  static async start(target, path) {
    const proxy = new RedisProxy();
    proxy.target = target;
    proxy.server = net.createServer(client => proxy.passages.add(new Passage(proxy, client)));
    if (path) proxy.server.listen(path);
    else proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    proxy.port = path ? null : proxy.server.address().port;
    return proxy;
  }
  /** From now on nothing passes between Redis and these kinds of peers, in either direction. */
  partition(...kinds) { for (const kind of kinds) this.cut.add(kind); }
  heal() {
    this.cut.clear();
    for (const passage of this.passages) passage.pump();
  }
  close() {
    for (const passage of this.passages) passage.end();
    this.server.close();
  }
}
