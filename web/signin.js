// Who asks: a key or token, from a form or the address, kept in this tab's session storage and nowhere else.
import {claim} from "./client/client.js";

const STORED = "turnpike-token";

/** Takes what stands in the address behind #: {token, session}. A token does not stay there. */
export function takeFragment() {
  const text = location.hash.slice(1);
  if (!/(^|&)token=/.test(text)) return {session: text};
  const fields = new URLSearchParams(text);
  const session = fields.get("session") ?? "";
  history.replaceState(null, "", session ? `#${session}` : location.pathname + location.search);
  return {token: clean(fields.get("token")), session};
}

const clean = text => text.trim().replace(/^bearer\s+/i, "");

export class SignIn {
  #token = sessionStorage.getItem(STORED); #before = this.#token;

  /**
   * section: has the form. check(token): asks the server; rejects with .status when it is refused.
   * onToken(sameUser): there is a token to use. sameUser: surely that of the user who was here before.
   */
  constructor(section, {check, onToken}) {
    Object.assign(this, {section, check, onToken});
    this.form = section.querySelector("form");
    this.field = section.querySelector("input");
    this.title = section.querySelector("h2");
    this.fault = section.querySelector("[role=alert]");
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      if (clean(this.field.value)) this.use(clean(this.field.value));
    });
  }

  /** The token in use, or null. */
  get token() { return this.#token; }

  /** Takes a token unseen: the connection will tell whether it is good. */
  keep(token) {
    this.#before = this.#token = token;
    sessionStorage.setItem(STORED, token);
  }

  /** Takes a token when the server does. */
  async use(token) {
    this.#tell("");
    this.form.setAttribute("aria-busy", "true");
    try {
      await this.check(token);
    } catch (error) {
      this.#tell(error.status === 401 && error.problem ? "This key or token was not accepted."
        : error.status ? error.message : "The server cannot be reached. Try again.");
      this.field.focus();
      this.field.select();
      return;
    } finally {
      this.form.removeAttribute("aria-busy");
    }
    const same = sameUser(this.#before, token);
    this.keep(token);
    this.field.value = "";
    this.hide();
    this.onToken(same);
  }

  hide() {
    this.section.hidden = true;
    document.body.classList.remove("signed-out");
  }

  /** The server wants one, or another one. again: there is a conversation on the screen. */
  ask(reason, again) {
    const had = this.#token !== null;
    sessionStorage.removeItem(STORED);
    this.#token = null;
    this.title.textContent = again ? "Sign in again" : "Sign in";
    document.body.classList.toggle("signed-out", !again);
    this.section.hidden = false;
    this.#tell(had ? reason.message : "");
    if (!again) this.field.focus();
  }

  /** Nothing of it is kept. */
  forget() {
    sessionStorage.removeItem(STORED);
    this.#token = this.#before = null;
  }

  #tell(text) {
    this.fault.textContent = text;
    this.field.setAttribute("aria-invalid", String(text !== ""));
  }
}

/** Whether two tokens are surely of one user. */
function sameUser(before, token) {
  if (!before || before === token) return true;
  const user = claim(before, "sub");
  return user !== undefined && user === claim(token, "sub");
}
