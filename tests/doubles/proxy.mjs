// SPDX-License-Identifier: BSD-2-Clause
// An HTTP proxy in front of a port, as it stands in some companies: it passes no upgrade to a WebSocket, unless
// `upgrades` is set, and holds event streams back until they end when `holds` is set. `urls`: what was asked for.
import {once} from "node:events";
import http from "node:http";
import net from "node:net";

export class Proxy {
  upgrades = false; holds = false; urls = [];
  #server; #sockets = new Set(); #target;

  static async start(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    proxy.#server = http.createServer((request, response) => proxy.#pass(request, response)).listen(0, "127.0.0.1");
    proxy.#server.on("connection", socket => proxy.#keep(socket));
    proxy.#server.on("upgrade", (request, socket, head) => proxy.#upgrade(request, socket, head));
    await once(proxy.#server, "listening");
    proxy.port = proxy.#server.address().port;
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    return proxy;
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #pass(request, response) {
    this.urls.push(request.url);
    const {connection, upgrade, ...headers} = request.headers;
    const onward = http.request({host: "127.0.0.1", port: this.#target, path: request.url, method: request.method, headers, agent: false}, reply => {
      const held = this.holds && reply.headers["content-type"]?.startsWith("text/event-stream");
      if (!held) {
        response.writeHead(reply.statusCode, reply.headers);
        response.flushHeaders();
        reply.pipe(response);
      } else {
        const chunks = [];
        reply.on("data", chunk => chunks.push(chunk));
        reply.on("end", () => response.writeHead(reply.statusCode, reply.headers).end(Buffer.concat(chunks)));
      }
      reply.on("error", () => response.destroy());
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  #upgrade(request, socket, head) {
    this.urls.push(request.url);
    if (!this.upgrades) return socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    const onward = net.connect(this.#target, "127.0.0.1");
    this.#keep(onward);
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    onward.write(`${lines.join("\r\n")}\r\n\r\n`);
    onward.write(head);
    onward.pipe(socket).pipe(onward);
    socket.on("close", () => onward.destroy());
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
