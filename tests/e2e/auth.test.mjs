// SPDX-License-Identifier: BSD-2-Clause
// Who may ask, and that nobody sees what is another's.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {createHash, createHmac, generateKeyPairSync, sign} from "node:crypto";
import {mkdirSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {eventually, scratch, SLOW, Stack, uuid} from "./harness.mjs";

const SECRET = "a secret of more than thirty-two bytes, for tests";
const ORIGIN = "https://pam.example.org";
const EXPIRY_S = 4 * SLOW; // long enough for what comes before it
const b64 = value => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

function token(claims = {}, {alg = "HS256", secret = SECRET, header = {}} = {}) {
  const body = `${b64({alg, typ: "JWT", ...header})}.${b64({sub: "alice", aud: "turnpike", iss: "https://login.example.org", exp: now() + 300, ...claims})}`;
  if (alg === "none") return `${body}.`;
  return `${body}.${createHmac(alg.replace("HS", "sha"), secret).update(body).digest("base64url")}`;
}
const bearer = t => ({headers: {Authorization: `Bearer ${t}`}});

describe("authentication with HS256", () => {
  let stack, dir;
  const apiKey = "tpk_0123456789abcdef0123456789abcdef0123456789abcdef";
  const otherKey = "tpk_fedcba9876543210fedcba9876543210fedcba9876543210";
  before(async () => {
    dir = scratch("tp-auth-");
    writeFileSync(join(dir, "keys"), `# machines\n${createHash("sha256").update(apiKey).digest("hex")} machine user robot\n`
      + `${createHash("sha256").update(otherKey).digest("hex")} auth0|robot user\n`);
    stack = await Stack.start({settings: {
      development: "off", "jwt.algorithm": "HS256", "jwt.secret": SECRET, "jwt.secret_previous": "the secret that was in use before this one",
      "jwt.audience": "turnpike", "jwt.issuer": "https://login.example.org", "jwt.leeway": "0ms", "api_keys.file": join(dir, "keys"), origins: ORIGIN,
    }});
  });
  after(async () => {
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  test("a good token is taken", async () => {
    const reply = await stack.chat("hello", {}, bearer(token()));
    assert.equal(reply.status, 200, reply.text);
    assert.equal((await stack.chat("hello", {}, bearer(token({}, {secret: "the secret that was in use before this one"})))).status, 200);
  });

  const forged = {
    "no credential": undefined,
    "an empty token": "",
    "another secret": token({}, {secret: "x".repeat(40)}),
    "alg none": token({}, {alg: "none"}),
    "alg None with a signature": token({}, {header: {alg: "None"}}),
    "HS384 with the right secret": token({}, {alg: "HS384"}),
    "expired": token({exp: now() - 10}),
    "no exp": token({exp: undefined}),
    "exp as a string": token({exp: "soon"}),
    "not yet valid": token({nbf: now() + 100}),
    "another audience": token({aud: "other"}),
    "no audience": token({aud: undefined}),
    "another issuer": token({iss: "https://evil.example.org"}),
    "no subject": token({sub: undefined}),
    "a subject that is a number": token({sub: 1139}),
    "an empty subject": token({sub: ""}),
    "a subject of more than 1024 bytes": token({sub: "x".repeat(1025)}),
    "a cut token": token().slice(0, -3),
    "a changed payload": token().replace(/\.[^.]+\./, `.${b64({sub: "bob", aud: "turnpike", iss: "https://login.example.org", exp: now() + 300})}.`),
    "rubbish": "a.b.c",
    "an unknown API key": "tpk_ffffffffffffffffffffffffffffffffffffffffffffffff",
  };
  for (const [name, value] of Object.entries(forged)) {
    test(`${name}: 401 over HTTP and no socket`, async () => {
      const reply = await stack.chat("hello", {}, value === undefined ? {} : bearer(value));
      assert.equal(reply.status, 401, reply.text);
      assert.equal(reply.json.code, "unauthenticated");
      assert.match(reply.headers["www-authenticate"] ?? "", /Bearer/);
      if (value) assert.ok(!reply.text.includes(value) && !stack.log().includes(value), "the token was repeated");
      await refusedSocket(stack, `/ws${value === undefined ? "" : `?token=${value}`}`);
    });
  }

  test("X-Dev-User means nothing here", async () => {
    assert.equal((await stack.chat("hello", {}, {headers: {"X-Dev-User": "alice"}})).status, 401);
    assert.equal((await stack.chat("hello", {}, {headers: {"TP-Internal": "stream", "TP-User": "alice"}})).status, 401);
  });

  test("an API key is taken and has its own user", async () => {
    const reply = await stack.chat("hello", {user_id: "machine"}, {headers: {"X-API-Key": apiKey}});
    assert.equal(reply.status, 200, reply.text);
    assert.equal((await stack.chat("hello", {}, bearer(apiKey))).status, 200);
  });

  test("the user of a body or a path must be the user of the credential", async () => {
    assert.equal((await stack.chat("x", {user_id: "bob"}, bearer(token()))).status, 403);
    assert.equal((await stack.chat("x", {user_id: "alice"}, bearer(token()))).status, 200);
    await refusedSocket(stack, `/ws/bob?token=${token()}`);
    const s = await stack.socket(`/ws/alice?token=${token()}`);
    s.message("hello", {session_id: uuid()});
    await s.until("RUN_FINISHED");
    await s.end();
  });

  test("a subject of any form is a user of its own, by HTTP, path and ticket", async () => {
    const subjects = ["auth0|5f7c88", "google-oauth2|1139", "ann+test@example.com", "https://id.example.org/ann?x=1#y",
      "Ann Lee", "ann lee", "J\u00f6rg \u6f22\u5b57 \u{1f690}", "a}b", "{alice}", "community", "::auth0_7c5f7c88", "*", "x".repeat(1024), "../alice", "a%7Cb"];
    const session_id = uuid();
    for (const sub of subjects) {
      const own = bearer(token({sub}));
      const reply = await stack.chat("hello", {session_id, user_id: sub}, own);
      assert.equal(reply.status, 200, `${sub}: ${reply.text}`);
      assert.equal((await stack.get("/sessions", own)).json.sessions.length, 1, sub);
      assert.equal((await stack.get(`/sessions/${session_id}/messages`, own)).json.messages.length, 2, `${sub} shares a session`);
      if (sub.startsWith("../")) continue; // that nginx takes for the folder above, however it is written
      const s = await stack.socket(`/ws/${encodeURIComponent(sub)}?token=${token({sub})}`);
      s.message("hello", {session_id: "by-path"});
      await s.until("RUN_FINISHED");
      await s.end();
      assert.equal((await stack.chat("x", {user_id: "alice"}, own)).status, 403);
      await refusedSocket(stack, `/ws/alice?token=${token({sub})}`);
    }
    // The id, as logs and other users see it, stands for the name too, but no name can be another's id.
    const shown = "::auth0_7c5f7c88", own = bearer(token({sub: subjects[0]}));
    assert.match(stack.log(), /user ::auth0_7c5f7c88,/);
    await (await stack.socket(`/ws/${shown}?token=${token({sub: subjects[0]})}`)).end();
    assert.equal((await stack.chat("x", {user_id: shown}, own)).status, 200);
    const {ticket} = (await stack.post("/ws-ticket", {}, own)).json;
    await (await stack.socket(`/ws/${encodeURIComponent(subjects[0])}?ticket=${ticket}`)).end();
    /* The sums of the whole site have a name that no user can have. */
    const owned = (await stack.redis("keys", "tp:{*")).split("\n").filter((key) => !key.startsWith("tp:{+stats}:"));
    for (const key of owned) assert.match(key, /^tp:\{[A-Za-z0-9_.:@-]+\}:/);
    const erased = await stack.request("DELETE", "/user-data", {headers: {...own.headers, "X-Confirm-Erase": subjects[0]}});
    assert.equal(erased.status, 200, erased.text);
    assert.equal((await stack.get("/sessions", own)).json.sessions.length, 0);
    assert.equal((await stack.get("/sessions", bearer(token({sub: shown})))).json.sessions.length, 2, "another's data went with it");
  });

  test("a refusal names the claim and the rule", async () => {
    assert.match((await stack.get("/sessions", bearer(token({sub: 1139})))).json.detail, /claim sub must be a string \(RFC 7519/);
    assert.match((await stack.get("/sessions", bearer(token({sub: "x".repeat(1025)})))).json.detail, /claim sub is longer than 1024 bytes/);
    assert.match((await stack.get("/sessions", bearer(token({sub: undefined})))).json.detail, /no claim sub/);
  });

  test("an API key's user may have any name", async () => {
    assert.equal((await stack.chat("x", {user_id: "auth0|robot"}, bearer(otherKey))).status, 200);
  });

  test("a socket takes a bearer subprotocol and a header", async () => {
    for (const options of [{protocols: ["turnpike", `bearer.${token()}`]}, {headers: {Authorization: `Bearer ${token()}`}}]) {
      const s = await stack.socket("/ws", options);
      s.message("hello", {session_id: uuid()});
      await s.until("RUN_FINISHED");
      await s.end();
    }
  });

  test("a ticket opens one socket, from its origin, once", async () => {
    const ask = () => stack.post("/ws-ticket", {}, {headers: {Authorization: `Bearer ${token()}`, Origin: ORIGIN}});
    const reply = await ask();
    assert.ok([200, 201].includes(reply.status), reply.text);
    const {ticket} = reply.json;
    await refusedSocket(stack, `/ws?ticket=${(await ask()).json.ticket}`, {origin: "https://evil.example.org"});
    const s = await stack.socket(`/ws?ticket=${ticket}`, {origin: ORIGIN});
    s.message("hello", {session_id: uuid()});
    await s.until("RUN_FINISHED");
    await refusedSocket(stack, `/ws?ticket=${ticket}`, {origin: ORIGIN});
    await s.end();
    await refusedSocket(stack, `/ws?ticket=${"0".repeat(64)}`, {origin: ORIGIN});
  });

  test("an origin that is not on the list is refused", async () => {
    await refusedSocket(stack, `/ws?token=${token()}`, {origin: "https://evil.example.org"});
    await refusedSocket(stack, `/ws?token=${token()}`, {origin: `${ORIGIN}.evil.org`});
    await (await stack.socket(`/ws?token=${token()}`, {origin: ORIGIN})).end();
  });

  // Each of them waits for the clock: side by side.
  describe("a credential that runs out", {concurrency: true}, () => {
    test("closes its socket with 4001", async () => {
      const s = await stack.socket(`/ws?token=${token({exp: now() + EXPIRY_S})}`);
      assert.equal((await s.closed).code, 4001);
    });

    test("closes the socket that was opened with its ticket, too", async () => {
      const reply = await stack.post("/ws-ticket", {}, bearer(token({exp: now() + EXPIRY_S})));
      assert.equal(reply.status, 201, reply.text);
      const s = await stack.socket(`/ws?ticket=${reply.json.ticket}`);
      assert.equal((await s.closed).code, 4001);
    });

    test("ends its stream of a session properly, and another is refused", async () => {
      const session_id = uuid();
      await stack.chat("hello", {session_id}, bearer(token()));
      const {headers} = bearer(token({exp: now() + EXPIRY_S}));
      const reader = stack.sse(`/sessions/${session_id}/events?cursor=0-0`, {headers});
      await reader.until("RUN_FINISHED");
      await reader.all(60000);
      assert.match(String(reader.raw), /\n\n$/);
      const again = stack.sse(`/sessions/${session_id}/events`, {headers});
      await again.response;
      assert.equal(again.status, 401);
    });

    test("does not cut the stream of a run that was accepted", async () => {
      const exp = now() + EXPIRY_S;
      const reader = stack.chatStream("x [[text words=8 hold=4]]", {}, {headers: {...bearer(token({exp})).headers, Accept: "text/event-stream"}});
      await reader.until("TEXT_MESSAGE_CONTENT");
      await eventually(() => Date.now() > exp * 1000 + 1500, "the credential has run out", 60000);
      await stack.double.go();
      await reader.until("RUN_FINISHED");
    });
  });

  test("a refused handshake is a problem with the ids of the request and of the trace", async () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736", traceparent = `00-${trace}-00f067aa0ba902b7-01`;
    const origin = "https://evil.example.org", good = {Authorization: `Bearer ${token()}`};
    for (const [path, options, status, code] of [
      ["/ws", {}, 401, "unauthenticated"],
      ["/ws?ticket=x", {}, 401, "unauthenticated"],
      ["/ws", {headers: good, origin}, 403, "origin_not_allowed"],
      ["/ws/bob", {headers: good}, 403, "forbidden"],
      ["/ws/a%7bb", {headers: good}, 403, "forbidden"],
      ["/ws?cursor=x", {headers: good}, 400, "bad_request"],
      ["/ws/a/b", {headers: good}, 404, "not_found"],
    ]) {
      for (const sent of [{traceparent}, {}]) {
        const error = await stack.socket(path, {...options, headers: {...options.headers, ...sent}}).then(() => null, e => e);
        const what = `${path} ${error?.body}`;
        assert.equal(error?.status, status, what);
        assert.match(error.headers["content-type"], /^application\/problem\+json/, what);
        const body = JSON.parse(error.body);
        assert.equal(body.status, status);
        assert.equal(body.code, code);
        assert.equal(body.request_id, error.headers["x-request-id"], what);
        assert.match(body.trace_id, /^[0-9a-f]{32}$/, what);
        if (sent.traceparent) assert.equal(body.trace_id, trace, what);
        assert.match(error.headers.traceparent, new RegExp(`^00-${body.trace_id}-`), what);
      }
    }
  });

  test("another user sees nothing: sessions, messages, events, turns, stops", async () => {
    const alice = bearer(token()), bob = bearer(token({sub: "bob"}));
    const session_id = uuid();
    const pending = stack.chat("a secret [[text hold=2]]", {session_id}, alice);
    await stack.double.until(d => d.held > 0);
    const {running_turn} = await eventually(async () => {
      const s = (await stack.get(`/sessions/${session_id}`, alice)).json;
      return s?.running_turn && s;
    });
    for (const path of [`/sessions/${session_id}`, `/sessions/${session_id}/messages`, `/turns/${running_turn}`, `/history?conversation_id=${session_id}`]) {
      const reply = await stack.get(path, bob);
      assert.ok(reply.status === 404 || (reply.status === 200 && reply.json.messages?.length === 0), `${path} ${reply.text}`);
      assert.ok(!reply.text.includes("secret"), path);
    }
    assert.equal((await stack.get(`/sessions/${session_id}/events`, {headers: {...bob.headers, Accept: "text/event-stream"}})).status, 404);
    assert.equal((await stack.post(`/turns/${running_turn}/cancel`, {}, bob)).status, 404);
    assert.equal((await stack.request("PATCH", `/sessions/${session_id}`, {body: {title: "mine"}, ...bob})).status, 404);
    await stack.request("DELETE", `/sessions/${session_id}`, bob);
    const eve = await stack.socket(`/ws?token=${token({sub: "bob"})}`);
    eve.send({type: "subscribe", session_id, cursor: "0-0"});
    eve.send({type: "cancel", session_id});
    eve.send({type: "ping"});
    await eve.until("pong");
    await stack.double.go();
    assert.equal((await pending).json.response.length > 0, true);
    eve.send({type: "ping"});
    await eve.until("pong");
    assert.deepEqual(eve.events(), []);
    await eve.end();
    // The same session id is another session of another user.
    await stack.chat("bob's own [[text say=Own.]]", {session_id}, bob);
    assert.equal((await stack.get(`/sessions/${session_id}/messages`, bob)).json.messages.length, 2);
    assert.equal((await stack.get(`/sessions/${session_id}/messages`, alice)).json.messages.length, 2);
  });

  test("no token stands in a log", async () => {
    const t = token({sub: "carol"});
    await (await stack.socket(`/ws?token=${t}`)).end();
    await stack.get(`/sessions?token=${t}`);
    const reader = stack.sse(`/sessions/nothing/events?token=${t}`, {headers: bearer(t).headers});
    await reader.response;
    reader.drop();
    await eventually(() => /\/sessions\/nothing\/events/.test(stack.accessLog()), "the access log is written");
    for (const log of [stack.accessLog(), stack.errorLog(), stack.log()]) {
      assert.ok(!log.includes(t.split(".")[2]), "a signature is in a log");
      assert.ok(!log.includes("token="), "a query is in a log");
    }
  });
});

describe("authentication with public keys", () => {
  let stack, dir;
  const keys = {one: generateKeyPairSync("ec", {namedCurve: "P-256"}), two: generateKeyPairSync("ec", {namedCurve: "P-256"})};
  const signed = (kid, key, header = {}) => {
    const body = `${b64({alg: "ES256", kid, ...header})}.${b64({sub: "alice", aud: "turnpike", exp: now() + 300})}`;
    return `${body}.${sign("sha256", Buffer.from(body), {key: key.privateKey, dsaEncoding: "ieee-p1363"}).toString("base64url")}`;
  };
  const pem = key => key.publicKey.export({type: "spki", format: "pem"});
  before(async () => {
    dir = scratch("tp-auth-");
    mkdirSync(join(dir, "keys"));
    writeFileSync(join(dir, "keys/one.pem"), pem(keys.one));
    stack = await Stack.start({settings: {development: "off", "jwt.algorithm": "ES256", "jwt.keys_dir": join(dir, "keys"), "jwt.audience": "turnpike"}});
  });
  after(async () => {
    await stack.stop();
    rmSync(dir, {recursive: true});
  });

  test("a signature of the named key is taken, any other is not", async () => {
    assert.equal((await stack.chat("x", {}, bearer(signed("one", keys.one)))).status, 200);
    assert.equal((await stack.chat("x", {}, bearer(signed("one", keys.two)))).status, 401);
    assert.equal((await stack.chat("x", {}, bearer(signed("two", keys.two)))).status, 401);
    assert.equal((await stack.chat("x", {}, bearer(signed("../keys/one", keys.one)))).status, 401);
  });

  test("the public key is no HMAC secret", async () => {
    const body = `${b64({alg: "HS256", kid: "one"})}.${b64({sub: "alice", aud: "turnpike", exp: now() + 300})}`;
    assert.equal((await stack.chat("x", {}, bearer(`${body}.${createHmac("sha256", pem(keys.one)).update(body).digest("base64url")}`))).status, 401);
  });

  test("a reload brings a new key", async () => {
    writeFileSync(join(dir, "keys/two.pem"), pem(keys.two));
    process.kill(stack.pid, "SIGHUP");
    await eventually(async () => (await stack.chat("x", {}, bearer(signed("two", keys.two)))).status === 200, "the new key is taken");
    assert.equal((await stack.chat("x", {}, bearer(signed("one", keys.one)))).status, 200);
  });
});

describe("another claim names the user", () => {
  test("jwt.user_claim", async () => {
    const claim = "https://example.com/uid";
    const stack = await Stack.start({double: false, settings: {development: "off", "jwt.algorithm": "HS256", "jwt.secret": SECRET,
      "jwt.audience": "turnpike", "jwt.user_claim": claim}});
    try {
      const own = bearer(token({sub: 5, [claim]: "org/1|ann"}));
      assert.equal((await stack.chat("hello", {user_id: "org/1|ann"}, own)).status, 200);
      const s = await stack.socket(`/ws/${encodeURIComponent("org/1|ann")}?token=${token({[claim]: "org/1|ann"})}`);
      await s.end();
      const refused = await stack.get("/sessions", bearer(token()));
      assert.equal(refused.status, 401);
      assert.ok(refused.json.detail.includes(`no claim ${claim}`), refused.text);
    } finally {
      await stack.stop();
    }
  });
});

describe("development mode", () => {
  test("answers its own host names only, and changes nothing for a foreign page", async () => {
    const stack = await Stack.start({double: false, settings: {"development.hosts": "box.lan"}});
    try {
      const host = (Host, more = {}) => ({headers: {Host, ...more}});
      await stack.chat("a secret", {session_id: "s"});
      for (const name of ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8080", "box.lan", "box.lan:81"]) {
        assert.equal((await stack.get("/sessions", host(name))).status, 200, name);
      }
      for (const name of ["evil.example", `evil.example:${stack.port}`, "127.0.0.1.evil.example", "localhost.evil.example", "box.lan.evil"]) {
        for (const path of ["/sessions", "/export", "/sessions/s/messages", "/sessions/s/events", "/tools", "/health", "/nothing", "/expenses.csv"]) {
          const reply = await stack.get(path, host(name));
          assert.equal(reply.status, 421, `${name} ${path}`);
          assert.equal(reply.json.code, "host_not_answered");
          assert.ok(!reply.text.includes("secret"));
        }
        assert.equal((await stack.chat("x", {}, host(name))).status, 421);
        await assert.rejects(stack.socket("/ws", host(name)), error => error.status === 421);
      }
      for (const sent of [{Origin: "https://evil.example"}, {Origin: "null"}, {"Sec-Fetch-Site": "cross-site"}]) {
        for (const path of ["/tools/get_current_time", "/sessions/s/cancel", "/ws-ticket", "/cancel"]) {
          const reply = await stack.request("POST", path, {headers: sent});
          assert.equal(reply.status, 403, `${JSON.stringify(sent)} ${path} ${reply.text}`);
          assert.equal(reply.json.code, "origin_not_allowed");
        }
        assert.equal((await stack.request("DELETE", "/sessions/s", {headers: sent})).status, 403);
        assert.equal((await stack.request("DELETE", "/user-data", {headers: {...sent, "X-Confirm-Erase": "dev"}})).status, 403);
      }
      assert.equal((await stack.get("/sessions/s")).status, 200);
      assert.equal((await stack.request("POST", "/tools/get_current_time", {headers: {Origin: "http://localhost:5173"}})).status, 200);
      assert.equal((await stack.request("POST", "/tools/get_current_time", {headers: {"Sec-Fetch-Site": "same-origin"}})).status, 200);
    } finally {
      await stack.stop();
    }
  });

  test("is refused on any other than a loopback address", async () => {
    await assert.rejects(Stack.start({double: false, settings: {listen_hint: "192.0.2.1:80"}}), /turnpiked ended/);
  });

  test("names users by header and path, and keeps them apart", async () => {
    const stack = await Stack.start({double: false});
    try {
      const session_id = uuid();
      assert.equal((await stack.chat("hello", {session_id})).status, 200);
      assert.equal((await stack.get(`/sessions/${session_id}`, {headers: {"X-Dev-User": "dev"}})).status, 200);
      assert.equal((await stack.get(`/sessions/${session_id}`, {headers: {"X-Dev-User": "other"}})).status, 404);
      const s = await stack.socket("/ws/other");
      s.message("hello", {session_id: "theirs"});
      await s.until("RUN_FINISHED");
      assert.equal((await stack.get("/sessions/theirs", {headers: {"X-Dev-User": "other"}})).status, 200);
      assert.equal((await stack.get("/sessions/theirs")).status, 404);
      await s.end();
    } finally {
      await stack.stop();
    }
  });
});

async function refusedSocket(stack, path, options) {
  try {
    const s = await stack.socket(path, options);
    const {code} = await s.closed; // some browsers only learn a reason from a close code
    assert.ok([4001, 4003].includes(code), `${path}: closed with ${code}`);
  } catch (error) {
    if (error.code === "ERR_ASSERTION") throw error;
    assert.ok([401, 403, 404].includes(error.status), `${path}: ${error.message}`);
  }
}
