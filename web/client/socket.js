// SPDX-License-Identifier: BSD-2-Clause
// A link over a WebSocket. Like every link it is opened once, tells its host what comes and, once, how it ended:
//
//   host.opened(link); host.heard(link); host.received(link, frame); host.ended(link, end)
//   end: {how, code?, error?, reached?}   how: "closed" (by the server, with its code), "failed" (it never opened),
//   "hung" (it did not open in time), "deaf" (it was open, and is dead); reached: HTTP worked before
//
// After close() it tells nothing more.

const CONNECT_WITHIN = 10000;
const HANDSHAKE_WITHIN = 6000; // of the socket, when the ticket has come
const TICKET_WITHIN = 4000;
const PING_EVERY = 25000;
const PONG_WITHIN = 15000; // of a ping on a quiet socket
const PING_AFTER = 2000;   // something was sent and nothing is heard: a ping ...
const DEAF_AFTER = 4500;   // ... and the socket is given up

export class SocketLink {
  kind = "socket";
  openedAt = 0;
  #host; #WebSocket; #direct; #socket = null; #over = false; #reached = false;
  #asked = new AbortController(); // of the ticket
  #limit = 0; #beat = 0; #doubt = 0; #deafAt = 0;

  /** direct: without a ticket, as requests may hang; then the token goes along as a subprotocol. */
  constructor(host, WebSocket, direct = false) {
    this.#host = host;
    this.#WebSocket = WebSocket;
    this.#direct = direct;
  }

  async open() {
    this.#limitTo(CONNECT_WITHIN);
    try {
      const how = await this.#address();
      if (this.#over) return;
      if (this.#reached) this.#limitTo(HANDSHAKE_WITHIN);
      this.#attach(new this.#WebSocket(...how));
    } catch (error) {
      this.#end({how: "failed", error});
    }
  }
  #limitTo(ms) {
    clearTimeout(this.#limit);
    this.#limit = setTimeout(() => this.#end({how: "hung"}), ms);
  }

  /**
   * Sockets are opened by ticket: no token stands in an address, and a refusal has its reason, where a browser would
   * only tell that the handshake failed. Where requests hang, a socket with the token in a header is tried: it has a
   * connection of its own. When that is refused, the next try asks for a ticket again and hears why.
   */
  async #address() {
    const {http, token} = this.#host;
    const url = http.address("/ws");
    url.protocol = url.protocol.replace("http", "ws");
    const key = await token.get();
    const header = !key ? [] : /^[\w.~+-]+$/.test(key) ? [["turnpike", `bearer.${key}`]] : null;
    if (this.#direct && header) return [url.href, ...header];
    const late = setTimeout(() => this.#asked.abort(), header ? TICKET_WITHIN : CONNECT_WITHIN);
    try {
      const {ticket} = await http.fetch("/ws-ticket", {method: "POST", body: {}, signal: this.#asked.signal});
      this.#reached = true;
      url.searchParams.set("ticket", ticket);
      return [url.href];
    } catch (error) {
      if (!this.#asked.signal.aborted || !header) throw error;
      this.#direct = true;
      return [url.href, ...header];
    } finally {
      clearTimeout(late);
    }
  }

  #attach(socket) {
    this.#socket = socket;
    socket.onerror = () => this.openedAt || this.#end({how: "failed"}); // else its end follows
    socket.onopen = () => {
      clearTimeout(this.#limit);
      this.openedAt = Date.now();
      if (this.#direct) this.#host.http.freshen();
      this.#beat = setInterval(() => this.#listen(0, PONG_WITHIN), PING_EVERY);
      this.#host.opened(this);
    };
    socket.onmessage = message => {
      clearTimeout(this.#doubt);
      this.#doubt = 0;
      let frame;
      try {
        frame = JSON.parse(message.data);
      } catch {
        return;
      }
      this.#host.heard(this);
      if (frame && typeof frame === "object") this.#host.received(this, frame);
    };
    socket.onclose = event => this.#end(this.openedAt ? {how: "closed", code: event.code} : {how: "failed"});
  }

  /** Begins to watch the session, behind the cursor if there is one. */
  subscribe(session, cursor) {
    this.send({type: "subscribe", session_id: session, ...cursor && {cursor}});
  }

  /** Whether the frame is on its way. */
  send(frame) {
    const sent = this.#write(frame);
    if (sent) this.#listen(PING_AFTER);
    return sent;
  }
  #write(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Asks whether the other side is there. */
  probe() { this.#listen(0); }

  /** Something must be heard, whatever it is, or the socket is dead: a network that forgot it says nothing. */
  #listen(pingAfter, deafAfter = DEAF_AFTER) {
    const end = Date.now() + deafAfter;
    if (!this.openedAt || (this.#doubt && this.#deafAt <= end)) return;
    clearTimeout(this.#doubt);
    this.#deafAt = end;
    const ping = () => {
      this.#write({type: "ping"});
      this.#doubt = setTimeout(() => this.#end({how: "deaf"}), deafAfter - pingAfter);
    };
    if (pingAfter) this.#doubt = setTimeout(ping, pingAfter);
    else ping();
  }

  #end(end) {
    if (this.#over) return;
    this.close();
    this.#host.ended(this, {...end, reached: this.#reached});
  }

  close() {
    this.#over = true;
    for (const timer of [this.#limit, this.#doubt]) clearTimeout(timer);
    clearInterval(this.#beat);
    this.#asked.abort();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(1000);
    } catch { /* it has no name for that state */ }
  }
}
