// SPDX-License-Identifier: BSD-2-Clause
// Keys and tokens for tests of a site that asks for them.
import {createHash, createHmac} from "node:crypto";
import {writeFileSync} from "node:fs";

export const SECRET = "a secret of more than thirty-two bytes, for tests";
export const KEY = "tpk_0123456789abcdef0123456789abcdef0123456789abcdef";

const b64 = value => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A JSON Web Token that the settings of `production` take, for `seconds`; more: further claims. */
export function token(user = "alice", seconds = 300, more = {}) {
  const body = `${b64({alg: "HS256", typ: "JWT"})}.${b64({...more, sub: user, aud: "turnpike", jti: crypto.randomUUID(), exp: Math.floor(Date.now() / 1000) + seconds})}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

/** Settings of a site as it is installed: development mode off; KEY is the user `machine`. */
export function production(keysFile, origins = "") {
  writeFileSync(keysFile, `${createHash("sha256").update(KEY).digest("hex")} machine user robot\n`);
  return {
    development: "off", "jwt.algorithm": "HS256", "jwt.secret": SECRET, "jwt.audience": "turnpike", "jwt.leeway": "0ms",
    "api_keys.file": keysFile, ...origins && {origins},
  };
}
