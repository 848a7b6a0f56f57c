// SPDX-License-Identifier: BSD-2-Clause
// Who asks: a key or token, from a form, the address or the page that holds this one, kept in this tab's session storage and
// nowhere else; or a cookie, which no script sees: of the site's own log-in, or, where the site wants that, one for which the page changes the token at once.
import {element} from "./client/chat/elements.js";
import {claim} from "./client/client.js";
import {t} from "./client/chat/words.js";

const STORED = "turnpike-token", USER = "turnpike-user"; // the latter stays when a token was refused: another user may come next

/** Takes what stands in the address behind #: {token, session}, also "/c/SESSION". A token does not stay there. */
export function takeFragment() {
  const text = location.hash.slice(1), chat = text.match(/^\/c\/([\w.:@%-]+)$/);
  if (chat) return {session: decodeURIComponent(chat[1])};
  if (!/(^|&)token=/.test(text)) return {session: text};
  const fields = new URLSearchParams(text);
  const session = fields.get("session") ?? "";
  history.replaceState(null, "", session ? `#${session}` : location.pathname + location.search);
  return {token: clean(fields.get("token")), session};
}

const clean = text => text.trim().replace(/^bearer\s+/i, "");

export class SignIn {
  #token = sessionStorage.getItem(STORED); #ways = {}; #asked = null; #user = null;
  #tabs = new BroadcastChannel("turnpike-sign-out");

  /**
   * section: has the form. check(token): asks the server; rejects with .status when it is refused.
   * onToken(sameUser): there is a token to use. sameUser: surely that of the user who was here before.
   * change(method, token): asks /sign-in for the cookie (POST) or gives it back (DELETE); rejects as check.
   * onLeft(): another tab has given back the cookie that this one used, too.
   */
  constructor(section, {check, onToken, change, onLeft}) {
    Object.assign(this, {section, check, onToken, change, onLeft});
    this.form = section.querySelector("form");
    this.field = section.querySelector("input");
    this.title = section.querySelector("h2");
    this.fault = section.querySelector("[role=alert]");
    this.elsewhere = section.querySelector(".elsewhere");
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      if (clean(this.field.value)) this.use(clean(this.field.value));
    });
    addEventListener("message", event => this.#hear(event));
    this.#tabs.addEventListener("message", () => {
      if (!this.bySession) return;
      this.#drop();
      this.onLeft();
    });
  }

  /** The token in use, or null. */
  get token() { return this.#token; }

  /** What the client library is given: the token; where a cookie counts, a function, so that it asks again with that of then. */
  get credential() { return this.#token ?? (this.#ways.cookie || this.#ways.session ? () => null : null); }

  /** Whether a cookie is who asks. */
  get byCookie() { return this.#token === null && (this.#ways.cookie === true || this.bySession); }

  /** Whether it is the page's own: then the page signs out, too. */
  get bySession() { return this.#token === null && this.#ways.session === true; }

  /** The site changes tokens for a cookie: what this page has of one is not kept. Resolves when it is done. */
  async settle() {
    if (!this.#ways.session || this.#token === null) return;
    const token = this.#token;
    await this.#exchange(token);
    this.#user = userOf(token);
    this.#token = null;
    for (const key of [STORED, USER]) sessionStorage.removeItem(key);
  }

  /** ways: sign_in of GET /page. */
  allow(ways) {
    this.#ways = ways ?? {};
    this.#announce();
  }

  // ---- a page that holds this one ---------------------------------------------------------------------------

  /** The page that opened this one, or has it in a frame, hears that a token is welcome, when it is one of those that may. */
  #announce() {
    for (const holder of new Set([window.opener, window.parent])) {
      if (!holder || holder === window) continue;
      for (const origin of this.#ways.post_message ?? []) holder.postMessage({type: "turnpike-ready"}, origin);
    }
  }

  #hear({origin, source, data}) {
    if (!this.#ways.post_message?.includes(origin) || (source !== window.opener && source !== window.parent) || source === window) return;
    if (data?.type !== "turnpike-token" || typeof data.token !== "string" || !clean(data.token)) return;
    if (clean(data.token) !== this.#token) this.use(clean(data.token));
  }

  // ---- tokens -------------------------------------------------------------------------------------------------

  /** Whether a token is surely of the user who was here before; also when nobody was. */
  isSame(token) { return [null, userOf(token)].includes(this.#user ?? sessionStorage.getItem(USER)); }

  /** Takes a token unseen: the connection will tell whether it is good. */
  keep(token) {
    this.#token = token;
    if (!this.#ways.session) sessionStorage.setItem(STORED, token);
  }

  /** The token for the cookie. Only TLS may set that under a name of the network: without, the browser drops it unseen. */
  async #exchange(token) {
    await this.change("POST", token);
    if (location.protocol !== "http:") return;
    await this.check(() => null).catch(error => {
      if (error.status === 401) throw Object.assign(new Error(t("This site needs https: without it the browser does not keep you signed in.")), {status: 401});
    });
  }

  /** Takes a token when the server does. */
  async use(token) {
    this.#tell("");
    this.form.setAttribute("aria-busy", "true");
    try {
      await (this.#ways.session ? this.#exchange(token) : this.check(token));
    } catch (error) {
      this.#tell(error.status === 401 && error.problem ? t("This key or token was not accepted.")
        : error.status ? error.message : t("The server cannot be reached. Try again."));
      if (!this.section.hidden && !this.form.hidden) {
        this.field.focus();
        this.field.select();
      }
      return;
    } finally {
      this.form.removeAttribute("aria-busy");
    }
    const same = this.isSame(token);
    if (this.#ways.session) this.#user = userOf(token);
    else this.keep(token);
    this.field.value = "";
    this.hide();
    this.onToken(same);
  }

  // ---- on the screen ------------------------------------------------------------------------------------------

  hide() {
    if (this.#token) sessionStorage.setItem(USER, userOf(this.#token)); // the server took it
    this.#asked = null;
    this.section.hidden = true;
    document.body.classList.remove("signed-out");
  }

  /** The server wants one, or another one. again: there is a conversation on the screen. */
  ask(reason, again) {
    const had = this.#token !== null || this.#user !== null;
    sessionStorage.removeItem(STORED);
    this.#token = null;
    this.#asked = {again, fault: had ? reason.message : ""};
    this.label();
    document.body.classList.toggle("signed-out", !again);
    this.section.hidden = false;
    this.#announce();
    if (!again) (this.form.hidden ? this.elsewhere.querySelector("a, button") : this.field)?.focus();
  }

  /** The words of what is asked, in the language of now. */
  label() {
    if (!this.#asked) return;
    const {again, fault} = this.#asked, {cookie, url} = this.#ways;
    this.title.textContent = again ? t("Sign in again") : t("Sign in");
    this.form.hidden = cookie === true;
    this.elsewhere.hidden = !cookie && !url;
    this.elsewhere.replaceChildren(this.#elsewhere(cookie, url));
    this.#tell(fault);
  }

  #elsewhere(cookie, url) {
    if (url) {
      const link = element("a", "go", t("Go to the sign-in of this site"));
      link.href = url;
      return link;
    }
    const again = element("button", "", t("Load this page again"));
    again.type = "button";
    again.addEventListener("click", () => location.reload());
    const words = element("span", "", t("Sign in on this site, then load this page again."));
    const both = document.createDocumentFragment();
    if (cookie) both.append(words, again);
    return both;
  }

  /** Nothing of it is kept. Resolves to whether the sign-in has surely ended; other tabs hear of that. */
  async forget() {
    const bySession = this.bySession;
    this.#drop();
    if (!bySession) return true;
    const status = await this.change("DELETE").then(() => 204, error => error.status ?? 0);
    if (status) this.#tabs.postMessage("");
    return status === 204 || status === 404; // 404: the setting is off by now
  }

  #drop() {
    for (const key of [STORED, USER]) sessionStorage.removeItem(key);
    this.#token = this.#user = null;
  }

  #tell(text) {
    this.fault.textContent = text;
    this.field.setAttribute("aria-invalid", String(text !== ""));
  }
}

/** Tells users apart: who a token names; of a key, a number that does not give it away. */
function userOf(token) {
  let sum = 0x811c9dc5;
  for (const c of token) sum = Math.imul(sum ^ c.codePointAt(0), 0x01000193);
  return String(claim(token, "sub") ?? sum);
}
