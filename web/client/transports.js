// SPDX-License-Identifier: BSD-2-Clause
// Which kind of link is made: a socket; events over HTTP where handshakes fail though requests work; long-poll where streams are held back.
import {EventsLink} from "./events.js";
import {SocketLink} from "./socket.js";

const REFUSALS = 2;      // handshakes that failed while requests worked
const UNHEARD = 2;       // streams that did not bring the events of a run
const BETTER_AFTER = 60000, BETTER_LONGEST = 600000; // sockets are tried again

export class Transports {
  #WebSocket; #wanted; #socketless; #refusals = 0; #polls = false; #unheard = 0; #better = BETTER_AFTER;
  #direct = false; // the HTTP connections that the browser keeps are as dead as the socket was

  /** wanted: "auto", "socket" or "sse". */
  constructor(WebSocket, wanted) {
    if (!["auto", "socket", "sse"].includes(wanted)) throw new TypeError("TurnpikeClient: the option transport is \"auto\", \"socket\" or \"sse\"");
    this.#WebSocket = WebSocket;
    this.#wanted = wanted;
    this.#socketless = wanted === "sse" || !WebSocket;
  }

  /** Throws when the one that is wanted cannot be had. */
  check() {
    if (this.#wanted !== "socket" || this.#WebSocket) return;
    throw new TypeError("TurnpikeClient: there is no global WebSocket here (Node has one from 22 on): pass a class as the option WebSocket, for example that of the package ws, or leave the option transport out");
  }

  make(host) {
    return this.#socketless ? new EventsLink(host, this.#polls) : new SocketLink(host, this.#WebSocket, this.#direct);
  }
  /** A socket to try beside a link over HTTP. */
  get mayImprove() { return this.#socketless && this.#wanted === "auto" && Boolean(this.#WebSocket); }
  socket(host) { return new SocketLink(host, this.#WebSocket); }
  /** How long the next try waits. */
  nextTry() {
    const wait = this.#better;
    this.#better = Math.min(2 * wait, BETTER_LONGEST);
    return wait;
  }

  opened(link) {
    this.#direct = false;
    if (link.kind !== "socket") return;
    this.#socketless = this.#polls = false;
    this.#refusals = this.#unheard = 0;
    this.#better = BETTER_AFTER;
  }
  heardEvent() { this.#unheard = 0; }

  /** Learns of a link's end. Whether another kind is to be tried at once. */
  ended(link, {how, reached, unheard}) {
    const socket = link.kind === "socket";
    this.#direct = socket && (how === "deaf" || (how === "hung" && !reached));
    if (socket && !link.openedAt && reached && this.#wanted === "auto") {
      this.#socketless = ++this.#refusals >= REFUSALS;
      return this.#socketless;
    }
    if (how === "buffered" || (unheard && ++this.#unheard >= UNHEARD)) {
      this.#polls = true;
      return true;
    }
    return false;
  }
}
