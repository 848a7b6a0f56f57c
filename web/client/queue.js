// SPDX-License-Identifier: BSD-2-Clause
// The messages of which no run has been seen yet, in order. Each remembers the link that has carried it
// (`sent`) and the one on which it was accepted (`taken`): after another connection it is sent again.

export class Queue {
  #entries = new Map(); // run id -> {frame, sent, taken, tried: on any link, accepted: likewise, held: it is being taken back}

  get isEmpty() { return this.#entries.size === 0; }
  /** The frames of those that no connection has had accepted. */
  get unsent() { return [...this.#entries.values()].filter(entry => !entry.accepted).map(entry => entry.frame); }

  add(frame) { this.#entries.set(frame.run_id, {frame, sent: null, taken: null, tried: false, accepted: false, held: false}); }
  get(runId) { return this.#entries.get(runId); }
  remove(runId) { return this.#entries.delete(runId); }
  clear() { this.#entries.clear(); }

  find(clientMessageId) {
    return [...this.#entries.values()].find(entry => entry.frame.client_message_id === clientMessageId);
  }

  /** The message to send now: one goes when the one before was accepted, so that they keep their order. */
  next(link) {
    const entry = [...this.#entries.values()].find(e => e.taken !== link && !e.held);
    return entry?.sent === link ? undefined : entry;
  }

  accept(clientMessageId, link) {
    const entry = clientMessageId && this.find(clientMessageId);
    if (entry) Object.assign(entry, {accepted: true, taken: link});
  }

  /** The one that this link carries and that is not accepted yet: what an answer without an id is about. */
  carried(link) {
    return [...this.#entries.values()].find(e => e.taken !== link && e.sent === link);
  }

  /** The largest that this link has carried. */
  largest(link) {
    const size = entry => JSON.stringify(entry.frame).length;
    return [...this.#entries.values()].filter(e => e.sent === link).sort((a, b) => size(b) - size(a))[0];
  }
}
