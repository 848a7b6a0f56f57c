// SPDX-License-Identifier: BSD-2-Clause
// No secret of the configuration, and no credential of a request, in logs, replies, command lines, environments or Redis.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import {closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, rmSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {KEY, production, token} from "./credentials.mjs";
import {eventually, scratch, Stack, TOP, uuid} from "./harness.mjs";

// Redis without a password refuses one; the others are a key in PEM, and words of a form of their own.
const OWN_FORM = ["redis.password", "push.key", "otlp.headers"];
const ROWS = [...readFileSync(join(TOP, "base/conf.h"), "utf8").matchAll(/SECRET, "([\w.]+)"/g)].map(m => m[1]).filter(name => !OWN_FORM.includes(name));

describe("secrets", () => {
  const mark = name => `mark-${Buffer.from(name).toString("hex")}-0123456789abcdef`;
  const environment = {OPENAI_API_KEY: mark("in the environment"), MY_DB_PASSWORD: mark("another")};
  let stack, server, dir, asked = 0;
  before(async () => {
    dir = scratch("tp-secrets-");
    // A provider that says again, in every way, what it was sent.
    server = http.createServer((request, response) => {
      asked++;
      request.resume();
      const said = JSON.stringify(request.headers);
      response.writeHead(401, {"content-type": "application/json", "x-said": said, "x-request-id": "words of somebody", "www-authenticate": `Bearer error="${request.headers.authorization}"`})
        .end(JSON.stringify({error: {message: `Incorrect API key provided: ${request.headers.authorization}. ${said}`, type: "invalid_request_error", code: "invalid_api_key"}}));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${server.address().port}`;
    Object.assign(process.env, environment);
    try {
      stack = await Stack.start({double: false, chain: "openai", settings: {...production(join(dir, "keys")), ...Object.fromEntries(ROWS.map(name => [name, mark(name)])),
        "jwt.secret": production(join(dir, "keys"))["jwt.secret"], "openai.url": `${url}/v1`, "responses.url": `${url}/v1`, "anthropic.url": url,
        "search.url": `${url}/search`, "tools.allow_private": "on", "log.level": "debug"}});
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name];
    }
  });
  after(async () => {
    await stack?.stop();
    server?.close();
    rmSync(dir, {recursive: true});
  });

  test("what fails repeats none of them", async () => {
    assert.ok(ROWS.length > 10 && ROWS.includes("openai.key"), String(ROWS));
    const jwt = token("alice"), sent = {stranger: `tpk_${mark("stranger")}`, bearer: mark("bearer"), ticket: uuid().replaceAll("-", ""), cookie: mark("cookie"), userinfo: mark("userinfo")};
    const as = {headers: {Authorization: `Bearer ${jwt}`}}, replies = [];
    const note = async promise => replies.push(await promise);
    await note(stack.chat("hello", {}, as));
    await note(stack.chat("hello", {}, {headers: {"X-API-Key": KEY}}));
    assert.ok(asked > 0, "the provider was asked");
    assert.match(replies[0].text, /model_credential/);
    for (const headers of [{Authorization: `Bearer ${sent.stranger}`}, {Authorization: `Bearer ${sent.bearer}`}, {Authorization: `Basic ${sent.bearer}`}, {"X-API-Key": sent.bearer},
      {Cookie: `__Host-turnpike-page=${sent.cookie}`}]) {
      for (const [method, path, body] of [["GET", "/sessions"], ["POST", "/chat", {message: "x"}], ["DELETE", "/nothing"], ["PUT", "/context", "{"]]) await note(stack.request(method, path, {body, headers}));
    }
    await note(stack.get(`/sessions/main/events?ticket=${sent.ticket}`));
    await note(stack.get(`/sessions?token=${sent.bearer}`));
    await stack.socket(`/ws?ticket=${sent.ticket}`).catch(error => replies.push({text: error.body, headers: error.headers}));
    for (const url of [`https://user:${sent.userinfo}@example.org/hook`, `http://${sent.userinfo}@127.0.0.1/`]) {
      await note(stack.chat("hello", {webhook: {url}}, as));
      await note(stack.post("/tools/save_recipe", {url}, as));
    }
    await note(stack.post("/tools/search_web", {query: "weather"}, as));
    const ticket = (await stack.post("/ws-ticket", {}, as)).json.ticket;
    await (await stack.socket(`/ws?ticket=${ticket}`)).end();

    const marks = {...Object.fromEntries(ROWS.filter(name => name !== "jwt.secret").map(name => [name, mark(name)])), ...environment, ...sent, jwt, KEY, used: ticket,
      "jwt.secret": stack.settings["jwt.secret"]};
    const none = (where, text, {but = []} = {}) => {
      for (const [name, value] of Object.entries(marks)) if (!but.includes(name)) assert.ok(!text.includes(value), `${name} stands in ${where}:\n${text.slice(Math.max(0, text.indexOf(value) - 300), text.indexOf(value) + 100)}`);
    };
    for (const reply of replies) none("a reply", JSON.stringify(reply.headers) + reply.text);
    none("the log", stack.log());
    assert.match(stack.log(), /model openai status 401: .*, type invalid_request_error, code invalid_api_key /, "the operator reads what the vendor calls it");
    assert.ok(!stack.log().replace(/^\S+ DEBUG .*$/gm, "").includes("words of somebody"), "a request's id is a token");
    none("nginx' access log", stack.accessLog());
    none("Redis", await stack.redis("EVAL", "local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = key; local ok, dump = pcall(redis.call, 'DUMP', key); all[#all + 1] = ok and dump or '' end return all", "0"));
    const pids = [stack.pid, ...(await stack.status()).slots.filter(slot => slot.pid > 0).map(slot => slot.pid)];
    assert.ok(pids.length > 4);
    for (const pid of pids) {
      none(`the command line of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, "latin1"));
      none(`the environment of ${pid}`, readFileSync(`/proc/${pid}/environ`, "latin1"));
      assert.match(readFileSync(`/proc/${pid}/limits`, "utf8"), /^Max core file size +0 +0 /m, "no core file");
    }
    const status = JSON.stringify(await stack.status());
    none("the status", status);
  });

  test("a worker that crashes leaves no core file", async () => {
    const {pid} = (await stack.status()).slots.find(slot => slot.pool === "api" && slot.pid > 0), cwd = readlinkSync(`/proc/${pid}/cwd`), before = readdirSync(cwd);
    process.kill(pid, "SIGABRT");
    await eventually(async () => (await stack.status()).slots.every(slot => slot.pid !== pid), "another worker is there");
    assert.deepEqual(readdirSync(cwd), before);
  });
});

/** What a core file of the process would have: pages that were touched, are writable and are not kept out of it. */
function dumped(pid) {
  const [memory, map] = ["mem", "pagemap"].map(name => openSync(`/proc/${pid}/${name}`, "r")), out = [], PAGE = 4096;
  try {
    for (const area of readFileSync(`/proc/${pid}/smaps`, "latin1").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
      const [from, to] = (/^([0-9a-f]+)-([0-9a-f]+) .w/.exec(area) ?? []).slice(1).map(at => parseInt(at, 16));
      if (!from || / dd\b/.test(/^VmFlags:.*/m.exec(area)[0])) continue;
      const pages = Buffer.alloc((to - from) / PAGE * 8);
      readSync(map, pages, 0, pages.length, from / PAGE * 8);
      for (let i = 0; i * 8 < pages.length; i++) {
        if (pages[i * 8 + 7] >> 6 === 0) continue; // neither in memory nor swapped
        const page = Buffer.alloc(PAGE);
        out.push(page.subarray(0, readSync(memory, page, 0, PAGE, from + i * PAGE)));
      }
    }
  } finally {
    closeSync(memory);
    closeSync(map);
  }
  return Buffer.concat(out);
}

test("with core_dumps = on a core file has what is at work, and no secret of the settings", async () => {
  const dir = scratch("tp-secrets-"), mark = name => `mark-${Buffer.from(name).toString("hex")}-0123456789abcdef`, {"jwt.secret": secret, ...rest} = production(join(dir, "keys"));
  const names = ROWS.filter(name => name !== "jwt.secret");
  const stack = await Stack.start({settings: {...rest, "jwt.secret": secret, ...Object.fromEntries(names.map(name => [name, mark(name)])), core_dumps: "on"}});
  try {
    const socket = await stack.socket("/ws", {headers: {Authorization: `Bearer ${KEY}`}}), words = `words ${uuid()}`;
    socket.message(`${words} [[text words=30 hold=10]]`, {session_id: uuid()});
    await socket.until("TEXT_MESSAGE_CONTENT");
    const found = {};
    for (const {pool, pid} of [{pool: "supervisor", pid: stack.pid}, ...(await stack.status()).slots.filter(slot => slot.pid > 0)]) {
      const core = dumped(pid);
      assert.ok(core.length > 100000 && core.includes(stack.run), `the memory of ${pool} was read`);
      for (const [name, value] of [...names.map(name => [name, mark(name)]), ["jwt.secret", secret], ["the user's words", words]]) if (core.includes(value)) (found[pool] ??= new Set()).add(name);
    }
    // The turn that runs has its request: the model's key in a header, what the user says.
    assert.deepEqual([...found.turn].sort(), ["anthropic.key", "the user's words"]);
    for (const pool of ["supervisor", "api", "tool", "housekeeper"]) assert.deepEqual([...found[pool] ?? []], [], pool);
    assert.ok([...found.stream ?? []].every(name => name === "the user's words"), [...found.stream ?? []].join());
    stack.double.release();
    await socket.until("RUN_FINISHED");
    await socket.end();
  } finally {
    await stack.stop();
    rmSync(dir, {recursive: true});
  }
});
