// SPDX-License-Identifier: BSD-2-Clause
// Why there is no connection: what the codes of a socket's end and the failures of requests mean for the client.

// The codes of the table in docs/stream-protocol.md after which a client does not just come back.
const NO_RETRY = new Map([[1002, "protocol"], [1003, "protocol"], [1007, "protocol"], [4003, "policy"]]);
export const TOO_LARGE = 1009, EXPIRED = 4001;
const SERVER = new Set([1001, 1011, 1012, EXPIRED, 4008]); // it has ended the connection, as planned or not

const MESSAGES = {
  network: "The server cannot be reached.",
  slow: "The connection is dead: nothing was heard.",
  hidden: "The page is not looked at. It connects when it is.",
  server: "The server has ended the connection.",
  expired: "The sign-in has ended. Sign in again.",
  unauthenticated: "The key or token was not accepted. Sign in again.",
  policy: "The server refused the connection.",
  protocol: "The server could not read what was sent. Load this page again.",
};

export const reason = (code, message = MESSAGES[code]) => ({code, message});

/** Of an end (socket.js) after which nothing is tried any more; null of another one. */
export function refusalOf({code, error}, token, lived) {
  if (error?.status === 401) return reason(lived && token.isOver ? "expired" : "unauthenticated", error.problem ? undefined : error.message);
  if (error?.status === 403) return reason(error.problem?.code ?? "forbidden", error.message);
  if (code === EXPIRED && !token.isAsked) return reason("expired");
  return NO_RETRY.has(code) ? reason(NO_RETRY.get(code)) : null;
}

/** Of an end after which the client tries again. */
export function lossOf({how, code, error}, token) {
  if (error?.status) return reason("server", error.message);
  if (error && token.isAsked && !token.value) return reason("token_failed", error.message);
  if (SERVER.has(code)) return reason("server");
  return reason(how === "hung" || how === "deaf" ? "slow" : "network");
}
