// SPDX-License-Identifier: BSD-2-Clause
// What this browser keeps of one user, for a start without a network: the last chats, messages that were not sent, the
// subscription to pushes. In IndexedDB ("turnpike"); another user's start or a sign-out clears it. sw.js reads `state`.
const STORES = ["chats", "unsent", "state"]; // `state` has whose they are, and is cleared last
const CHATS = 10, MESSAGES = 60, BYTES = 400000;

const settled = request => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

function openDatabase() {
  const open = indexedDB.open("turnpike", 1);
  open.onupgradeneeded = () => {
    const db = open.result;
    db.createObjectStore("state");
    db.createObjectStore("chats", {keyPath: "session"});
    db.createObjectStore("unsent", {keyPath: "run"});
  };
  return settled(open);
}

export class Kept {
  #db = null; #ready;

  /** user: a name that tells users apart; null: nothing is known of who it is, and no chats are kept. */
  constructor(user) {
    this.user = user;
    this.#ready = this.#open().catch(() => {}); // this browser keeps nothing: everything answers as if it were empty
  }

  async #open() {
    this.#db = await openDatabase();
    this.#db.onversionchange = () => this.#db?.close();
    if (this.user === null) return;
    const stores = this.#db.transaction(STORES, "readwrite"), state = stores.objectStore("state"), before = await settled(state.get("user"));
    if (before !== undefined && before !== this.user) for (const name of STORES) await settled(stores.objectStore(name).clear());
    await settled(state.put(this.user, "user"));
  }

  /** A store that is still of this user: in another tab another one may have come, or may have signed out. */
  async #store(name, mode = "readonly") {
    const stores = this.#db.transaction(STORES, mode);
    if (this.user !== null && await settled(stores.objectStore("state").get("user")) !== this.user) throw new Error("of another user");
    return stores.objectStore(name);
  }

  async #empty() { for (const name of STORES) await settled((await this.#store(name, "readwrite")).clear()); }

  /** fallback: what is said when nothing can be kept. */
  async #try(fallback, work) {
    await this.#ready;
    if (!this.#db) return fallback;
    try {
      return await work();
    } catch {
      return fallback; // full, or closed by the browser
    }
  }

  // ---- single values: what sw.js has to know ---------------------------------------------------------------

  get(key) { return this.#try(undefined, async () => settled((await this.#store("state")).get(key))); }
  set(key, value) { return this.#try(undefined, async () => settled((await this.#store("state", "readwrite")).put(value, key))); }
  delete(key) { return this.#try(undefined, async () => settled((await this.#store("state", "readwrite")).delete(key))); }

  // ---- chats -------------------------------------------------------------------------------------------------

  /** Keeps the end of a conversation, and forgets the oldest of the others. */
  keepChat(session, {messages, title = ""}) {
    if (this.user === null || messages.length === 0) return Promise.resolve();
    let last = messages.slice(-MESSAGES);
    while (last.length > 1 && JSON.stringify(last).length > BYTES) last = last.slice(Math.ceil(last.length / 2));
    return this.#try(undefined, async () => {
      await settled((await this.#store("chats", "readwrite")).put({session, title, messages: last, at: Date.now()}));
      const all = await settled((await this.#store("chats")).getAll());
      for (const chat of all.sort((a, b) => b.at - a.at).slice(CHATS)) await settled((await this.#store("chats", "readwrite")).delete(chat.session));
    });
  }

  /** {messages, title, at}, or undefined. */
  chat(session) { return this.user === null ? Promise.resolve(undefined) : this.#try(undefined, async () => settled((await this.#store("chats")).get(session))); }

  /** [{session, title, at}], the latest first. */
  async chats() {
    const all = this.user === null ? [] : await this.#try([], async () => settled((await this.#store("chats")).getAll()));
    return all.sort((a, b) => b.at - a.at).map(({session, title, at, messages}) => ({session, at, title: title || firstWords(messages)}));
  }

  forgetChat(session) { return this.#try(undefined, async () => settled((await this.#store("chats", "readwrite")).delete(session))); }

  // ---- messages that were not sent ------------------------------------------------------------------------------

  /** frame: as TurnpikeClient sends it. Sent twice, it runs once: it has its client_message_id. */
  keepUnsent(frame) {
    if (this.user === null) return Promise.resolve();
    return this.#try(undefined, async () => settled((await this.#store("unsent", "readwrite")).put({run: frame.run_id, session: frame.session_id, frame, at: Date.now()})));
  }
  forgetUnsent(run) { return this.#try(undefined, async () => settled((await this.#store("unsent", "readwrite")).delete(run))); }

  /** The frames, the oldest first. */
  async unsent() {
    const all = this.user === null ? [] : await this.#try([], async () => settled((await this.#store("unsent")).getAll()));
    return all.sort((a, b) => a.at - b.at).map(({frame}) => frame);
  }

  // ---- its end -------------------------------------------------------------------------------------------------

  /** Nothing of anybody stays. */
  async clear() {
    await this.#try(undefined, () => this.#empty());
    this.close();
  }

  close() {
    this.#db?.close();
    this.#db = null;
  }
}

function firstWords(messages) {
  const text = messages.find(m => m.role === "user")?.text ?? "";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** A name for the holder of a token that tells users apart, and tells nothing else. */
export async function nameOf(subject) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`turnpike ${subject}`));
  return [...new Uint8Array(bytes)].map(b => b.toString(16).padStart(2, "0")).join("");
}
