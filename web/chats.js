// SPDX-License-Identifier: BSD-2-Clause
// The panel of chats: search, pinned ones, the others by day; rename, pin, export, delete with undo. A column beside the
// conversation on wide screens, a drawer on narrow ones.
import {ChatList, grouped} from "./chatlist.js";
import {button, element, visible} from "./client/chat/elements.js";
import {isTripChat} from "./client/ids.js";
import {n, region, t} from "./client/chat/words.js";

const TYPING = 200, POLL = 4000;
const WIDE = matchMedia("(min-width: 1000px)");

/** Text with parts of it marked: ranges in Unicode characters. */
function marked(tag, className, text, ranges = []) {
  const e = element(tag, className), characters = Array.from(text);
  let at = 0;
  for (const [from, to] of ranges) {
    e.append(visible(characters.slice(at, from).join("")), element("mark", "", visible(characters.slice(from, to).join(""))));
    at = to;
  }
  e.append(visible(characters.slice(at).join("")));
  e.dir = "auto";
  return e;
}

export const addressOf = id => `#/c/${encodeURIComponent(id)}`;

export class Chats {
  #list; #parts = null; #typing = 0; #poll = 0; #menu = null; #renaming = null; #undo = null; #at = null; #rows = new Map(); #drawn = "";

  /**
   * root: where the panel goes. toggle: the button that opens it on narrow screens. request: as TurnpikeClient.fetch.
   * open(id): the user wants this chat. current(): the one on the screen. running(): does it answer just now? gone(id): it was deleted.
   */
  constructor({root, toggle, request, open, current, running = () => false, gone = () => {}}) {
    Object.assign(this, {root, toggle, open, current, running, gone});
    this.#list = new ChatList({request, changed: () => this.#draw()});
  }

  /** Shows it in the language that is set now; again for another language. */
  speak() {
    if (!this.#parts) this.#build();
    const {search, close} = this.#parts;
    search.placeholder = t("Search chats");
    search.setAttribute("aria-label", t("Search chats"));
    close.setAttribute("aria-label", t("Close the list of chats"));
    this.root.setAttribute("aria-label", t("Chats"));
    this.#rows.clear();
    this.#drawn = "";
    this.#draw();
  }

  /** Without a connection: what this browser keeps of them, [{id, title, updated_at}]. */
  know(chats) { this.#list.know(chats); }
  /** The connection is there: what happened meanwhile is asked for. */
  refresh() { this.#list.refreshSoon(0); }
  /** Another user, or nobody. */
  clear() {
    this.#hideUndo();
    if (this.#parts) this.#parts.search.value = "";
    this.#list.clear();
  }
  /** A frame of the user's channel. */
  hear(frame) {
    if (frame.type === "trip_update") this.#list.hearTrip();
    if (frame.type !== "session_updated") return;
    this.#list.hear(frame); // one that is on the screen and was deleted elsewhere stays, and says so
  }
  /** Another chat is on the screen. */
  opened() {
    if (!this.#parts) return;
    if (!WIDE.matches) this.#fold(false);
    this.#draw();
  }
  /** The chat on the screen has begun or ended a turn. */
  changed() { this.#list.refreshSoon(400); }

  // ---- the panel ------------------------------------------------------------------------------------------

  #build() {
    const search = Object.assign(element("input"), {type: "search", id: "chat-search", autocomplete: "off", spellcheck: false});
    const list = element("div", "list"), status = element("p", "status hidden"), end = element("div", "end"), close = button("×", "quiet close", () => this.#fold(false, true));
    status.setAttribute("role", "status");
    const row = element("div", "find"), veil = element("div", "veil");
    row.append(search, close);
    this.root.replaceChildren(row, status, list);
    this.root.after(veil);
    list.append(end);
    this.#parts = {search, close, list, status, end, veil, undo: document.body.appendChild(element("div", "undo"))};
    this.#parts.undo.setAttribute("role", "status");
    search.addEventListener("input", () => this.#typed());
    this.root.addEventListener("keydown", event => this.#onKey(event));
    list.addEventListener("click", event => this.#onClick(event));
    this.toggle.addEventListener("click", () => this.#fold(this.root.inert, true));
    veil.addEventListener("click", () => this.#fold(false));
    new IntersectionObserver(seen => seen.some(s => s.isIntersecting) && this.#list.turn(), {root: list, rootMargin: "200px"}).observe(end);
    this.#fold(false);
    WIDE.addEventListener("change", () => this.#fold(false));
    document.addEventListener("visibilitychange", () => !document.hidden && this.#list.loaded && this.#list.refreshSoon());
  }

  /** The drawer of narrow screens. */
  #fold(open, byUser = false) {
    const drawer = !WIDE.matches, had = this.root.contains(document.activeElement);
    this.root.classList.toggle("open", drawer && open);
    this.root.inert = drawer && !open;
    this.#parts.veil.hidden = !drawer || !open;
    this.toggle.setAttribute("aria-expanded", String(!drawer || open));
    if (!drawer) return;
    if (open) {
      this.#list.refreshSoon(0);
      if (byUser) this.#parts.search.focus();
    } else if (byUser || had) {
      this.toggle.focus();
    }
  }

  #typed() {
    clearTimeout(this.#typing);
    const query = this.#parts.search.value.trim();
    if (query) this.#typing = setTimeout(() => this.#list.search(query), TYPING);
    else this.#list.search("");
  }

  // ---- what is shown ----------------------------------------------------------------------------------------

  /** Not under the user's hands: what came meanwhile is drawn when the menu or the field is closed. */
  #draw() {
    if (!this.#parts || this.#renaming || this.#menu) return;
    const {list, end, status} = this.#parts, focused = document.activeElement, shown = this.#list.shown;
    const at = this.root.contains(focused) ? focused.closest("li")?.dataset.id : undefined;
    const names = {pinned: t("Pinned"), today: t("Today"), yesterday: t("Yesterday"), week: t("Last 7 days"), older: t("Older")};
    const groups = this.#list.found ? [[null, shown]] : grouped(shown).map(([name, chats]) => [names[name], chats]);
    if (!shown.some(c => c.id === this.#at)) this.#at = shown.find(c => c.id === this.current())?.id ?? shown[0]?.id ?? null;
    const told = this.#list.found && this.#list.here ? t("The server cannot be reached: only the titles here were searched.")
      : this.#list.loaded && shown.length === 0 ? this.#list.searching ? t("Searching") : this.#list.found ? t("No chat has these words.") : t("Your chats appear here.")
      : this.#list.found && !this.#list.searching && !this.#list.complete ? t("Older chats were not searched.") : "";
    const drawn = JSON.stringify([told, groups.map(([name, chats]) => [name, chats.map(c => this.#key(c))])]);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      list.replaceChildren(...groups.map(([name, chats]) => this.#group(name, chats)), ...told ? [element("p", "none", told)] : [], end);
      for (const id of this.#rows.keys()) if (!shown.some(c => c.id === id)) this.#rows.delete(id);
      if (at && document.activeElement !== focused) (focused.isConnected ? focused : this.#item(at)?.querySelector("a"))?.focus();
    }
    end.hidden = !this.#list.more;
    const said = this.#list.found && !this.#list.searching ? n(shown.length, "{n} chat found", "{n} chats found") : "";
    if (status.textContent !== said) status.textContent = said;
    clearTimeout(this.#poll);
    if (this.#list.running) this.#poll = setTimeout(() => !document.hidden && this.#list.refresh(), POLL);
  }

  #group(name, chats) {
    const section = element("section"), ul = element("ul");
    if (name) {
      const head = section.appendChild(element("h2", "", name));
      head.id = `chats-${Math.random().toString(36).slice(2)}`;
      ul.setAttribute("aria-labelledby", head.id);
    } else {
      ul.setAttribute("aria-label", t("Chats found"));
    }
    ul.append(...chats.map(c => this.#row(c)));
    section.append(ul);
    return section;
  }

  /** All that a row shows. */
  #key(chat) {
    const current = chat.id === this.current();
    return [chat.id, chat.title, chat.pinned, chat.updated_at, current, current ? this.running() : Boolean(chat.running_turn), chat.match, chat.title_ranges, chat.id === this.#at, chat.shared_by?.name];
  }

  /** The same element as long as it shows the same: a click or the focus may be on it. */
  #row(chat) {
    const key = JSON.stringify(this.#key(chat)), had = this.#rows.get(chat.id);
    if (had?.key === key && had.li.firstChild?.localName === "a") return had.li;
    const li = this.#newRow(chat);
    this.#rows.set(chat.id, {key, li});
    return li;
  }

  #newRow(chat) {
    const li = element("li"), a = element("a"), more = button("⋯", "quiet more", () => this.#openMenu(li, chat)), current = chat.id === this.current();
    li.dataset.id = chat.id;
    a.href = addressOf(chat.id);
    a.tabIndex = chat.id === this.#at ? 0 : -1;
    more.tabIndex = a.tabIndex;
    if (current) a.setAttribute("aria-current", "page");
    a.append(marked("span", "title", chat.title || t("New chat"), chat.title_ranges));
    if (current ? this.running() : chat.running_turn) {
      const dot = a.appendChild(element("span", "busy"));
      dot.setAttribute("role", "img");
      dot.setAttribute("aria-label", t("answers"));
    }
    if (chat.shared_by) a.append(marked("span", "snippet", t("Shared by {name}", {name: chat.shared_by.name})));
    if (chat.match) a.append(marked("span", "snippet", chat.match.snippet, chat.match.ranges));
    a.title = new Date(chat.updated_at).toLocaleString(region());
    more.setAttribute("aria-label", t("More for {title}", {title: chat.title || t("New chat")}));
    more.setAttribute("aria-haspopup", "menu");
    more.setAttribute("aria-expanded", "false");
    li.append(a, ...chat.shared_by ? [] : [more]);
    return li;
  }

  #item(id) { return [...this.#parts.list.querySelectorAll("li")].find(li => li.dataset.id === id); }

  // ---- the menu of a chat -------------------------------------------------------------------------------------

  #openMenu(li, chat) {
    const open = this.#menu?.parentNode === li;
    this.#closeMenu();
    if (open) return;
    const menu = this.#menu = element("div", "menu"), entry = (label, act) => {
      const e = button(label, "", () => {
        this.#closeMenu();
        act();
      });
      e.setAttribute("role", "menuitem");
      e.tabIndex = -1;
      return e;
    };
    menu.setAttribute("role", "menu");
    if (isTripChat(chat.id)) menu.append(entry(t("Delete"), () => this.#delete(chat.id)));
    else menu.append(entry(t("Rename"), () => this.#rename(chat.id)), entry(chat.pinned ? t("Unpin") : t("Pin"), () => this.#do(this.#list.pin(chat.id, !chat.pinned))),
      entry(t("Export"), () => this.#export(chat)), entry(t("Delete"), () => this.#delete(chat.id)));
    li.append(menu);
    li.querySelector(".more").setAttribute("aria-expanded", "true");
    menu.firstChild.focus();
    menu.addEventListener("focusout", event => !menu.contains(event.relatedTarget) && this.#menu === menu && setTimeout(() => this.#menu === menu && !menu.contains(document.activeElement) && this.#closeMenu(false)));
  }

  #closeMenu(focus = true) {
    const menu = this.#menu, more = menu?.parentNode?.querySelector(".more");
    this.#menu = null;
    more?.setAttribute("aria-expanded", "false");
    menu?.remove();
    if (focus) more?.focus();
    if (menu) this.#draw();
  }

  // ---- what the user does ---------------------------------------------------------------------------------------

  #onClick(event) {
    const a = event.target.closest("a");
    if (!a || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.#at = a.closest("li").dataset.id;
    this.open(this.#at);
  }

  #onKey(event) {
    const {target, key} = event, li = target.closest("li");
    if (this.#renaming?.contains(target)) return;
    if (key === "Escape") return this.#onEscape(event);
    if (target.closest(".menu")) return this.#onMenuKey(event);
    if (target === this.#parts.search) {
      if (key !== "ArrowDown") return;
      event.preventDefault();
      return this.#parts.list.querySelector("li a")?.focus();
    }
    if (!li) return;
    if (key === "F2") this.#rename(li.dataset.id);
    else if (key === "Delete") this.#delete(li.dataset.id);
    else if (!this.#move(li, key)) return;
    event.preventDefault();
  }

  #onEscape(event) {
    if (this.#menu) this.#closeMenu();
    else if (this.#parts.search.value) {
      this.#parts.search.value = "";
      this.#typed();
      this.#parts.search.focus();
    } else if (!WIDE.matches) this.#fold(false, true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #onMenuKey(event) {
    const entries = [...this.#menu.children], at = entries.indexOf(document.activeElement);
    const to = {ArrowDown: (at + 1) % entries.length, ArrowUp: (at + entries.length - 1) % entries.length, Home: 0, End: entries.length - 1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    entries[to].focus();
  }

  /** Arrow keys go from chat to chat; above the first one is the search field. */
  #move(li, key) {
    const all = [...this.#parts.list.querySelectorAll("li")], at = all.indexOf(li);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1}[key];
    if (to === undefined) return false;
    if (to < 0) this.#parts.search.focus();
    const next = all[Math.min(to, all.length - 1)];
    if (!next || to < 0) return true;
    this.#stand(next);
    this.#item(next.dataset.id).querySelector("a").focus();
    return true;
  }

  /** The one item that Tab comes to. */
  #stand(li) {
    this.#at = li.dataset.id;
    this.#draw();
  }

  #rename(id) {
    const chat = this.#list.get(id), li = this.#item(id);
    if (!chat || !li || isTripChat(id)) return;
    const field = Object.assign(element("input", "rename"), {value: chat.title ?? "", maxLength: 120});
    let over = false;
    const end = keep => {
      if (over) return;
      over = true;
      const title = field.value.trim(), had = document.activeElement === field;
      this.#renaming = null;
      this.#rows.delete(id);
      this.#drawn = "";
      this.#draw();
      if (had) this.#item(id)?.querySelector("a").focus();
      if (keep && title && title !== chat.title) this.#do(this.#list.rename(id, title));
    };
    field.setAttribute("aria-label", t("Title of the chat"));
    field.addEventListener("keydown", event => {
      event.stopPropagation();
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      end(event.key === "Enter");
    });
    field.addEventListener("blur", () => end(true));
    this.#renaming = li;
    li.replaceChildren(field);
    field.focus();
    field.select();
  }

  async #delete(id) {
    const li = this.#item(id), all = [...this.#parts.list.querySelectorAll("li")], next = all[all.indexOf(li) + 1] ?? all[all.indexOf(li) - 1];
    const had = li?.contains(document.activeElement), title = this.#list.get(id)?.title || t("New chat"), current = id === this.current();
    try {
      const until = await this.#list.remove(id);
      if (had) (next && this.#item(next.dataset.id)?.querySelector("a") || this.#parts.search).focus();
      if (!isTripChat(id)) this.#offerUndo(id, title, until, current); // that of a trip is gone for all
      this.gone(id);
    } catch (error) {
      if (error.status === 404) this.#list.refreshSoon(0);
      else this.#say(error.message);
    }
  }

  async #export(chat) {
    try {
      const file = await this.#list.export(chat.id), a = element("a");
      a.href = URL.createObjectURL(file);
      a.download = `${(chat.title || t("New chat")).replace(/[^\p{L}\p{N} ._-]/gu, "").trim() || "chat"}.md`;
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10000);
    } catch (error) {
      this.#say(error.message);
    }
  }

  async #do(promise) {
    try {
      await promise;
    } catch (error) {
      this.#say(error.problem?.code === "limit_reached" ? t("At most {n} chats can be pinned.", {n: error.problem.limit}) : error.message);
      this.#list.refreshSoon(0);
    }
  }

  // ---- what is said at the bottom -----------------------------------------------------------------------------------

  #offerUndo(id, title, until, current) {
    const again = button(t("Undo"), "", async () => {
      this.#hideUndo();
      try {
        await this.#list.restore(id);
        if (current) this.open(id);
        this.#item(id)?.querySelector("a").focus();
      } catch (error) {
        this.#say(error.status === 404 ? t("It is too late to undo this.") : error.message);
      }
    });
    this.#tell(until - Date.now(), t("“{title}” was deleted.", {title: visible(title)}), again);
  }

  #say(text) { this.#tell(8000, text); }

  #tell(ms, text, ...more) {
    this.#hideUndo();
    this.#parts.undo.append(element("span", "text", text), ...more);
    this.#undo = setTimeout(() => this.#hideUndo(), Math.max(1000, Math.min(ms || 0, 600000)));
  }

  #hideUndo() {
    clearTimeout(this.#undo);
    this.#parts?.undo.replaceChildren();
  }
}
