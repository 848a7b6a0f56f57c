// SPDX-License-Identifier: BSD-2-Clause
// MCP servers that need OAuth: the operator's login, calls, renewal by one process for all, what is refused, and what a
// crash in the middle leaves. Through nginx; the authorization server and the MCP server are doubles.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {promisify} from "node:util";
import {startLegacyDouble, startMcpDouble} from "../doubles/mcp-double.mjs";
import {startOauthDouble} from "../doubles/oauth-double.mjs";
import {BUILD, eventually, launch, scratch, SLOW, Stack, TOP, uuid} from "./harness.mjs";

const TURNPIKE = join(BUILD, "turnpike");
const CLIENT = join(BUILD, "tests/mcp/mcp_client");
const SUITE = join(TOP, "tests/e2e/node_modules/@modelcontextprotocol/conformance/dist/index.js");

const config = stack => ["--config", join(stack.dir, "turnpike.conf")];
const turnpike = (stack, ...args) => promisify(execFile)(TURNPIKE, [...config(stack), ...args])
  .then(({stdout}) => ({code: 0, out: stdout}), error => ({code: error.code, out: `${error.stdout}${error.stderr}`}));

/** `turnpike mcp login`: the address that it prints, and the child. */
async function beginLogin(stack, name, options = {}) {
  const child = launch(TURNPIKE, [...config(stack), "mcp", "login", name, "--no-browser"], options);
  const url = await eventually(() => /^http\S+authorize\S+$/m.exec(child.output)?.[0] ?? (child.end && Promise.reject(new Error(child.output))), "an address is shown", 30000 * SLOW);
  return {child, url};
}

/** The same to its end, with a browser that follows redirects. */
async function login(stack, name) {
  const {child, url} = await beginLogin(stack, name);
  await fetch(url);
  await child.ended;
  return {code: child.end.code, out: child.output};
}

describe("an MCP server that needs a login", () => {
  let stack, dir, auth, double, robots, robot, asker, guard;
  const call = (args = {a: 1, b: 2}, on = stack) => on.post("/tools/sea__add", args, {headers: {"X-Dev-User": "ann"}});
  const words = reply => `${reply.status} ${reply.text}`;
  const list = async () => (await turnpike(stack, "mcp", "list")).out;
  const granted = grant => auth.grants.filter(g => g.grant === grant);

  before(async () => {
    dir = scratch("tp-oauth-");
    double = await startMcpDouble({gate: (request, response) => auth.gate(request, response)});
    robots = await startMcpDouble({gate: (request, response) => robot.gate(request, response)});
    auth = await startOauthDouble({resource: new URL(double.url).origin, clients: {turnpike: {}}});
    robot = await startOauthDouble({resource: new URL(robots.url).origin, clients: {robot: {secret: "s3cret+/of the=robot"}}});
    asker = await startLegacyDouble({gate: (request, response) => guard.gate(request, response)});
    guard = await startOauthDouble({resource: new URL(asker.url).origin, clients: {robot: {secret: "s3cret+/of the=robot"}}});
    writeFileSync(join(dir, "secret"), "s3cret+/of the=robot\n", {mode: 0o600});
    writeFileSync(join(dir, "mcp.json"), JSON.stringify([
      {name: "sea", url: double.url, effect: "read", approval: "never", era: "modern", auth: {type: "oauth", client_id: "turnpike"}},
      {name: "robot", url: robots.url, effect: "read", approval: "never", era: "modern", allow: ["add"],
        auth: {type: "oauth", grant: "client_credentials", client_id: "robot", client_secret: {file: join(dir, "secret")}}},
      {name: "asker", url: asker.url, effect: "outside", approval: "never", outside: false, era: "legacy",
        auth: {type: "oauth", grant: "client_credentials", client_id: "robot", client_secret: {file: join(dir, "secret")}}},
    ]));
    stack = await Stack.start({settings: {"mcp.file": join(dir, "mcp.json"), "mcp.trust_first": "on", "mcp.token_key": "a key of this site, of more than 32 bytes", "api.workers": 4, "turn.workers": 2, "audit.file": join(dir, "audit.log")}});
  });
  after(async () => {
    await stack?.stop();
    await Promise.all([double, robots, auth, robot, asker, guard].map(d => d?.close()));
    rmSync(dir, {recursive: true, force: true});
  });

  test("a service account needs nobody: its token is asked for with the first use", async () => {
    await eventually(async () => (await stack.get("/tools/robot__add")).status === 200, "its tools are listed", 30000 * SLOW);
    const reply = await stack.post("/tools/robot__add", {a: 20, b: 22}, {headers: {"X-Dev-User": "ann"}});
    assert.equal(reply.json.content, "42", words(reply));
    assert.deepEqual([...new Set(robot.grants.map(g => `${g.grant} ${g.ok}`))], ["client_credentials true"]);
    assert.equal(robot.grants.length, 1, "one token for all processes");
    robot.endAccess();
    assert.equal((await stack.post("/tools/robot__add", {a: 1, b: 1}, {headers: {"X-Dev-User": "ann"}})).json.content, "2");
    assert.equal(robot.grants.length, 2);
    const said = await turnpike(stack, "mcp", "login", "robot");
    assert.deepEqual([said.code, said.out], [0, "robot needs no login: Turnpike asks for its token itself (client_credentials)\n"]);
  });

  test("a service's secret goes to no other authorization server than before, until the operator says so", async () => {
    const before = robot, other = await startOauthDouble({resource: robot.resource, clients: robot.clients});
    const add = () => stack.post("/tools/robot__add", {a: 1, b: 1}, {headers: {"X-Dev-User": "ann"}});
    try {
      robot = other;
      const reply = await add();
      assert.match(reply.text, /robot gives us no token/);
      assert.equal(other.grants.length, 0, "nothing was sent there");
      assert.match(stack.log(), /MCP server robot names another authorization server, http\S+, than before/);
      await turnpike(stack, "mcp", "logout", "robot");
      await eventually(async () => (await add()).json.content === "2", "it is believed after the logout", 30000 * SLOW);
      assert.ok(other.grants.length > 0);
    } finally {
      robot = before;
      await turnpike(stack, "mcp", "logout", "robot");
      await other.close();
    }
  });

  // ---- a question within a call; the token ends while the user thinks ----

  const FINAL = e => ["RUN_FINISHED", "RUN_ERROR"].includes(e.data?.type ?? e.type);
  async function askedBy(user, how) {
    const session_id = uuid(), reader = stack.chatStream(`please [[tool name=asker__count args={"how":"${how}"} | text say=Done.]]`, {session_id},
      {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
    const event = await reader.until(e => e.data.name === "turnpike.question" || FINAL(e));
    return {session_id, reader, event: event.data};
  }
  const resultOf = async (user, session) => (await stack.get(`/sessions/${session}/messages`, {headers: {"X-Dev-User": user}})).json.messages.filter(m => m.role === "tool").map(m => m.content).join();
  const sayTo = (user, id) => stack.post(`/approvals/${id}`, {action: "accept", content: {name: "Ann"}}, {headers: {"X-Dev-User": user}});

  test("the token ends while the user thinks: another one is asked for, and the server gets the answer", async () => {
    await eventually(async () => (await stack.get("/tools/asker__count")).status === 200, "its tools are listed", 30000 * SLOW);
    const user = uuid(), {session_id, reader, event} = await askedBy(user, "ask");
    assert.equal(event.name, "turnpike.question", JSON.stringify(event));
    guard.endAccess();
    const before = guard.grants.length;
    assert.equal((await sayTo(user, event.value.id)).status, 202);
    await reader.all();
    assert.match(await resultOf(user, session_id), /accept Ann/);
    assert.equal(guard.grants.length, before + 1);
    assert.deepEqual(asker.wrong, []);
  });

  test("the token ends before a stream is taken up again: it is, with another one", async () => {
    asker.beforeResume = () => guard.endAccess();
    const user = uuid(), {session_id} = await askedBy(user, "resume");
    asker.beforeResume = undefined;
    assert.match(await resultOf(user, session_id), /counted resume/);
  });

  test("an answer that the server cannot be told ends the call at once, and its outcome is unknown", async () => {
    asker.asked.length = 0;
    const user = uuid(), {session_id, reader, event} = await askedBy(user, "ask");
    guard.endAccess();
    guard.refuse = 503;
    assert.equal((await sayTo(user, event.value.id)).status, 202);
    await reader.all();
    guard.refuse = 0;
    assert.match(await resultOf(user, session_id), /unknown_outcome/);
    assert.deepEqual(asker.asked, []);
  });

  test("before the login nothing is listed, and the list says what to do", async () => {
    await eventually(() => /MCP server sea: its tools cannot be listed: .*turnpike mcp login sea/.test(stack.log()), "the log says it", 30000 * SLOW);
    assert.match(await list(), /^sea {2}http.*not listed yet\n {2}not signed in$/m);
    assert.equal((await call()).status, 404);
  });

  test("a redirect of another state, of another issuer or with an error is no login", async () => {
    const {child, url} = await beginLogin(stack, "sea");
    const redirect = new URL(new URL(url).searchParams.get("redirect_uri"));
    const stray = await fetch(`${redirect}?code=x&state=of-another-page`);
    assert.equal(stray.status, 400);
    assert.equal((await fetch(new URL("/", redirect))).status, 404);
    auth.deny = true;
    await fetch(url);
    await child.ended;
    auth.deny = false;
    assert.equal(child.end.code, 1);
    assert.match(child.output, /sea: the authorization server says: access_denied/);
    auth.iss = "https://evil.example";
    const other = await login(stack, "sea");
    auth.iss = undefined;
    assert.equal(other.code, 1);
    assert.match(other.out, /the redirect is of another authorization server \(iss\)/);
    assert.equal(granted("authorization_code").length, 0, "no code was sent anywhere");
  });

  test("after the login the tools are there, for a model too; no secret is in Redis, the log, the output or a command line", async () => {
    const {child, url} = await beginLogin(stack, "sea");
    const query = new URL(url).searchParams;
    assert.equal(query.get("resource"), auth.resource);
    assert.equal(query.get("scope"), "mail.read");
    await fetch(url);
    await child.ended;
    assert.equal(child.end.code, 0, child.output);
    assert.match(child.output, /^sea: signed in until .*, renewed by itself$/m);
    await eventually(async () => (await stack.get("/tools/sea__add")).status === 200, "its tools are listed", 30000 * SLOW);
    assert.equal((await call()).json.content, "3");
    const stream = stack.chatStream("[[tool name=sea__add args={\"a\":2,\"b\":5} | text say=done]] please", {session_id: uuid()});
    await stream.all();
    assert.match(stream.events.find(e => e.data.type === "TOOL_CALL_RESULT").data.content, /"7"/);
    assert.match(await list(), /^ {2}signed in until /m);
    const kept = await stack.redis("hgetall", "tp:mcp:logins");
    for (const secret of auth.secrets())
      for (const [where, text] of [["Redis", kept], ["the log", stack.log()], ["the output", child.output], ["the audit log", readFileSync(join(dir, "audit.log"), "utf8")]])
        assert.ok(!text.includes(secret), `a token is in ${where}`);
    assert.match(readFileSync(join(dir, "audit.log"), "utf8"), /mcp\.login.*sea/);
  });

  test("an operator whose browser is elsewhere pastes the redirect's address", async () => {
    const {child, url} = await beginLogin(stack, "sea", {stdio: ["pipe", "pipe", "pipe"]});
    const {headers} = await fetch(url, {redirect: "manual"});
    child.stdin.write("http://127.0.0.1/callback?code=1&state=2\n");
    await eventually(() => /not the address of the redirect/.test(child.output), "another one is refused");
    child.stdin.write(`${headers.get("location")}\n`);
    await child.ended;
    assert.equal(child.end.code, 0, child.output);
    assert.equal((await call()).json.content, "3");
  });

  test("a token that has ended is renewed by one process for all, on both machines", async () => {
    const second = await Stack.start({beside: stack, settings: {"mcp.file": join(dir, "mcp.json"), "mcp.trust_first": "on", "mcp.token_key": "a key of this site, of more than 32 bytes", "api.workers": 3}});
    try {
      await eventually(async () => (await second.get("/tools/sea__add")).status === 200, "the second machine has its tools", 30000 * SLOW);
      const before = granted("refresh_token").length;
      auth.endAccess();
      const replies = await Promise.all([...Array.from({length: 3}, () => call()), ...Array.from({length: 2}, () => call({a: 1, b: 2}, second))]);
      for (const reply of replies) assert.equal(reply.json.content, "3", words(reply));
      assert.equal(granted("refresh_token").length, before + 1);
      assert.ok(auth.grants.every(g => g.error !== "invalid_grant"), JSON.stringify(auth.grants));
    } finally {
      await second.stop();
    }
  });

  test("an authorization server that is down: clear words, and it works again by itself", async () => {
    auth.endAccess();
    auth.refuse = 503;
    const reply = await call();
    assert.equal(reply.json.reason ?? reply.json.code, "provider_unavailable", words(reply));
    assert.match(reply.text, /The authorization server of sea does not answer at the moment/);
    assert.match(await list(), /signed in until/); // nothing is given up
    auth.refuse = 0;
    await eventually(async () => (await call()).json.content === "3", "it works again", 60000 * SLOW);
  });

  test("more scope: the call is refused with the command, others go on, and the next login asks for both", async () => {
    auth.wants = "mail.send";
    const reply = await call();
    assert.match(reply.text, /sea wants more rights for this \(scope mail\.send\)\. The operator has to run `turnpike mcp login sea`/, words(reply));
    const tries = auth.seen;
    await call();
    assert.ok(auth.seen - tries <= 2, "no loop");
    assert.match(await list(), /signed in until .*; WANTS MORE: scope mail\.send/);
    auth.wants = "";
    assert.equal((await call()).json.content, "3");
    auth.wants = "mail.send";
    const done = await login(stack, "sea");
    assert.equal(done.code, 0, done.out);
    assert.deepEqual(auth.authorizations.at(-1).scope.split(" ").sort(), ["mail.read", "mail.send"]);
    assert.equal((await call()).json.content, "3");
    auth.wants = "";
    assert.doesNotMatch(await list(), /WANTS MORE/);
  });

  test("a login that was withdrawn there: it says so, other tools go on, and a new login counts without a restart", async () => {
    auth.revokeAll();
    const reply = await call();
    assert.equal(reply.json.reason ?? reply.json.code, "provider_unavailable", words(reply));
    assert.match(reply.text, /Nobody is signed in to sea any more: .*invalid_grant.*turnpike mcp login sea/);
    const before = auth.grants.length;
    for (let i = 0; i < 5; i++) assert.match((await call()).text, /Nobody is signed in to sea/);
    assert.equal(auth.grants.length, before, "the authorization server is not asked again");
    assert.match(await list(), /NEEDS LOGIN: the authorization server refused to renew the token \(invalid_grant\)/);
    const metrics = (await turnpike(stack, "--run-dir", stack.run, "metrics")).out;
    assert.match(metrics, /turnpike_mcp_tokens_total\{server="sea",outcome="needs_login"\}/);
    assert.equal((await stack.post("/tools/robot__add", {a: 1, b: 2}, {headers: {"X-Dev-User": "ann"}})).json.content, "3");
    assert.equal((await login(stack, "sea")).code, 0);
    assert.equal((await call()).json.content, "3");
  });

  test("kill -9 in the middle of a renewal: the next one notices, says so, and a login mends it", async () => {
    auth.endAccess();
    auth.hold = true;
    const lost = call().catch(error => error);
    await eventually(() => auth.held === 1, "the authorization server has given a new token");
    for (const worker of await stack.workers("api")) process.kill(worker.pid, "SIGKILL");
    await lost;
    auth.hold = false;
    auth.release();
    const said = await eventually(async () => {
      const reply = await call().catch(() => ({text: "it waits for the lease"}));
      return /Nobody is signed in/.test(reply.text) && reply.text;
    }, "the lease has run out", 60000 * SLOW);
    assert.match(said, /a process had ended in the middle of a renewal/);
    assert.match(await list(), /NEEDS LOGIN: .*a process had ended in the middle of a renewal/);
    assert.equal((await login(stack, "sea")).code, 0);
    assert.equal((await call()).json.content, "3");
  });

  test("a token key that was replaced: the previous one still opens, a stranger's does not", async () => {
    stack.writeSettings({"mcp.token_key": "the next key of this site, 32 bytes or more", "mcp.token_key_previous": "a key of this site, of more than 32 bytes"});
    await stack.reload();
    assert.equal((await call()).json.content, "3");
    stack.writeSettings({"mcp.token_key_previous": ""});
    await stack.reload();
    assert.match((await call()).text, /its tokens were encrypted with another mcp\.token_key/);
    stack.writeSettings({"mcp.token_key": "a key of this site, of more than 32 bytes"});
    await stack.reload();
    assert.equal((await call()).json.content, "3");
  });

  test("logout gives the tokens back and forgets them", async () => {
    const done = await turnpike(stack, "mcp", "logout", "sea");
    assert.deepEqual([done.code, done.out], [0, "sea: signed out\n"]);
    assert.ok(auth.revoked.includes(true));
    assert.deepEqual(auth.secrets(), []);
    assert.match(await list(), /^ {2}not signed in$/m);
    assert.match((await call()).text, /sea wants a sign-in, and nobody is signed in/);
  });

  test("--check tells every mistake of auth at once", async () => {
    const path = join(dir, "bad.json");
    const check = async auth => {
      writeFileSync(path, JSON.stringify([{name: "a", url: "https://mcp.example/mcp", auth}]));
      return promisify(execFile)(join(BUILD, "turnpiked"), ["-c", join(stack.dir, "turnpike.conf"), "-s", `mcp.file=${path}`, "--check"])
        .then(() => "", error => error.stderr);
    };
    assert.equal(await check({type: "oauth", client_metadata_url: "https://pam.example/client.json"}), "");
    const all = await check({type: "oauth", grant: "client_credential", client: "x", token_endpoint_auth_method: "basic", redirect_port: 70000, issuer: "nowhere"});
    for (const wanted of [/auth: client: there is no such member; known are type/, /auth: grant: must be one of .*; did you mean client_credentials\?/,
      /token_endpoint_auth_method: must be one of auto, client_secret_basic/, /redirect_port: must be a whole number from 0 to 65535/, /auth: issuer: must begin with http/])
      assert.match(all, wanted);
    assert.match(await check({type: "oauth", grant: "client_credentials", client_id: "x"}), /client_secret: "client_credentials" needs it, or private_key/);
    assert.match(await check({type: "oauth", client_id: "x", client_secret: {file: "/nowhere"}}), /auth: client_secret\.file: \/nowhere: No such file/);
    assert.match(await check({type: "oauth", client_metadata_url: "http://10.0.0.1/c.json"}), /client_metadata_url: must begin with https:/);
    assert.match(await check([]), /auth: must be an object/);
  });
});

describe("the conformance suite's scenarios of authorisation", () => {
  for (const scenario of ["metadata-default", "metadata-var1", "metadata-var2", "metadata-var3", "basic-cimd", "scope-from-www-authenticate", "scope-from-scopes-supported",
    "scope-omitted-when-undefined", "scope-step-up", "scope-retry-limit", "token-endpoint-auth-basic", "token-endpoint-auth-post", "token-endpoint-auth-none",
    "pre-registration", "2025-03-26-oauth-metadata-backcompat", "2025-03-26-oauth-endpoint-fallback", "resource-mismatch", "offline-access-scope",
    "offline-access-not-supported", "client-credentials-jwt", "client-credentials-basic", "cross-app-access-complete-flow"]) {
    test(scenario, async () => {
      const dir = scratch("tp-suite-");
      const result = await promisify(execFile)(process.execPath, [SUITE, "client", "--command", CLIENT, "--scenario", `auth/${scenario}`, "-o", dir], {cwd: dir, timeout: 90000 * SLOW, maxBuffer: 1 << 24})
        .then(({stdout, stderr}) => stdout + stderr, error => `${error.stdout}${error.stderr}`);
      rmSync(dir, {recursive: true, force: true});
      assert.match(result, /0 failed, 0 warnings[\s\S]*OVERALL: PASSED/, result.slice(-4000));
    });
  }
});
