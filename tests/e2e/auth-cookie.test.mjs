// SPDX-License-Identifier: BSD-2-Clause
// The cookie of the site's own log-in as the credential: for its own pages, and for nobody else's.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {rmSync} from "node:fs";
import {join} from "node:path";
import {execFileSync} from "node:child_process";
import {KEY, production, token} from "./credentials.mjs";
import {API, BUILD, eventually, scratch, Stack, uuid, within} from "./harness.mjs";

const NAME = "__Host-turnpike", FRIEND = "https://www.example.org";

describe("the cookie of the site's own log-in", () => {
  let stack, dir, own;
  before(async () => {
    dir = scratch("tp-cookie-");
    stack = await Stack.start({settings: {...production(join(dir, "keys"), `* null ${FRIEND}`), "auth.cookie": NAME}});
    own = stack.url;
  });
  after(async () => {
    await stack?.stop();
    rmSync(dir, {recursive: true});
  });
  const cookie = (user = "alice", seconds = 300) => `theme=dark; ${NAME}=${token(user, seconds)}; other=1`;
  const by = (headers = {}, user) => ({headers: {Cookie: cookie(user), ...headers}});

  test("is who asks, of the site's own page", async () => {
    const session_id = uuid(), reply = await stack.chat("hello [[text say=Hello_Alice.]]", {session_id}, by({Origin: own}));
    assert.equal(reply.status, 200, reply.text);
    assert.equal((await stack.get(`/sessions/${session_id}`, by())).status, 200);
    assert.equal((await stack.get(`/sessions/${session_id}`, by({}, "bob"))).status, 404);
    assert.equal((await stack.get("/page")).json.sign_in.cookie, true);
  });

  test("another credential counts before it, and is not replaced by it", async () => {
    const session_id = uuid();
    await stack.chat("hello", {session_id}, by({Origin: own}));
    assert.equal((await stack.get(`/sessions/${session_id}`, by({Authorization: `Bearer ${token("bob")}`}))).status, 404);
    assert.equal((await stack.get("/sessions", by({Authorization: "Bearer nonsense"}))).status, 401);
  });

  test("a cookie that is over, broken or there twice is refused", async () => {
    const values = [`${NAME}=${token("alice", -10)}`, `${NAME}=nonsense`, `${NAME}=`, `${NAME}=${token("alice")}; ${NAME}=${token("mallory")}`, `turnpike=${token("alice")}`];
    for (const Cookie of values) {
      const reply = await stack.get("/sessions", {headers: {Cookie, Origin: own}});
      assert.equal(reply.status, 401, `${Cookie}: ${reply.text}`);
      assert.ok(reply.headers["www-authenticate"]);
    }
  });

  test("what a page of others makes a browser send is refused, and nothing is done", async () => {
    const foreign = [{Origin: "https://evil.example"}, {Origin: "null"}, {Origin: own.replace("127.0.0.1", "localhost")}, {Origin: `${own}.evil.example`},
      {Origin: own.replace(/\d+$/, "1")}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}, {}];
    const writes = [["POST", "/chat", {message: "hello"}], ["PUT", "/context", {evil: true}], ["DELETE", "/history"], ["POST", "/ws-ticket", {}],
      ["POST", "/tools/create_note", {}], ["DELETE", "/user-data"], ["POST", "/mcp", {jsonrpc: "2.0", id: 1, method: "ping"}]];
    for (const headers of foreign) {
      for (const [method, path, body] of writes) {
        const reply = await stack.request(method, path, {body, ...by({...headers, "Content-Type": "text/plain"})});
        assert.equal(reply.status, 403, `${method} ${path} ${JSON.stringify(headers)} ${reply.text}`);
        assert.equal(reply.json.code, "origin_not_allowed");
      }
    }
    assert.deepEqual((await stack.get("/context", by())).json, {});
  });

  test("its pages may read by whatever a browser says of them; others' may not", async () => {
    for (const headers of [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {Origin: own}, {Origin: FRIEND, "Sec-Fetch-Site": "same-site"}]) {
      assert.equal((await stack.get("/sessions", by(headers))).status, 200, JSON.stringify(headers));
    }
    for (const headers of [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {Origin: "https://evil.example"}, {Origin: "null"}]) {
      assert.equal((await stack.get("/sessions", by(headers))).status, 403, JSON.stringify(headers));
    }
    assert.equal((await stack.request("PUT", "/context", {body: {a: 1}, ...by({"Sec-Fetch-Site": "same-origin"})})).status, 200);
  });

  test("a page of a named origin may send it, and read the reply; one that only `*` allows may not", async () => {
    const ask = Origin => stack.request("PUT", "/context", {body: {a: 1}, ...by({Origin})});
    const named = await ask(FRIEND);
    assert.equal(named.status, 200, named.text);
    assert.equal(named.headers["access-control-allow-origin"], FRIEND);
    assert.equal(named.headers["access-control-allow-credentials"], "true");
    const any = await ask("https://other.example");
    assert.equal(any.status, 403);
    assert.equal(any.headers["access-control-allow-credentials"], undefined);
    const preflight = Origin => stack.request("OPTIONS", "/context", {headers: {Origin, "Access-Control-Request-Method": "PUT"}});
    assert.equal((await preflight(FRIEND)).headers["access-control-allow-credentials"], "true");
    assert.equal((await preflight("https://other.example")).headers["access-control-allow-credentials"], undefined);
    assert.equal((await stack.request("PUT", "/context", {body: {a: null}, ...by({Origin: own})})).status, 200);
  });

  test("opens sockets for the site's page and for named ones, itself and by ticket", async () => {
    for (const origin of [own, FRIEND]) {
      const direct = await stack.socket("/ws", {headers: {Cookie: cookie()}, origin});
      direct.message("hello [[text say=Over_the_socket.]]", {session_id: uuid()});
      await direct.until("RUN_FINISHED");
      assert.equal(direct.text(), "Over the socket.");
      await direct.end();
      const {ticket} = (await stack.post("/ws-ticket", {}, by({Origin: origin}))).json;
      await (await stack.socket(`/ws?ticket=${ticket}`, {origin})).end();
    }
    await assert.rejects(stack.socket("/ws/bob", {headers: {Cookie: cookie()}, origin: own}), {status: 403});
    await assert.rejects(stack.socket("/ws?token=nonsense", {headers: {Cookie: cookie()}, origin: own}), {status: 401});
  });

  test("opens no socket for others' pages, nor where no browser says whose page it is", async () => {
    for (const origin of ["https://evil.example", "null", `${own}.evil.example`, undefined]) {
      for (const path of ["/ws", "/ai/ws"]) {
        await assert.rejects(stack.socket(path, {headers: {Cookie: cookie()}, origin}), e => e.status === 403 && /origin_not_allowed/.test(e.body), `${path} ${origin}`);
      }
    }
    await assert.rejects(stack.socket("/ws", {headers: {Cookie: `${NAME}=${token("alice", -10)}`}, origin: own}), {status: 401});
    await assert.rejects(stack.socket("/ws", {headers: {Cookie: `${cookie()}; ${cookie()}`}, origin: own}), {status: 401});
  });

  test("no reply to it is compressed: its length would tell of a secret beside a stranger's text", async () => {
    const ask = headers => stack.get("/tools", {headers: {"Accept-Encoding": "gzip", ...headers}});
    const plain = await ask({Cookie: cookie()}), packed = await ask({Authorization: `Bearer ${token()}`});
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.equal(plain.headers["content-encoding"], "identity");
    assert.ok(plain.json.tools.length > 50, "and it can be read");
    const read = await fetch(`${own}${API}/tools`, {headers: {Cookie: cookie()}}); // with its own Accept-Encoding
    assert.equal((await read.json()).count, plain.json.count);
  });
});

test("where no cookie is named, none counts", async t => {
  const dir = scratch("tp-cookie-"), stack = await Stack.start({settings: production(join(dir, "keys"))});
  t.after(() => rmSync(dir, {recursive: true}));
  t.after(() => stack.stop());
  for (const name of [NAME, "auth", ""]) {
    const headers = {Cookie: `${name}=${token()}`};
    assert.equal((await stack.get("/sessions", {headers})).status, 401);
    await assert.rejects(stack.socket("/ws", {headers, origin: stack.url}), {status: 401});
  }
  assert.equal((await stack.get("/page")).json.sign_in.cookie, false);
});

describe("the cookie for which the page changes its key (page.session)", () => {
  let stack, dir, own;
  before(async () => {
    dir = scratch("tp-cookie-");
    stack = await Stack.start({settings: {...production(join(dir, "keys"), FRIEND), "page.session": "cookie"}});
    own = stack.url;
  });
  after(async () => {
    await stack?.stop();
    rmSync(dir, {recursive: true});
  });
  /** Signs in as the page does; what the browser would send from now on. */
  async function signIn(credential = KEY, headers = {}) {
    const reply = await stack.post("/sign-in", undefined, {headers: {Authorization: `Bearer ${credential}`, Origin: own, ...headers}});
    assert.equal(reply.status, 201, reply.text);
    return {reply, Cookie: String(reply.headers["set-cookie"]).split(";")[0]};
  }
  const by = (Cookie, headers = {}) => ({headers: {Cookie, ...headers}});

  test("signs the key's user in, and no script sees the cookie", async () => {
    const {reply, Cookie} = await signIn();
    assert.match(String(reply.headers["set-cookie"]), /^turnpike-page=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/);
    assert.equal(reply.json.user, "machine");
    assert.ok(!reply.text.includes(Cookie.split("=")[1]));
    const session_id = uuid(), said = await stack.chat("hello", {session_id}, by(Cookie, {Origin: own}));
    assert.equal(said.status, 200, said.text);
    assert.equal((await stack.get(`/sessions/${session_id}`, by(Cookie))).status, 200);
    const socket = await stack.socket("/ws", {headers: {Cookie}, origin: own});
    socket.message("hello");
    await socket.until("RUN_FINISHED");
    await socket.end();
    assert.equal((await stack.get("/page")).json.sign_in.session, true);
    assert.ok(!(await stack.redis("KEYS", "*")).includes(Cookie.split("=")[1]), "Redis knows its digest only");
  });

  test("under a name of the network it has the name that only TLS may set", async () => {
    const reply = await stack.post("/sign-in", undefined, {headers: {Authorization: `Bearer ${KEY}`, Host: "pam.example.org", Origin: "https://pam.example.org"}});
    assert.match(String(reply.headers["set-cookie"]), /^__Host-turnpike-page=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=\d+$/);
    const Cookie = String(reply.headers["set-cookie"]).split(";")[0], read = headers => stack.get("/sessions", {headers: {Cookie, ...headers}});
    assert.equal((await read({Host: "pam.example.org"})).status, 200);
    assert.equal((await read({Host: "pam.example.org", Origin: "http://pam.example.org"})).status, 403, "a page without TLS may be anybody's");
    assert.equal((await read({Host: own.slice(7)})).status, 401, "the name of the other kind");
  });

  test("pages of others can neither use it nor sign anybody in or out", async () => {
    const {Cookie} = await signIn();
    for (const headers of [{Origin: "https://evil.example"}, {Origin: "null"}, {Origin: FRIEND}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}]) {
      for (const [method, path, body] of [["POST", "/chat", {message: "hello"}], ["PUT", "/context", {evil: true}], ["DELETE", "/user-data"], ["DELETE", "/sign-in"]]) {
        const reply = await stack.request(method, path, {body, ...by(Cookie, headers)});
        assert.equal(`${reply.status} ${reply.json?.code}`, "403 origin_not_allowed", `${method} ${path} ${JSON.stringify(headers)}`);
      }
      const login = await stack.post("/sign-in", undefined, {headers: {Authorization: `Bearer ${KEY}`, ...headers}});
      assert.equal(login.status, 403, JSON.stringify(headers));
      assert.equal(login.headers["set-cookie"], undefined);
      await assert.rejects(stack.socket("/ws", {headers: {Cookie}, ...headers.Origin && {origin: headers.Origin}}), error => error.status === 403);
    }
    assert.equal((await stack.get("/sessions", by(Cookie))).status, 200, "nobody was signed out");
  });

  test("it is no way to a further one, and ends when it is given back", async () => {
    const {Cookie} = await signIn();
    assert.equal((await stack.post("/sign-in", undefined, by(Cookie, {Origin: own}))).status, 400);
    const out = await stack.request("DELETE", "/sign-in", by(Cookie, {Origin: own}));
    assert.equal(out.status, 204);
    assert.match(String(out.headers["set-cookie"]), /^turnpike-page=; .*Max-Age=0$/);
    const after = await stack.get("/sessions", by(Cookie));
    assert.equal(`${after.status} ${after.json.code}`, "401 credential_expired");
    await assert.rejects(stack.socket("/ws", {headers: {Cookie}, origin: own}), error => error.status === 401);
  });

  test("the browser loses it even while it cannot be ended", async () => {
    const {Cookie} = await signIn();
    await stack.redis("ACL", "SETUSER", "default", "-getdel");
    try {
      const out = await stack.request("DELETE", "/sign-in", by(Cookie, {Origin: own}));
      assert.ok(out.status >= 500, out.text);
      assert.match(String(out.headers["set-cookie"]), /^turnpike-page=; .*Max-Age=0$/);
    } finally {
      await stack.redis("ACL", "SETUSER", "default", "+getdel");
    }
  });

  test("a user has a bounded number of them; the next one of a browser replaces its own", async () => {
    const credential = token("zoe"), first = (await signIn(credential)).Cookie;
    const second = (await signIn(credential, {Cookie: first})).Cookie;
    assert.equal((await stack.get("/sessions", by(first))).status, 401);
    for (let i = 0; i < 19; i++) await signIn(credential);
    assert.equal((await stack.get("/sessions", by(second))).status, 200);
    await signIn(credential);
    assert.equal((await stack.get("/sessions", by(second))).status, 401, "the oldest has ended");
    assert.equal(await stack.redis("ZCARD", "tp:{zoe}:sign-ins"), "20");
  });

  test("it ends with the token that began it, and when that is revoked, with its sockets", async () => {
    const short = (await signIn(token("bob", 2))).Cookie;
    assert.equal((await stack.get("/sessions", by(short))).status, 200);
    await eventually(async () => (await stack.get("/sessions", by(short))).status === 401, "the token's end is the cookie's");
    const {Cookie} = await signIn(token("eve", 300, {iat: Math.floor(Date.now() / 1000) - 60}));
    const socket = await stack.socket("/ws", {headers: {Cookie}, origin: own});
    execFileSync(join(BUILD, "turnpike"), ["--config", join(stack.dir, "turnpike.conf"), "revoke", "user", "eve"]);
    assert.equal((await within(20000, socket.closed, "the socket is closed")).code, 4001);
    await eventually(async () => (await stack.get("/sessions", by(Cookie))).json.code === "credential_revoked", "the cookie is revoked");
  });
});
