// SPDX-License-Identifier: BSD-2-Clause
// The token: fixed, or of a function that is asked again before it ends.

const RENEW_AHEAD = 60000;
const LONGEST_TIMER = 2 ** 31 - 1;

/** A claim of a JSON Web Token, unchecked; undefined for anything else. */
export function claim(token, name) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes))[name];
  } catch {
    return undefined;
  }
}

/** When a token should be replaced, by our clock; never, when nothing is known of its end. */
function renewalTime(token) {
  const left = Number(claim(token, "exp")) * 1000 - Date.now();
  return left > 0 ? Date.now() + left - Math.min(RENEW_AHEAD, left / 5) : Infinity;
}

export class Token {
  #source; #value; #renewAt = Infinity; #asking = null; #timer = 0;

  constructor(source) { this.#source = source; }

  /** The one in use: undefined when none has been asked for, or the last one has run out. */
  get value() { return this.#value; }
  get isAsked() { return typeof this.#source === "function"; }
  /** Whether its own end has passed, by our clock. */
  get isOver() { return Number(claim(this.#value, "exp")) * 1000 <= Date.now(); }

  set(source) {
    this.#source = source;
    this.#asking = null;
    this.forget();
  }
  forget() { this.#value = undefined; }

  /** The token to use now. A function is asked at first, when its token nears its end, and `again`. */
  async get(again = false) {
    const source = this.#source;
    if (!this.isAsked) {
      this.#value = source;
    } else if (again || this.#value === undefined || Date.now() >= this.#renewAt) {
      const asking = this.#asking ??= (async () => source())();
      let value;
      try {
        value = await asking;
      } finally {
        if (this.#asking === asking) this.#asking = null;
      }
      if (source !== this.#source) return this.get();
      this.#value = value;
    }
    if (this.#value && !/^[\x21-\x7e]+$/.test(this.#value)) {
      throw Object.assign(new Error("A key or token has only letters, digits and signs, and no blanks."), {status: 401});
    }
    this.#renewAt = this.#value ? renewalTime(this.#value) : Infinity;
    return this.#value;
  }

  /** Calls `renew` when the token nears its end, once; not for a fixed one. */
  plan(renew) {
    this.cancel();
    if (!this.isAsked || this.#renewAt === Infinity) return;
    const wait = Math.min(Math.max(this.#renewAt - Date.now(), 0), LONGEST_TIMER);
    this.#timer = setTimeout(() => Date.now() < this.#renewAt ? this.plan(renew) : renew(), wait);
  }
  cancel() { clearTimeout(this.#timer); }
}
