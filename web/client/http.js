// SPDX-License-Identifier: BSD-2-Clause
// Requests to the HTTP side, with the token of the client.

const FETCH_WITHIN = 20000;
const KEPT = 6, DEAD_AFTER = 2000; // a browser's HTTP connections to one host

/** What a refused request throws: an Error with `status`, and `problem`, the problem document if there is one. */
async function refusal(reply) {
  const problem = reply.headers.get("Content-Type")?.includes("json") ? await reply.json().catch(() => null) : null;
  const after = Number(reply.headers.get("Retry-After")) * 1000;
  return Object.assign(new Error(problem?.detail ?? problem?.title ?? `HTTP ${reply.status}`), {
    status: reply.status, problem, retryAfter: problem?.retry_after_ms || after || 0});
}

export class Http {
  #base; #url; #credentials; #token;

  constructor({base, url, credentials}, token) {
    this.#base = base;
    this.#url = url;
    this.#credentials = credentials;
    this.#token = token;
  }

  address(path) { return new URL(this.#base + path, this.#url); }

  /** The reply, when it is a good one. After a 401 a function is asked for another token, once. */
  async open(path, {method = "GET", body, headers = {}, signal = AbortSignal.timeout(FETCH_WITHIN), send = fetch} = {}) {
    const raw = body instanceof Blob;
    const ask = token => send(this.address(path), {
      method, signal, cache: "no-store", credentials: this.#credentials, body: body === undefined || raw ? body : JSON.stringify(body),
      headers: {...body !== undefined && {"Content-Type": raw ? body.type || "application/octet-stream" : "application/json"}, ...headers,
        ...token && {Authorization: `Bearer ${token}`}},
    });
    const token = await this.#token.get();
    let reply = await ask(token);
    if (reply.status === 401 && this.#token.isAsked) {
      const next = await this.#token.get(true);
      if (next && next !== token) reply = await ask(next);
    }
    if (!reply.ok) throw await refusal(reply);
    return reply;
  }

  /** The JSON of the reply, null when it has none; the reply as a Blob when that is wanted. */
  async fetch(path, {blob = false, ...options} = {}) {
    const reply = await this.open(path, options);
    if (blob) return reply.blob();
    return reply.headers.get("Content-Type")?.includes("json") ? reply.json() : null;
  }

  /** Whether anything answers. */
  async answers(within) {
    try {
      await fetch(this.address("/health/live"), {cache: "no-store", signal: AbortSignal.timeout(within)});
      return true;
    } catch {
      return false;
    }
  }

  /** A browser gives requests its kept connections, dead or not: each request that is given up takes one away. */
  freshen() {
    for (let i = 0; i < KEPT; i++) this.answers(DEAD_AFTER);
  }
}
