// SPDX-License-Identifier: BSD-2-Clause
// A network in front of a TCP port that can fall silent: what is sent is lost, and no side hears of it (no FIN,
// no RST), as where the coverage ends or a router has forgotten a connection.
import {once} from "node:events";
import net from "node:net";

export class Network {
  #server; #sockets = new Set(); #silent = false;

  static async start(target) {
    const network = new Network();
    network.#server = net.createServer(client => network.#connect(client, target)).listen(0, "127.0.0.1");
    await once(network.#server, "listening");
    network.port = network.#server.address().port;
    return network;
  }

  #connect(client, target) {
    this.#keep(client);
    client.silent = this.#silent;
    if (client.silent) return client.resume();
    const server = net.connect(target, "127.0.0.1");
    this.#keep(server);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.on("data", data => client.silent || to.write(data));
      from.on("close", () => client.silent || to.destroy());
    }
    client.on("lost", () => { client.silent = true; });
  }
  #keep(socket) {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  /** Every connection that there is is dead from now on. alsoNew: so are those that are made until restore(). */
  silence({alsoNew = false} = {}) {
    this.#silent = alsoNew;
    for (const socket of this.#sockets) socket.emit("lost");
  }
  restore() { this.#silent = false; }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
