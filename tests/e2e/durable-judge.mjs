// SPDX-License-Identifier: BSD-2-Clause
// Lets the conformance suite of Durable Streams judge our reading, although nobody may write a log from outside: PUT, POST and DELETE
// of the suite become sessions, turns and log entries in Redis, in the form of store/logentry.h. GET, HEAD and OPTIONS go
// through to nginx as they are, and so do their replies.
import {spawn} from "node:child_process";
import {once} from "node:events";
import {readFileSync, rmSync} from "node:fs";
import http from "node:http";
import net from "node:net";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {API, scratch, SLOW, uuid, within} from "./harness.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));

/** Commands to Redis, many of them: a process for each (stack.redis) would be slow. */
export function redisOf(stack) {
  const socket = net.connect(join(stack.run, "redis.sock")), waiting = [];
  let text = "";
  const line = () => { // one reply of one line or one bulk; enough for what is asked here
    const end = text.indexOf("\r\n");
    if (end < 0) return undefined;
    if (text[0] !== "$" || text[1] === "-") return [text.slice(0, end), end + 2];
    const size = Number(text.slice(1, end));
    return text.length < end + 4 + size ? undefined : [text.slice(end + 2, end + 2 + size), end + 4 + size];
  };
  socket.setEncoding("latin1");
  socket.on("data", data => {
    text += data;
    for (let got; (got = line());) {
      text = text.slice(got[1]);
      waiting.shift()(got[0]);
    }
  });
  return {
    end: () => socket.end(),
    ask: (...args) => new Promise((done, fail) => {
      waiting.push(reply => reply[0] === "-" ? fail(new Error(reply)) : done(reply));
      socket.write(`*${args.length}\r\n`);
      for (const arg of args) socket.write(`$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`);
    }),
  };
}

// Entries and their messages in one step, as append.lua does it; with a final one the turn ends too.
const APPEND = `
local prev = ARGV[2]
for i = 4, #ARGV, 2 do
  redis.call('XADD', KEYS[1] .. ':log', ARGV[i], 'e', ARGV[i + 1])
  redis.call('PUBLISH', KEYS[1], ARGV[i] .. ' ' .. prev .. ' ' .. ARGV[i + 1])
  prev = ARGV[i]
end
if ARGV[3] == '1' then redis.call('HSET', ARGV[1], 'state', 'done', 'ended', '1', 'last', prev) end
return 'done'`;

/** A log of the development user, written by hand. */
export class Log {
  session = uuid(); turn = uuid(); user = "dev"; n = 0; closed = false;
  static #epochs = Date.now();
  constructor(redis) {
    this.redis = redis;
    this.epoch = Log.#epochs++;
    this.key = `tp:{${this.user}}:s:${this.session}`;
    this.turnKey = `tp:{${this.user}}:turn:${this.turn}`;
  }
  async create() {
    await this.redis.ask("HSET", this.key, "created", 1, "updated", 1, "epoch", this.epoch, "run", this.turn, "count", 0);
    await this.redis.ask("HSET", this.turnKey, "session", this.session, "state", "running", "first", "0-0", "epoch", this.epoch);
  }
  /** values: JSON texts, with the flag of each. */
  append(entries, close = false) {
    const args = [this.turnKey, this.n ? `${this.epoch}-${this.n}` : "0-0", close ? "1" : "0"];
    if (close) entries = [...entries, ["F", `{"type":"RUN_FINISHED","threadId":"${this.session}","runId":"${this.turn}"}`]];
    for (const [flag, json] of entries) args.push(`${this.epoch}-${++this.n}`, `${this.turn} ${flag} ${json}`);
    this.closed ||= close;
    return this.redis.ask("EVAL", APPEND, "1", this.key, ...args);
  }
  remove() { return this.redis.ask("DEL", this.key, this.turnKey, `${this.key}:log`); }
  get offset() {
    return this.n ? `${String(this.epoch).padStart(16, "0")}-${String(this.n).padStart(10, "0")}` : "0000000000000000-0000000000";
  }
}

const isText = type => /^text\//i.test(type);
const isJson = type => /^application\/json/i.test(type);

/** The suite's writer. of: "sessions" or "turns", which of our streams its paths become. */
async function startWriter(stack, of) {
  const redis = redisOf(stack), logs = new Map();
  const target = log => `${API}/streams/${of}/${log ? (of === "turns" ? log.turn : log.session) : uuid()}`;

  function entriesOf(type, body) {
    if (!body) return [];
    if (isText(type)) return [["T", JSON.stringify({type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: body})]];
    const value = JSON.parse(body);
    return (Array.isArray(value) ? value : [value]).map(one => ["-", JSON.stringify(one)]);
  }
  async function write(request, path, body) {
    const closes = request.headers["stream-closed"]?.toLowerCase() === "true";
    let log = logs.get(path);
    if (request.method === "DELETE") {
      if (!log) return [404, {}];
      logs.delete(path);
      await log.remove();
      return [204, {}];
    }
    const type = request.headers["content-type"] ?? log?.type ?? "application/octet-stream";
    if (request.method === "PUT" && log) return [log.type === type ? 200 : 409, {"Stream-Next-Offset": log.offset}];
    if (request.method === "PUT") {
      log = new Log(redis);
      log.type = type;
      await log.create();
      logs.set(path, log);
    }
    if (!log) return [404, {}];
    if (!isText(type) && !isJson(type)) return [415, {}];
    const entries = entriesOf(type, body);
    if (entries.length || closes) await log.append(entries, closes);
    return [request.method === "PUT" ? 201 : 204, {"Stream-Next-Offset": log.offset, "Content-Type": log.type, Location: path,
      ...log.closed && {"Stream-Closed": "true"}}];
  }
  function pass(request, response, url) {
    const log = logs.get(url.pathname), path = target(log) + url.search;
    const form = log && isText(log.type) ? `${url.search ? "&" : "?"}format=text` : "";
    const up = http.request(stack.url + path + form, {method: request.method, agent: false,
      headers: {...request.headers, host: new URL(stack.url).host}});
    up.on("response", reply => {
      response.writeHead(reply.statusCode, reply.rawHeaders);
      reply.pipe(response);
      reply.on("error", () => response.destroy());
    });
    up.on("error", () => response.destroy());
    response.on("close", () => up.destroy());
    up.end();
  }
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, "http://x");
    if (!["PUT", "POST", "DELETE"].includes(request.method)) return pass(request, response, url);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const [status, headers] = await write(request, url.pathname, Buffer.concat(chunks).toString()).catch(() => [400, {}]);
    response.writeHead(status, {"X-Content-Type-Options": "nosniff", ...headers});
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {url: `http://127.0.0.1:${server.address().port}`, close() { server.closeAllConnections(); server.close(); redis.end(); }};
}

/** Runs the tests of the suite whose names fit. Returns [{name, state, why}]. */
export async function judge(stack, of, pattern) {
  const writer = await startWriter(stack, of), dir = scratch("tp-judge-"), out = join(dir, "report.json");
  try {
    const child = spawn(process.execPath, [join(HERE, "node_modules/vitest/vitest.mjs"), "run", "--config", join(HERE, "durable-judge.config.mjs"),
      "--reporter=json", `--outputFile=${out}`, "-t", pattern], {cwd: HERE, stdio: ["ignore", "pipe", "pipe"],
      env: {...process.env, CONFORMANCE_TEST_URL: writer.url, JUDGE_CACHE: dir, NODE_TEST_CONTEXT: ""}});
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", data => { said += data; });
    await within(170000 * SLOW, once(child, "close"), "the suite ends").catch(late => { child.kill("SIGKILL"); throw new Error(`${late.message}: ${said.slice(-3000)}`); });
    let report;
    try {
      report = JSON.parse(readFileSync(out, "utf8"));
    } catch {
      throw new Error(`no report: ${said.slice(-3000)}`);
    }
    return report.testResults.flatMap(file => file.assertionResults).filter(test => !["pending", "skipped"].includes(test.status))
      .map(test => ({name: test.fullName, state: test.status, why: test.failureMessages.join("\n").slice(0, 600)}));
  } finally {
    writer.close();
    rmSync(dir, {recursive: true, force: true});
  }
}
