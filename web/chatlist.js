// SPDX-License-Identifier: BSD-2-Clause
// The user's chats as the server lists them, and those that a search has found: pages, what frames tell, what the user does. No DOM.
const PAGE = 30, MOST = 100; // of one request
const SHARED_EVERY = 60000; // chats of others' trips: how often the list asks, when nothing tells
const AGAIN = 700, TRIES = 20; // a search whose index is still being made

export class ChatList {
  shared = []; #sharedAt = 0;
  chats = []; cursor = null; loaded = false;
  query = ""; found = null; complete = true; here = false; searching = false; // of a search: found is null while there is none
  #request; #changed; #asking = null; #later = 0; #foundCursor = null; #search = null; #turning = false;

  /** request(path, options): as TurnpikeClient.fetch. changed(): something is to be drawn anew. */
  constructor({request, changed}) {
    this.#request = request;
    this.#changed = changed;
  }

  get(id) { return this.chats.find(c => c.id === id) ?? this.shared.find(c => c.id === id) ?? this.found?.find(c => c.id === id); }
  /** What is to be shown, and whether there is more of it. */
  get shown() {
    if (this.found || this.shared.length === 0) return this.found ?? this.chats;
    return [...this.chats, ...this.shared].sort((a, b) => b.pinned - a.pinned || (a.pinned ? 0 : Date.parse(b.updated_at) - Date.parse(a.updated_at)));
  }
  get more() { return Boolean(this.found ? this.#foundCursor : this.cursor); }
  get running() { return this.chats.some(c => c.running_turn); }

  clear() {
    this.#asking?.abort();
    this.#search?.abort();
    clearTimeout(this.#later);
    this.#sharedAt = 0;
    Object.assign(this, {chats: [], shared: [], cursor: null, loaded: false, query: "", found: null, searching: false});
    this.#foundCursor = null;
    this.#changed();
  }

  /** What is known of them without the server, until it says more. */
  know(chats) {
    if (this.loaded || chats.length === 0) return;
    this.chats = chats;
    this.#changed();
  }

  /** Asks for the list in a moment, however often it is called meanwhile. */
  refreshSoon(ms = 150) {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.refresh(), ms);
  }

  /** The newest pages again; what stands behind them stays. A fault changes nothing: the next event asks again. */
  async refresh() {
    clearTimeout(this.#later);
    this.#asking?.abort();
    const asking = this.#asking = new AbortController(), limit = Math.min(Math.max(PAGE, this.chats.length), MOST);
    try {
      const page = await this.#request(`/sessions?limit=${limit}`, {signal: asking.signal});
      if (this.#asking !== asking) return;
      const ids = new Set(page.sessions.map(c => c.id)), behind = page.next_cursor && this.chats.length > limit ? this.chats.slice(limit).filter(c => !ids.has(c.id)) : [];
      this.chats = [...page.sessions, ...behind];
      if (behind.length === 0) this.cursor = page.next_cursor;
      this.loaded = true;
      this.#changed();
      await this.#askShared(asking.signal);
    } catch { /* not now */ }
  }

  /** Chats of trips of others, in which the user takes part. An older server has none. */
  async #askShared(signal) {
    if (Date.now() - this.#sharedAt < SHARED_EVERY) return;
    this.#sharedAt = Date.now();
    const {chats} = await this.#request("/trip-chats", {signal});
    this.shared = chats.filter(c => c.role !== "owner").map(c => ({...c.session, pinned: false, role: c.role, shared_by: c.shared_by}));
    this.#changed();
  }

  /** A frame trip_update: a role may have changed, or a chat may be open. */
  hearTrip() {
    this.#sharedAt = 0;
    this.refreshSoon();
  }

  /** The next page of what is shown. */
  async turn() {
    const found = this.found, cursor = found ? this.#foundCursor : this.cursor;
    if (!cursor || this.#turning) return;
    this.#turning = true;
    try {
      const page = await this.#request(`/sessions?${new URLSearchParams({limit: String(PAGE), cursor, ...found && {query: this.query}})}`);
      if (this.found !== found) return;
      const ids = new Set(this.shown.map(c => c.id)), all = [...this.shown, ...page.sessions.filter(c => !ids.has(c.id))];
      if (found) [this.found, this.#foundCursor] = [all, page.next_cursor];
      else [this.chats, this.cursor] = [all, page.next_cursor];
    } catch { /* scrolling on asks again */ } finally {
      this.#turning = false;
      this.#changed();
    }
  }

  /** Looks for words; "" ends the search. A newer one takes the place of one that is still under way. */
  async search(query) {
    this.#search?.abort();
    this.query = query;
    if (!query) {
      Object.assign(this, {found: null, searching: false});
      return this.#changed();
    }
    const search = this.#search = new AbortController();
    this.searching = true;
    this.#changed();
    for (let tries = 0; tries < TRIES; tries++) {
      let page;
      try {
        page = await this.#request(`/sessions?${new URLSearchParams({query, limit: String(PAGE)})}`, {signal: search.signal});
      } catch {
        if (this.#search !== search) return;
        page = this.#foundHere(query);
      }
      if (this.#search !== search) return;
      Object.assign(this, {found: page.sessions, complete: page.complete, here: page.here === true, searching: page.indexing === true});
      this.#foundCursor = page.next_cursor;
      this.#changed();
      if (!page.indexing) return;
      await new Promise(go => setTimeout(go, AGAIN));
      if (this.#search !== search) return;
    }
    this.searching = false;
    this.#changed();
  }

  /** The server cannot be asked: the titles that are known. */
  #foundHere(query) {
    const fold = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase(), words = fold(query).split(/\s+/).filter(Boolean);
    const sessions = this.chats.filter(chat => words.every(word => fold(chat.title ?? "").includes(word)));
    return {sessions, next_cursor: null, complete: false, here: true};
  }

  /** A frame session_updated. */
  hear(frame) {
    const chat = this.get(frame.id);
    if (frame.deleted) this.#remove(frame.id);
    else if (chat) this.#set(frame.id, {title: frame.title, pinned: frame.pinned});
    if (!chat || frame.deleted || chat.pinned !== frame.pinned) this.refreshSoon();
  }

  rename(id, title) { return this.#patch(id, {title}); }
  pin(id, pinned) { return this.#patch(id, {pinned}); }

  /** Gives until when it can be taken back. */
  async remove(id) {
    const {restorable_until: until} = await this.#request(`/sessions/${encodeURIComponent(id)}?undo=true`, {method: "DELETE"});
    this.#remove(id);
    return Date.parse(until);
  }

  async restore(id) {
    await this.#request(`/sessions/${encodeURIComponent(id)}/restore`, {method: "POST", body: {}});
    await this.refresh();
    if (this.query) await this.search(this.query);
  }

  export(id) { return this.#request(`/sessions/${encodeURIComponent(id)}/export?format=markdown`, {blob: true}); }

  async #patch(id, body) {
    const now = await this.#request(`/sessions/${encodeURIComponent(id)}`, {method: "PATCH", body});
    this.#set(id, {title: now.title, pinned: now.pinned});
    if ("pinned" in body) await this.refresh();
  }

  #set(id, change) {
    const apply = list => list.map(c => c.id === id ? {...c, ...change, ...change.title !== c.title && {title_ranges: []}} : c);
    this.chats = apply(this.chats);
    if (this.found) this.found = apply(this.found);
    this.#changed();
  }

  #remove(id) {
    this.chats = this.chats.filter(c => c.id !== id);
    if (this.found) this.found = this.found.filter(c => c.id !== id);
    this.#changed();
  }
}

/** The groups of a list in their order: [[name, chats]]; name: pinned, today, yesterday, week, older. */
export function grouped(chats, now = new Date()) {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate()), before = days => new Date(day.getFullYear(), day.getMonth(), day.getDate() - days);
  const of = chat => {
    if (chat.pinned) return "pinned";
    const at = new Date(chat.updated_at);
    return at >= day ? "today" : at >= before(1) ? "yesterday" : at >= before(7) ? "week" : "older";
  };
  return ["pinned", "today", "yesterday", "week", "older"].map(name => [name, chats.filter(c => of(c) === name)]).filter(([, list]) => list.length > 0);
}
