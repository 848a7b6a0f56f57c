// SPDX-License-Identifier: BSD-2-Clause
// Tokens of somebody else's log-in: keys of a JSON Web Key Set, signed by the npm package jose.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import {readFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import * as jose from "jose";
import {eventually, Stack} from "./harness.mjs";

const AUDIENCE = "https://pam.example.org";
const PAUSE_MS = 1000; // jwt.jwks_pause
const ISSUER = "https://login.example.org/";
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** The issuer: a server whose set of keys, status and redirects a test changes. `asked` counts its requests. */
async function startIssuer() {
  const issuer = {keys: [], asked: 0, status: 200, body: undefined, location: undefined};
  const server = http.createServer((request, response) => {
    issuer.asked++;
    if (request.url.startsWith("/moved")) {
      response.writeHead(302, {Location: issuer.location}).end();
      return;
    }
    if (issuer.hangs) return;
    response.writeHead(issuer.status, {"Content-Type": "application/jwk-set+json"});
    response.end(issuer.body ?? JSON.stringify({keys: issuer.keys}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer.url = `http://127.0.0.1:${server.address().port}`;
  issuer.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  issuer.make = async (kid, alg = "ES256", more = {}) => {
    const {publicKey, privateKey} = await jose.generateKeyPair(alg, {extractable: true, ...alg === "EdDSA" && {crv: "Ed25519"}});
    return {kid, alg, privateKey, jwk: {...await jose.exportJWK(publicKey), kid, ...more}};
  };
  return issuer;
}

/** A token of that key. */
function sign(key, claims = {}, header = {}) {
  return new jose.SignJWT({sub: "auth0|5f7c88", ...claims})
    .setProtectedHeader({alg: key.alg, kid: key.kid, typ: "at+jwt", ...header})
    .setIssuer(claims.iss ?? ISSUER).setAudience(claims.aud ?? [AUDIENCE, "other"]).setExpirationTime("5m").sign(key.privateKey);
}
/** Is the pause since the end of the last fetch over? */
const paused = stack => Date.now() - JSON.parse(readFileSync(join(stack.run, "jwks.json"))).tried_ms > PAUSE_MS;
const bearer = token => ({headers: {Authorization: `Bearer ${token}`}});
const settings = (issuer, more = {}) => ({
  development: "off", "jwt.jwks_url": `${issuer.url}/jwks`, "jwt.audience": AUDIENCE, "jwt.issuer": ISSUER,
  "jwt.jwks_pause": `${PAUSE_MS}ms`, ...more,
});

describe("an issuer's keys", () => {
  let issuer, stack;
  const keys = {};
  before(async () => {
    issuer = await startIssuer();
    for (const alg of ALGORITHMS) keys[alg] = await issuer.make(`key ${alg} of 2026`, alg, alg === "RS256" ? {alg, use: "sig"} : {});
    issuer.keys = [...Object.values(keys).map(key => key.jwk), {kty: "oct", k: "AAAA", kid: "secret"}, {kty: "RSA", n: "AQAB", e: "AQAB", kid: "small"}, 7];
    stack = await Stack.start({settings: settings(issuer)});
  });
  after(async () => {
    await stack.stop();
    await issuer.close();
  });

  for (const alg of ALGORITHMS) {
    test(`a token signed by ${alg} is taken by HTTP and by a socket, and a changed one is not`, async () => {
      const token = await sign(keys[alg]);
      const reply = await stack.get("/sessions", bearer(token));
      assert.equal(reply.status, 200, reply.text);
      const socket = await stack.socket(`/ws?token=${token}`);
      await socket.end();
      const cut = token.slice(0, -6) + (token.endsWith("AAAAAA") ? "BBBBBB" : "AAAAAA");
      assert.equal((await stack.get("/sessions", bearer(cut))).status, 401);
    });
  }

  test("a key checks nothing but what it is for", async () => {
    // By its own member `alg` RS256 only; by its type no other.
    assert.equal((await stack.get("/sessions", bearer(await sign({...keys.RS256, alg: "RS384", privateKey: await again(keys.RS256, "RS384")})))).status, 401);
    assert.equal((await stack.get("/sessions", bearer(await sign({...keys.ES256, kid: keys.EdDSA.kid})))).status, 401);
    const confused = await new jose.SignJWT({sub: "ann"}).setProtectedHeader({alg: "HS256", kid: keys.RS256.kid})
      .setIssuer(ISSUER).setAudience(AUDIENCE).setExpirationTime("5m").sign(new TextEncoder().encode(JSON.stringify(keys.RS256.jwk)));
    assert.equal((await stack.get("/sessions", bearer(confused))).status, 401);
  });

  /** The same private key, for another algorithm of its family. */
  async function again(key, alg) {
    return jose.importPKCS8(await jose.exportPKCS8(key.privateKey), alg);
  }

  test("issuer, audience and keys named by the token itself are refused", async () => {
    const own = await issuer.make("own");
    for (const token of [
      await sign(keys.ES256, {iss: "https://evil.example.org/"}), await sign(keys.ES256, {aud: "another"}),
      await sign({...own, kid: keys.ES256.kid}, {}, {jwk: own.jwk}), await sign({...own, kid: keys.ES256.kid}, {}, {jku: `${issuer.url}/jwks`}),
    ]) assert.equal((await stack.get("/sessions", bearer(token))).status, 401);
  });

  test("a new key is fetched with the first request that names it, by each kind of worker", async () => {
    const ways = [
      async token => assert.equal((await stack.get("/sessions", bearer(token))).status, 200),
      async token => assert.equal((await stack.chat("hello", {}, bearer(token))).status, 200),
      async token => (await stack.socket(`/ws?token=${token}`)).end(),
    ];
    for (const [i, way] of ways.entries()) {
      const fresh = await issuer.make(`rotated ${i}`, ALGORITHMS[i * 3]);
      const token = await sign(fresh);
      issuer.keys.unshift(fresh.jwk);
      await eventually(() => paused(stack), "the pause since the last fetch is over");
      await way(token);
    }
  });

  test("keys that nobody has are asked for at most once in the pause", async () => {
    const before = issuer.asked, began = Date.now();
    for (let i = 0; i < 30; i++) {
      const reply = await stack.get("/sessions", bearer(await sign(await issuer.make(`invented ${i}`))));
      assert.equal(reply.status, 401, reply.text);
      assert.match(reply.json.detail, /key is not known/);
    }
    assert.ok(issuer.asked - before <= (Date.now() - began) / 1000 + 2, `${issuer.asked - before} fetches`);
  });

  test("while the issuer is away its keys stay, also over a reload", async () => {
    const token = await sign(keys.PS256);
    const before = issuer.asked;
    for (const wrong of [{status: 500}, {body: "<html>sorry</html>"}, {body: '{"keys":[]}'}, {body: '{"error":"x"}'}]) {
      Object.assign(issuer, {status: 200, body: undefined}, wrong);
      await stack.reload();
      assert.equal((await stack.get("/sessions", bearer(token))).status, 200, JSON.stringify(wrong));
    }
    await eventually(() => issuer.asked > before && /jwt\.jwks_url: .*the keys that are there stay/.test(stack.log()), "the log says so");
    Object.assign(issuer, {status: 200, body: undefined});
  });

  test("a key that the issuer withdraws is refused after the next fetch", async () => {
    const gone = await issuer.make("withdrawn");
    const token = await sign(gone);
    issuer.keys.unshift(gone.jwk);
    await eventually(async () => (await stack.get("/sessions", bearer(token))).status === 200, "it is taken");
    issuer.keys.shift();
    await eventually(async () => {
      await stack.get("/sessions", bearer(await sign(await issuer.make(`other ${issuer.asked}`)))); // brings the next fetch
      return (await stack.get("/sessions", bearer(token))).status === 401;
    }, "it is refused");
  });
});

describe("an issuer that hangs", () => {
  let issuer, stack;
  before(async () => {
    issuer = await startIssuer();
    stack = await Stack.start({settings: settings(issuer, {"turn.seats": 4, "turn.workers": 1})});
  });
  after(async () => {
    await stack.stop();
    await issuer.close();
  });

  test("tokens with invented keys take few seats: who has a key is answered meanwhile", async () => {
    const known = await issuer.make("known"), invented = await issuer.make("invented");
    issuer.keys = [known.jwk];
    const chat = async key => stack.chat("hello [[text words=2]]", {}, bearer(await sign(key)));
    await eventually(async () => (await chat(known)).status === 200, "the key is known");
    issuer.hangs = true;
    // Those with an invented key wait for a bounded time. On a busy machine it may be over before the other one is served: then again.
    const meanwhile = async () => {
      await eventually(() => paused(stack), "the pause is over");
      let open = 40;
      const before = issuer.asked;
      const others = Array.from({length: open}, async () => {
        const reply = await chat(invented);
        open--;
        return reply;
      });
      await eventually(() => issuer.asked > before || open === 0, "the issuer is asked, or they have given up");
      assert.equal((await chat(known)).status, 200);
      const still = open > 0;
      for (const reply of await Promise.all(others)) assert.ok([401, 503].includes(reply.status), reply.text);
      return still;
    };
    await eventually(meanwhile, "one was answered while another still waited for the issuer", 60000);
  });
});

describe("an issuer that has never answered", () => {
  let issuer, stack;
  before(async () => {
    issuer = await startIssuer();
    issuer.status = 503;
    stack = await Stack.start({settings: settings(issuer)});
  });
  after(async () => {
    await stack.stop();
    await issuer.close();
  });

  test("its tokens are 503 with a time to try again, and no invented ones", async () => {
    const key = await issuer.make("first");
    const token = await sign(key);
    const reply = await stack.get("/sessions", bearer(token));
    assert.equal(reply.status, 503, reply.text);
    assert.equal(reply.json.code, "keys_unavailable");
    assert.ok(reply.headers["retry-after"]);
    assert.equal((await stack.get("/sessions", bearer("a.b.c"))).status, 401);
    issuer.status = 200;
    issuer.keys = [key.jwk];
    await eventually(async () => (await stack.get("/sessions", bearer(token))).status === 200, "the issuer is back");
  });
});

describe("an issuer that sends elsewhere", () => {
  test("a redirect to another origin is not followed", async () => {
    const issuer = await startIssuer(), other = await startIssuer();
    const key = await other.make("elsewhere");
    other.keys = [key.jwk];
    issuer.location = `${other.url}/jwks`;
    const stack = await Stack.start({settings: settings(issuer, {"jwt.jwks_url": `${issuer.url}/moved`})});
    try {
      assert.equal((await stack.get("/sessions", bearer(await sign(key)))).status, 503);
      assert.ok(issuer.asked > 0);
      assert.equal(other.asked, 0);
    } finally {
      await stack.stop();
      await issuer.close();
      await other.close();
    }
  });
});
