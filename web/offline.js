// SPDX-License-Identifier: BSD-2-Clause
// The page without a network: the service worker has its files, and this keeps the last chats and what was not sent.
import {TurnpikeClient, claim} from "./client/client.js";
import {isPending} from "./client/conversation.js";
import {Kept, nameOf} from "./kept.js";

const SOON = 500, GIVE_UP = 60000;

export class Offline {
  #chat; #signIn; #site; #kept = Promise.resolve(new Kept(null)); #waiting = new Map(); #timer = 0; #last = null;

  /** chat: a <turnpike-chat>. signIn: has token, credential and byCookie. site(): of GET /page. */
  constructor({chat, signIn, site}) {
    this.#chat = chat;
    this.#signIn = signIn;
    this.#site = site;
    chat.addEventListener("turnpike-conversation", ({detail: {conversation}}) => this.#onConversation(conversation));
    chat.addEventListener("turnpike-state", () => this.#noteUnsent());
    document.addEventListener("visibilitychange", () => document.hidden && this.#keepNow());
    addEventListener("pagehide", () => this.#keepNow());
  }

  /** The files of the page are there from the next load on. */
  static register() {
    const register = () => navigator.serviceWorker.register("sw.js", {updateViaCache: "none"}).catch(() => { /* the page works without */ });
    if ("serviceWorker" in navigator) (globalThis.requestIdleCallback ?? setTimeout)(register);
  }

  get kept() { return this.#kept; }

  /** Somebody is here, or another one: from now on it is kept for them. */
  enter() {
    this.#kept = this.#begin(this.#kept);
    return this.#kept;
  }

  async #begin(before) {
    const {token, byCookie} = this.#signIn;
    const subject = token ? claim(token, "sub") ?? token : !byCookie && this.#site().development ? "development" : null;
    const user = subject && globalThis.crypto?.subtle ? await nameOf(subject) : null;
    const was = await before;
    if (was.user === user) return was;
    was.close();
    return new Kept(user);
  }

  /** What chat.open() goes on with: {messages, frames}. */
  async of(session) {
    const kept = await this.#kept, [chat, frames] = await Promise.all([kept.chat(session), kept.unsent()]);
    const mine = frames.filter(frame => frame.session_id === session);
    for (const frame of mine) this.#waiting.set(frame.run_id, frame);
    this.#sendOthers(frames.filter(frame => frame.session_id !== session));
    return {messages: chat?.messages ?? [], frames: mine};
  }

  /** The chats that can be opened without a network, as the list of chats wants them. */
  async chats() {
    const list = await (await this.#kept).chats();
    return list.map(({session, title, at}) => ({id: session, title, updated_at: new Date(at).toISOString(), pinned: false}));
  }

  /** A chat was deleted. */
  async forget(session) { await (await this.#kept).forgetChat(session); }

  /** Those of the session that is left stand in the message field again: they are not sent by themselves any more. */
  left() {
    this.#keepNow();
    for (const run of this.#waiting.keys()) this.#kept.then(kept => kept.forgetUnsent(run));
    this.#waiting.clear();
  }

  /** Signed out: nothing of the user stays here. */
  async leave() {
    clearTimeout(this.#timer);
    this.#waiting.clear();
    this.#last = null;
    const end = async before => { // who comes next waits for it
      await (await before).clear();
      return new Kept(null);
    };
    await (this.#kept = end(this.#kept));
  }

  // ---- keeping ------------------------------------------------------------------------------------------------

  #onConversation(conversation) {
    this.#noteUnsent();
    if (conversation.deleted) return void this.forget(this.#chat.session);
    if (conversation.messages.length === 0) return;
    this.#last = {session: this.#chat.session, conversation};
    this.#timer ||= setTimeout(() => this.#keepNow(), SOON);
  }

  async #keepNow() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const last = this.#last;
    this.#last = null;
    if (!last) return;
    const messages = last.conversation.messages.filter(m => !isPending(m));
    await (await this.#kept).keepChat(last.session, {messages, title: last.conversation.title ?? ""});
  }

  /** What waits is kept at once; what the server has taken is forgotten. */
  #noteUnsent() {
    const client = this.#chat.client, now = new Map((client?.unsent ?? []).map(frame => [frame.run_id, frame]));
    for (const [run, frame] of now) {
      if (this.#waiting.has(run)) continue;
      this.#waiting.set(run, frame);
      this.#kept.then(kept => kept.keepUnsent(frame));
    }
    for (const [run, frame] of this.#waiting) {
      if (now.has(run) || frame.session_id !== client?.session || client.state === "closed") continue;
      this.#waiting.delete(run);
      this.#kept.then(kept => kept.forgetUnsent(run));
    }
  }

  /** Messages of sessions that are not on the screen, of a page that is closed now. */
  #sendOthers(frames) {
    for (const [session, mine] of Map.groupBy ? Map.groupBy(frames, frame => frame.session_id) : []) {
      const client = new TurnpikeClient({session, token: this.#signIn.credential});
      const check = async () => {
        const left = new Set(client.unsent.map(frame => frame.run_id)), kept = await this.#kept;
        for (const frame of mine) if (!left.has(frame.run_id)) await kept.forgetUnsent(frame.run_id);
        if (left.size === 0) client.close();
      };
      for (const name of ["frame", "event", "problem"]) client.addEventListener(name, check);
      for (const frame of mine) client.resend(frame);
      setTimeout(() => client.close(), GIVE_UP); // the next start goes on
      client.start();
    }
  }
}
