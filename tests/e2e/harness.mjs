// SPDX-License-Identifier: BSD-2-Clause
// The real stack for a test: redis-server, nginx with the site's own include, turnpiked, all in a
// scratch directory on a free loopback port. TURNPIKE_BUILD names the build to test.
import {execFile, spawn} from "node:child_process";
import {once} from "node:events";
import {accessSync, constants, existsSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from "node:fs";
import http from "node:http";
import net from "node:net";
import {after} from "node:test";
import {tmpdir} from "node:os";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import {promisify} from "node:util";
import WebSocket from "ws";
import {startDouble} from "../doubles/model-double.mjs";
import {aclArguments, aclSettings, denials} from "./redis-acl.mjs";
import {SmallDisk} from "./small-disk.mjs";

export const TOP = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const BUILD = resolve(process.env.TURNPIKE_BUILD ?? join(TOP, "build"));
export const SLOW = Number(process.env.TURNPIKE_SLOW ?? 1); // > 1 under sanitizers
export const REDIS_SERVER = process.env.REDIS_SERVER ?? "redis-server"; // or another one that speaks its protocol, such as valkey-server
export const OWN_USER = Boolean(process.env.TURNPIKE_TEST_ACL); // every test's Redis knows turnpiked as the user of docs/operate.md
export const API = "/api/v1/pam";
const DEFAULT_MS = 15000 * SLOW;
const stacks = new Set();

export const uuid = () => crypto.randomUUID();
export const pause = ms => new Promise(go => setTimeout(go, ms));

/** What the promise gives, if it comes in time. */
export async function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`not within ${ms} ms: ${what}`)), ms); });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks `test` until it gives something, for states that nothing announces. */
export async function eventually(test, what = String(test), ms = DEFAULT_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await within(Math.max(end - Date.now(), 1) + DEFAULT_MS, Promise.resolve(test()), `an answer to the question whether ${what}`);
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(20);
  }
}

// ---- what must not outlive this process, however it ends ------------------------------------------

/** Told of every scratch directory; when this process is gone it removes those that are still there. */
const GUARD = `
while read -r dir; do set -- "$@" "$dir"; done
for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
    left=
    for dir; do rm -rf "$dir" 2>/dev/null; [ ! -e "$dir" ] || left=1; done
    [ -n "$left" ] || break
    sleep 0.5
done`;
let guard;
/** A new directory for a test. Removed by its owner, or when this process has ended. */
export function scratch(prefix) {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  if (!process.env.TURNPIKE_KEEP) {
    if (!guard) {
      guard = spawn("sh", ["-c", GUARD], {detached: true, stdio: ["pipe", "ignore", "ignore"]});
      guard.on("error", () => {});
      guard.stdin.on("error", () => {});
      guard.unref();
      guard.stdin.unref();
    }
    guard.stdin.write(`${dir}\n`);
  }
  return dir;
}

/**
 * A server of a test: `output` is the end of what it said, `end` what became of it, which `ended` waits for.
 * It gets `signal` when this process dies. space: a process in whose network namespace it runs.
 */
export function launch(command, args, {signal = "KILL", space, ...options} = {}) {
  const inside = space ? ["nsenter", `--net=/proc/${space}/ns/net`, "--"] : [];
  const child = spawn("setpriv", ["--pdeathsig", signal, "--", ...inside, command, ...args], {detached: true, stdio: ["ignore", "pipe", "pipe"], ...options});
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", data => { child.output = (child.output + data).slice(-20000); });
  }
  child.ended = new Promise(done => {
    child.once("exit", (code, by) => done(child.end = {code, signal: by}));
    child.once("error", error => { // it was not even started
      child.output += error;
      if (child.pid === undefined) done(child.end = {code: null, signal: null, error: error.message});
    });
  });
  return child;
}

/** Says at once what is missing, where everything else would only wait for it. */
function assertBuilt() {
  const daemon = join(BUILD, "turnpiked");
  try {
    accessSync(daemon, constants.X_OK);
  } catch {
    throw new Error(`${daemon} is missing: build first (./check --only build), or set TURNPIKE_BUILD to a build (now ${process.env.TURNPIKE_BUILD ?? "not set"})`);
  }
}

/** A port of loopback that nobody has. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const {port} = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Numbers of all processes of a session (setsid), the leader's id being `sid`. */
export function processesOf(sid) {
  const out = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1).split(" ");
      if (Number(fields[3]) === sid && fields[0] !== "Z") out.push(Number(name));
    } catch { /* gone meanwhile */ }
  }
  return out;
}

export class Stack {
  disks = {};
  /**
   * settings: of turnpiked, over those of a test; or a function that makes them of the site's address. double: false = no model double, the offline
   * provider. chain: model.chain. nginx: lines for the http block. headers: sent with each request.
   * durable: Redis keeps its data over a kill -9; "everysec": all but its last second, should the machine die. beside: another stack; this one is a second machine
   * with the same Redis and model double. host: {space, address}, of another network namespace, where it has the network to itself (tests/faults/network.mjs).
   * own: false = no Redis of its own. program: another turnpiked. acl: its Redis has the user of docs/operate.md, and turnpiked is that one.
   * small: folders that are small disks, {log: MiB}; they are in `disks`. prepare: what has to be there before turnpiked.
   */
  static async start({settings = {}, double = true, chain = double ? "anthropic" : "offline", nginx = "", headers = {}, durable = false, beside, host, own = !beside, acl = OWN_USER && own, program, small = {}, prepare} = {}) {
    assertBuilt();
    const stack = new Stack();
    stacks.add(stack);
    stack.headers = headers;
    stack.durable = durable;
    stack.acl = acl || beside?.acl;
    stack.program = program ?? join(BUILD, "turnpiked");
    stack.dir = scratch("tp-");
    stack.run = join(stack.dir, "run");
    stack.logs = join(stack.dir, "log");
    for (const d of ["run", "log", "redis"]) mkdirSync(join(stack.dir, d));
    for (const [d, mib] of Object.entries(small)) stack.disks[d] = SmallDisk.mount(join(stack.dir, d), mib);
    stack.space = host?.space;
    stack.address = host?.address ?? "127.0.0.1";
    stack.port = host ? 8080 : await freePort();
    stack.url = `http://${stack.address}:${stack.port}`;
    stack.parts = {};
    try {
      if (double) stack.double = typeof double === "object" ? double : beside?.double ?? await startDouble();
      stack.shares = beside || typeof double === "object";
      stack.beside = beside;
      stack.settings = {
        run_dir: stack.run, "redis.socket": join(beside?.run ?? stack.run, "redis.sock"), "log.file": join(stack.logs, "turnpiked.log"),
        listen_hint: `127.0.0.1:${stack.port}`, development: "on", ...host && {"development.hosts": host.address}, "model.chain": chain, drain: "5s",
        "turn.seats": 8, "api.workers": 2, "stream.workers": 2, "rate.chat_user": 0, "rate.api_user": 0,
        "metrics.listen": "", "rate.feedback_user": 0, "rate.ws_messages": 0, "rate.tools_minute": 0, "rate.tools_day": 0, titles: "off",
        ...double && {
          "anthropic.url": stack.double.url, "anthropic.key": "test-key-anthropic",
          "openai.url": `${stack.double.url}/v1`, "openai.key": "test-key-openai",
          "responses.url": `${stack.double.url}/v1`, "responses.key": "test-key-responses",
        },
        ...existsSync(join(BUILD, "gazetteer.tsv")) && {"gazetteer.file": join(BUILD, "gazetteer.tsv")},
        ...stack.acl && aclSettings,
        ...typeof settings === "function" ? settings(stack.url) : settings,
      };
      stack.writeSettings();
      if (own) await stack.startRedis();
      await stack.#makeNginx(nginx);
      await stack.startNginx();
      await prepare?.(stack);
      await stack.startDaemon();
    } catch (error) {
      error.message += `\n${stack.logTail()}`;
      await stack.stop({check: false});
      throw error;
    }
    return stack;
  }

  writeSettings(more = {}) {
    Object.assign(this.settings, more);
    writeFileSync(join(this.dir, "turnpike.conf"),
      Object.entries(this.settings).map(([k, v]) => `${k} = ${v}\n`).join(""), {mode: 0o600});
  }

  spawn(name, command, args, options = {}) {
    return this.parts[name] = launch(command, args, {space: this.space, ...options});
  }

  /** more: of its arguments. */
  async startRedis(...more) {
    const socket = join(this.run, "redis.sock");
    rmSync(socket, {force: true});
    const child = this.spawn("redis", REDIS_SERVER, ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", this.durable ? "yes" : "no",
      "--appendfsync", this.durable === "everysec" ? "everysec" : "always", "--dir", join(this.dir, "redis"), ...this.acl ? aclArguments() : [], ...more]);
    await eventually(() => {
      if (child.end) throw new Error(`redis-server ended with ${JSON.stringify(child.end)}: ${child.output}`);
      return existsSync(socket);
    }, "Redis listens");
  }

  async #makeNginx(extra) {
    const {stdout} = await promisify(execFile)(join(BUILD, "turnpike"), ["--config", join(this.dir, "turnpike.conf"), "origins"])
      .catch(() => ({stdout: ""})); // turnpiked tells what is wrong with the settings
    writeFileSync(join(this.dir, "nginx-origins.conf"), stdout);
    const args = ["--origins", join(this.dir, "nginx-origins.conf"), "--run-dir", this.run, "--web-dir", join(BUILD, "web"), "--log-dir", this.logs, "--out", join(this.dir, "nginx"),
      "--port", String(this.port), "--address", this.address, "--workers", "2"];
    if (extra) {
      writeFileSync(join(this.dir, "extra.conf"), extra);
      args.push("--extra", join(this.dir, "extra.conf"));
    }
    await promisify(execFile)(join(TOP, "build-aux/make-nginx"), args, {timeout: DEFAULT_MS});
  }

  async startNginx() {
    this.spawn("nginx", "nginx", ["-e", "stderr", "-p", join(this.dir, "nginx"), "-c", join(this.dir, "nginx/nginx.conf")], {signal: "TERM"});
    await eventually(() => this.#portOpen(), `nginx listens; ${this.parts.nginx.output}`);
  }

  async #portOpen() {
    if (this.parts.nginx.end) throw new Error(`nginx ended: ${this.parts.nginx.output}`);
    const socket = net.connect(this.port, this.address);
    return new Promise(done => {
      socket.once("connect", () => { socket.destroy(); done(true); });
      socket.once("error", () => done(false));
    });
  }

  /** Everything of this machine but Redis, at once, without a word. */
  async lose() {
    const parts = [this.parts.turnpiked, this.parts.nginx].filter(Boolean), left = () => parts.flatMap(part => processesOf(part.pid));
    await eventually(() => { // one may be born meanwhile
      for (const pid of left()) {
        try { process.kill(pid, "SIGKILL"); } catch { /* gone */ }
      }
      return left().length === 0;
    }, "nothing of it is left");
  }
  /** And it is there again. */
  async again() {
    await this.startNginx();
    await this.startDaemon();
  }

  async startDaemon() {
    const child = this.spawn("turnpiked", this.program, ["-c", join(this.dir, "turnpike.conf")], {signal: "TERM"});
    await eventually(async () => {
      if (child.end) throw new Error(`turnpiked ended with ${JSON.stringify(child.end)}: ${child.output}`);
      return (await this.get("/health/ready").catch(() => ({}))).status === 200;
    }, "turnpiked is ready", 30000 * SLOW);
  }

  get pid() { return this.parts.turnpiked.pid; }

  /** Ends all in the order of a production site. Fails when turnpiked does not end well. */
  async stop({check = true} = {}) {
    stacks.delete(this);
    const faults = [];
    for (const name of ["turnpiked", "nginx", "redis"]) {
      const child = this.parts[name];
      if (!child) continue;
      if (name === "redis" && this.acl && !child.end) faults.push(...denials(await this.redis("acl", "log").catch(() => "")).map(d => `Redis refused: ${d}`));
      if (!child.end) {
        child.kill("SIGTERM");
        await within(20000 * SLOW, child.ended, `${name} ends after TERM`).catch(late => faults.push(late.message));
      }
      if (name === "turnpiked" && child.end && child.end.code !== 0 && child.end.signal !== "SIGKILL") {
        faults.push(`turnpiked ended with ${JSON.stringify(child.end)}`);
      }
      const left = child.pid ? processesOf(child.pid) : [];
      if (name === "turnpiked" && child.end?.signal !== "SIGKILL" && left.length) faults.push(`left over: ${left}`);
      for (const pid of left) {
        try { process.kill(pid, "SIGKILL"); } catch { /* gone */ }
      }
      if (child.end === undefined) await within(DEFAULT_MS, child.ended, `${name} ends after KILL`).catch(late => faults.push(late.message));
    }
    if (!this.shares && this.double?.broken?.length && !this.double.mayBreak) {
      faults.push(`requests broke rules of the models' vendors: ${JSON.stringify(this.double.broken[0])}`);
    }
    if (!this.shares && this.double) await within(DEFAULT_MS, Promise.resolve(this.double.close()), "the model double ends").catch(late => faults.push(late.message));
    const log = this.log();
    const report = log.search(/ERROR: (Address|Leak)Sanitizer|runtime error:|stack smashing|Assertion/);
    if (report >= 0) faults.push(`the log has a report of a sanitizer or an assertion:\n${log.slice(report, report + 6000)}\n`);
    if (check && faults.length) throw new Error(`${faults.join("; ")}\n${this.logTail(120)}`);
    for (const disk of Object.values(this.disks)) disk.unmount();
    if (!process.env.TURNPIKE_KEEP) rmSync(this.dir, {recursive: true, force: true});
  }

  log() {
    let out = this.parts.turnpiked?.output ?? "";
    try {
      out += readFileSync(join(this.logs, "turnpiked.log"), "utf8");
    } catch { /* none yet */ }
    return out;
  }
  logTail(lines = 40) {
    return this.log().split("\n").slice(-lines).join("\n");
  }
  accessLog() { return readFileSync(join(this.logs, "turnpike-access.log"), "utf8"); }
  errorLog() { return readFileSync(join(this.logs, "nginx-error.log"), "utf8") + this.parts.nginx.output; }

  // ---- HTTP ------------------------------------------------------------------------------------

  /** One request. Resolves when the whole reply is there: {status, headers, text, json}. */
  request(method, path, {body, headers = {}, raw = false, timeout = DEFAULT_MS, signal} = {}) {
    const data = body === undefined ? undefined : typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return new Promise((done, fail) => {
      const request = http.request(this.url + (raw ? path : API + path), {method, agent: false, timeout, signal, headers: {
        ...data !== undefined && {"Content-Type": "application/json", "Content-Length": Buffer.byteLength(data)}, ...this.headers, ...headers,
      }});
      request.on("response", response => {
        const chunks = [];
        response.on("data", chunk => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          let json;
          try {
            json = JSON.parse(text);
          } catch { /* not JSON */ }
          done({status: response.statusCode, headers: response.headers, text, json});
        });
      });
      request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no reply in ${timeout} ms`)));
      request.on("error", fail);
      request.end(data);
    });
  }
  get(path, options) { return this.request("GET", path, options); }
  post(path, body, options) { return this.request("POST", path, {body, ...options}); }
  chat(message, more = {}, options = {}) { return this.post("/chat", {message, ...more}, options); }

  /** A stream of server-sent events. */
  sse(path, {method = "GET", body, headers = {}} = {}) {
    return new EventReader(this, method, path, body, headers);
  }
  chatStream(message, more = {}, options = {}) {
    return this.sse("/chat", {method: "POST", body: {message, ...more}, headers: {Accept: "text/event-stream"}, ...options});
  }

  // ---- WebSocket, Redis, control -----------------------------------------------------------------

  socket(path = "/ws", options = {}) { return Socket.open(this, path, options); }

  async redis(...args) {
    const {stdout} = await promisify(execFile)("redis-cli", ["-s", join(this.run, "redis.sock"), ...args.map(String)], {timeout: 60000 * SLOW});
    return stdout.trimEnd();
  }

  /** One line to the control socket; the JSON that comes back. */
  control(line, ms = DEFAULT_MS) {
    return new Promise((done, fail) => {
      const socket = net.connect(join(this.run, "control.sock"));
      let text = "";
      socket.setTimeout(ms, () => socket.destroy(new Error(`control ${line}: no answer`)));
      socket.on("connect", () => socket.end(`${line}\n`));
      socket.on("data", data => { text += data; });
      socket.on("error", fail);
      socket.on("close", () => {
        try {
          done(JSON.parse(text));
        } catch {
          fail(new Error(`control ${line}: ${text || "no answer"}`));
        }
      });
    });
  }

  /** The supervisor's status; it answers whatever the workers do. */
  status() { return this.control("status json"); }
  /** HUP; resolves when no worker of the old settings answers any more. */
  async reload(ms = DEFAULT_MS) {
    const {generation} = await this.status();
    process.kill(this.pid, "SIGHUP");
    await eventually(async () => {
      const s = await this.status();
      return s.generation > generation && s.state === "running"
        && s.slots.every(slot => !(slot.pid > 0) || !["api", "turn"].includes(slot.pool) || slot.generation > generation);
    }, "the reload is done", ms);
  }

  /** Workers of a pool as the scoreboard has them. */
  async workers(pool) {
    return (await this.status()).slots.filter(slot => slot.pool === pool && slot.pid > 0);
  }
  /** What the workers of a pool do: a request or a turn each. */
  async seats(pool) {
    return (await this.status()).seats.filter(seat => seat.pool === pool);
  }
}

/** Reads server-sent events. `events`: [{id, data}], data parsed; `raw`: all bytes so far. */
export class EventReader {
  events = [];
  raw = Buffer.alloc(0);
  ended = false;
  #taken = 0; #text = ""; #wake = []; #failure = null;
  #decoder = new TextDecoder();

  constructor(stack, method, path, body, headers) {
    const data = body === undefined ? undefined : JSON.stringify(body);
    this.response = new Promise((done, fail) => {
      this.request = http.request(stack.url + API + path, {method, agent: false, headers: {
        Accept: "text/event-stream", ...data !== undefined && {"Content-Type": "application/json"}, ...stack.headers, ...headers,
      }});
      this.request.on("response", response => {
        this.status = response.statusCode;
        this.headers = response.headers;
        done(this);
        response.on("data", chunk => this.#feed(chunk));
        response.on("end", () => this.#finish());
        response.on("close", () => this.#finish());
        response.on("error", error => { this.#failure = error; this.#finish(); });
      });
      const late = setTimeout(() => this.request.destroy(new Error(`${method} ${path}: no reply in ${4 * DEFAULT_MS} ms`)), 4 * DEFAULT_MS);
      for (const event of ["response", "close"]) this.request.once(event, () => clearTimeout(late));
      this.request.on("error", error => { this.#failure = error; fail(error); this.#finish(); });
    });
    this.response.catch(() => {});
    this.request.end(data);
  }

  #feed(chunk) {
    this.raw = Buffer.concat([this.raw, chunk]);
    this.#text += this.#decoder.decode(chunk, {stream: true});
    for (let at; (at = this.#text.indexOf("\n\n")) >= 0;) {
      const frame = this.#text.slice(0, at);
      this.#text = this.#text.slice(at + 2);
      const event = {id: null, data: null, comment: frame.startsWith(":"), retry: null};
      for (const line of frame.split("\n")) {
        if (line.startsWith("id: ")) event.id = line.slice(4);
        else if (line.startsWith("data: ")) event.data = JSON.parse(line.slice(6));
        else if (line.startsWith("retry: ")) event.retry = Number(line.slice(7));
      }
      if (event.data) this.events.push(event);
    }
    this.#stir();
  }
  #finish() {
    this.ended = true;
    this.#stir();
  }
  #stir() {
    for (const wake of this.#wake.splice(0)) wake();
  }
  #changed(ms) {
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`no event within ${ms} ms; seen: ${this.types().join(" ")} ${this.#text}`)), ms);
      this.#wake.push(() => { clearTimeout(timer); done(); });
    });
  }

  types() { return this.events.map(e => e.data.type); }
  get last() { return this.events.at(-1); }
  text() {
    return this.events.filter(e => e.data.type === "TEXT_MESSAGE_CONTENT").map(e => e.data.delta).join("");
  }

  /** The next event that `test` takes, of those not taken yet. */
  async until(test, ms = DEFAULT_MS) {
    const wanted = typeof test === "string" ? e => e.data.type === test : test;
    for (;;) {
      while (this.#taken < this.events.length) {
        const event = this.events[this.#taken++];
        if (wanted(event)) return event;
      }
      if (this.ended) throw new Error(`the stream ended (${this.#failure?.message ?? "cleanly"}, status ${this.status}); seen: ${this.types().join(" ")} ${this.#text}`);
      await this.#changed(ms);
    }
  }
  /** All events once the stream has ended. */
  async all(ms = DEFAULT_MS) {
    while (!this.ended) await this.#changed(ms);
    return this.events;
  }
  /** Waits until at least n bytes of the body are there, or it ended. */
  async bytes(n, ms = DEFAULT_MS) {
    while (!this.ended && this.raw.length < n) await this.#changed(ms);
  }
  drop() { this.request.destroy(); }
}

/** A WebSocket by the ws package. `frames`: what came in, parsed when it is JSON. */
export class Socket {
  frames = [];
  #taken = 0; #wake = [];

  static async open(stack, path, {protocols = [], headers = {}, origin} = {}) {
    const s = new Socket();
    s.ws = new WebSocket(`${stack.url.replace("http", "ws")}${path.startsWith("/api") ? path : API + path}`, protocols,
      {headers: {...stack.headers, ...headers}, origin, perMessageDeflate: false, handshakeTimeout: 4 * DEFAULT_MS});
    s.ws.on("message", (data, binary) => s.#receive(data, binary));
    s.closed = new Promise(done => s.ws.on("close", (code, reason) => {
      s.close = {code, reason: reason.toString()};
      s.#stir();
      done(s.close);
    }));
    await new Promise((done, fail) => {
      s.ws.on("open", done);
      s.ws.on("error", fail);
      s.ws.on("unexpected-response", (request, response) => {
        const chunks = [];
        response.on("data", c => chunks.push(c));
        response.on("end", () => fail(Object.assign(new Error(`refused with ${response.statusCode}`),
          {status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString()})));
      });
    });
    s.ws.on("error", () => {});
    return s;
  }
  #receive(data, binary) {
    let value = binary ? data : data.toString();
    try {
      if (!binary) value = JSON.parse(value);
    } catch { /* a text */ }
    this.frames.push(value);
    this.#stir();
  }
  #stir() {
    for (const wake of this.#wake.splice(0)) wake();
  }
  send(value) { this.ws.send(typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value)); }
  message(text, more = {}) { this.send({type: "message", text, ...more}); }

  /** The next frame that `test` takes (a type, or a function), of those not taken yet. */
  async until(test, ms = DEFAULT_MS) {
    const wanted = typeof test === "string" ? f => f?.type === test : test;
    for (;;) {
      while (this.#taken < this.frames.length) {
        const frame = this.frames[this.#taken++];
        if (wanted(frame)) return frame;
      }
      const seen = () => this.frames.slice(-12).map(f => JSON.stringify(f)?.slice(0, 100)).join("\n  ");
      if (this.close) throw new Error(`the socket was closed (${this.close.code} ${this.close.reason}); seen:\n  ${seen()}`);
      await new Promise((done, fail) => {
        const timer = setTimeout(() => fail(new Error(`no such frame within ${ms} ms; seen:\n  ${seen()}`)), ms);
        this.#wake.push(() => { clearTimeout(timer); done(); });
      });
    }
  }
  events() { return this.frames.filter(f => /^[A-Z_]+$/.test(f?.type ?? "")); }
  text() { return this.events().filter(e => e.type === "TEXT_MESSAGE_CONTENT").map(e => e.delta).join(""); }
  get cursor() { return this.events().findLast(e => e.metadata?.cursor)?.metadata.cursor; }
  async end() {
    this.ws.close(1000);
    await within(60000 * SLOW, this.closed, "the socket is closed");
  }
}

/** Joins deltas of neighbours: joining is allowed, losing and doubling is not. */
export function transcript(events) {
  const out = [];
  for (const e of events) {
    const {metadata, timestamp, ...rest} = e.data ?? e;
    const before = out.at(-1);
    if (rest.delta !== undefined && before?.type === rest.type && before.messageId === rest.messageId && before.toolCallId === rest.toolCallId) {
      before.delta += rest.delta;
    } else {
      out.push({...rest});
    }
  }
  return out;
}

// What a failed or killed test leaves is ended all the same.
function endAll() {
  for (const stack of stacks) {
    for (const child of Object.values(stack.parts ?? {})) {
      for (const pid of child.pid ? processesOf(child.pid) : []) {
        try { process.kill(pid, "SIGKILL"); } catch { /* gone */ }
      }
    }
    if (stack.dir && !process.env.TURNPIKE_KEEP) rmSync(stack.dir, {recursive: true, force: true});
  }
}
process.on("exit", endAll);
if (process.env.NODE_TEST_CONTEXT) {
  after(() => { // of the whole file: one whose test failed before its end must end, too
    endAll();
    for (const stack of stacks) stack.double?.close();
  });
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
