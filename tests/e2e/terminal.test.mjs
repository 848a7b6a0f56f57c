// SPDX-License-Identifier: BSD-2-Clause
// `turnpike chat`: answers, tools, approvals, attachments and lost connections, in a terminal and in a pipe.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {once} from "node:events";
import {readFileSync, writeFileSync, chmodSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {BUILD, eventually, scratch, SLOW, Stack, uuid, within} from "./harness.mjs";
import {png} from "../doubles/pictures.mjs";

const PROGRAM = join(BUILD, "turnpike");
const WAIT = 15000 * SLOW;

/** Environment without what this machine's user may have set. */
const environment = (stack, more = {}) => ({PATH: process.env.PATH, HOME: scratch("tp-home-"), LANG: "C.UTF-8", TERM: "xterm",
  TURNPIKE_URL: stack?.url ?? "", ...more});

/** Runs it in a pipe, to its end: {status, out, err}. */
async function piped(stack, args, {input = "", env = {}, ms = WAIT} = {}) {
  const child = spawn(PROGRAM, ["chat", ...args], {env: environment(stack, env)});
  const told = {out: "", err: ""};
  child.stdout.on("data", data => { told.out += data; });
  child.stderr.on("data", data => { told.err += data; });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [status] = await within(ms, once(child, "close"), `turnpike chat ${args.join(" ")} ends: ${told.out}${told.err}`);
  return {status, ...told};
}

/** Runs it on a terminal of its own. */
class Terminal {
  constructor(stack, args = [], env = {}) {
    const command = `exec ${[PROGRAM, "chat", ...args].map(a => `'${a}'`).join(" ")}`;
    this.child = spawn("script", ["-qefc", command, "/dev/null"], {env: environment(stack, env)});
    this.text = "";
    this.at = 0;
    this.child.stdout.on("data", data => { this.text += data; });
    this.child.stdin.on("error", () => {});
    this.closed = once(this.child, "close").then(([status]) => status);
  }
  type(text) { this.child.stdin.write(text); }
  /** Waits for words behind what was seen before. */
  async until(pattern) {
    const match = await eventually(() => new RegExp(pattern).exec(this.text.slice(this.at)), `${pattern} in ${JSON.stringify(this.text.slice(this.at))}`, WAIT)
      .catch(error => { throw new Error(`${error.message}\n--- the screen:\n${this.text}`); });
    this.at += match.index + match[0].length;
    return match;
  }
  /** Waits until it waits for a line. */
  prompt() { return eventually(() => /> $/.test(seen(this.text)), `the prompt behind ${JSON.stringify(this.text.slice(-300))}`, WAIT); }
  async leave() {
    await this.prompt();
    this.type("\x04");
    return within(WAIT, this.closed, "it ends");
  }
}

/** What a user would see of it: no escape sequences. */
const seen = text => text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");

describe("turnpike chat", () => {
  let stack;
  before(async () => { stack = await Stack.start(); });
  after(() => stack.stop());
  const session = async (id, what = "messages") => (await stack.get(`/sessions/${id}/${what}`)).json;

  test("one message in a pipe: the answer alone on standard output, tools beside it", async () => {
    const {status, out, err} = await piped(stack, ["What", "time?", "[[tool name=get_current_time args={} | text say=Noon.]]"]);
    assert.equal(status, 0, err);
    assert.equal(out, "Noon.\n");
    assert.match(err, /\+ Get current time, \d+ ms/);
    assert.doesNotMatch(out + err, /\x1b/);
  });

  test("standard input is the message; lines and scripts of all kinds arrive whole", async () => {
    const id = uuid(), words = "first line\nzweite Zeile äöü\n三行目 🐋 [[text say=Understood.]]";
    const {status, out} = await piped(stack, ["--session", id], {input: `${words}\n`});
    assert.equal(status, 0);
    assert.equal(out, "Understood.\n");
    assert.equal((await session(id)).messages[0].content, words);
  });

  test("a session goes on where it was, also one of another device", async () => {
    const id = uuid();
    await stack.chat("I am Ann [[text say=Hello.]]", {session_id: id});
    await piped(stack, ["--session", id, "and again [[text say=Ann.]]"]);
    const {messages} = await session(id);
    assert.deepEqual(messages.map(m => m.role), ["user", "assistant", "user", "assistant"]);
    const terminal = new Terminal(stack, ["--session", id]);
    await terminal.until("I am Ann");
    await terminal.until("Hello\\.");
    assert.equal(await terminal.leave(), 0);
  });

  test("a terminal streams, stops by Ctrl-C, and goes on", async () => {
    const terminal = new Terminal(stack);
    await terminal.until("/help lists");
    terminal.type("tell me [[text words=8 hold=4]]\r");
    await terminal.until("The road north follows"); // before the answer is whole
    terminal.type("\x03");
    await terminal.until("Stopped\\.");
    stack.double.release();
    terminal.type("again [[text say=Here.]]\r");
    await terminal.until("Here\\.");
    assert.equal(await terminal.leave(), 0);
  });

  test("nothing in an answer steers the terminal", async () => {
    stack.double.texts.set("steering", "a\u001b]0;owned\u0007b \u202Eexe.png c\u009b31m");
    const terminal = new Terminal(stack);
    await terminal.until("/help lists");
    const from = terminal.text.length;
    terminal.type("x [[text named=steering]]\r");
    await terminal.until("c\uFFFD31m");
    const shown = terminal.text.slice(from);
    assert.ok(shown.includes("\\u202eexe.png"), shown);
    assert.doesNotMatch(shown, /\x1b\]0|\u0007|\u009b|\u202E/);
    await terminal.leave();
  });

  test("long lines break between words", async () => {
    const terminal = new Terminal(stack);
    await terminal.until("/help lists");
    const from = terminal.text.length;
    terminal.type("x [[text words=60]]\r");
    await terminal.until("stretch");
    await terminal.prompt();
    const lines = seen(terminal.text.slice(from)).split(/\r*\n/).slice(1);
    assert.ok(lines.filter(line => line.length > 40).length >= 2, lines.join("\n"));
    for (const line of lines) assert.ok(line.split("\r").at(-1).length <= 80, JSON.stringify(line));
    await terminal.leave();
  });

  test("NO_COLOR takes the colours away", async () => {
    const coloured = new Terminal(stack), plain = new Terminal(stack, [], {NO_COLOR: "1"});
    for (const terminal of [coloured, plain]) await terminal.until("/help lists");
    assert.match(coloured.text, /\x1b\[2m/);
    assert.doesNotMatch(plain.text, /\x1b\[2m/);
    for (const terminal of [coloured, plain]) await terminal.leave();
  });

  test("an approval is asked for, and what was edited is what runs", async () => {
    const made = await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"});
    const id = made.json.event.id, args = JSON.stringify({event_id: id});
    const asking = `please [[tool name=delete_calendar_event args=${args} | text say=Gone.]]`;
    const terminal = new Terminal(stack);
    await terminal.until("/help lists");
    terminal.type(`${asking}\r`);
    await terminal.until("May I delete the event \"Dentist\"");
    terminal.type("perhaps\r");
    await terminal.until("\\[y\\]es");
    terminal.type("n\r");
    await terminal.until("Gone\\."); // the double says it in any case
    assert.equal((await stack.post("/tools/get_calendar_events", {})).json.events.some(e => e.id === id), true);
    terminal.type(`${asking}\r`);
    await terminal.until("May I delete");
    await terminal.until("\\[y\\]es");
    terminal.type("yes\r");
    await terminal.until("Gone\\.");
    assert.equal((await stack.post("/tools/get_calendar_events", {})).json.events.some(e => e.id === id), false);
    await terminal.leave();
  });

  test("arguments are changed in the user's editor", async () => {
    const user = uuid(), bin = scratch("tp-editor-"), editor = join(bin, "ed it.sh");
    const [one, two] = await Promise.all(["Keep", "Drop"].map(async title =>
      (await stack.post("/tools/create_calendar_event", {title, start_date: "2031-06-20T15:00:00"})).json.event.id));
    writeFileSync(editor, `#!/bin/sh\nsed -i 's/${one}/${two}/' "$1"\n`);
    chmodSync(editor, 0o755);
    const link = join(bin, "edit");
    writeFileSync(link, `#!/bin/sh\nexec "${editor}" "$1"\n`);
    chmodSync(link, 0o755);
    const terminal = new Terminal(stack, [], {EDITOR: link, USERNAME: user});
    await terminal.until("/help lists");
    terminal.type(`x [[tool name=delete_calendar_event args=${JSON.stringify({event_id: one})} | text say=Gone.]]\r`);
    await terminal.until("\\[y\\]es");
    terminal.type("e\r");
    await terminal.until("Gone\\.");
    const left = (await stack.post("/tools/get_calendar_events", {})).json.events.map(e => e.id);
    assert.equal(left.includes(one), true);
    assert.equal(left.includes(two), false);
    await terminal.leave();
  });

  test("with nobody there a question stays open, and the status says so", async () => {
    const made = await stack.post("/tools/create_calendar_event", {title: "Vet", start_date: "2031-07-20T15:00:00"});
    const {status, err} = await piped(stack, [`x [[tool name=delete_calendar_event args=${JSON.stringify({event_id: made.json.event.id})} | text say=Gone.]]`]);
    assert.equal(status, 3);
    assert.match(err, /May I delete the event "Vet"/);
  });

  test("files go along", async () => {
    const dir = scratch("tp-files-"), id = uuid();
    writeFileSync(join(dir, "road.png"), png());
    const {status, err} = await piped(stack, ["--session", id, "--attach", join(dir, "road.png"), "what is it? [[text say=A-road.]]"]);
    assert.equal(status, 0, err);
    const [message] = (await session(id)).messages;
    assert.equal(message.content.find(p => p.type === "image").metadata.name, "road.png");
    const refused = await piped(stack, ["--attach", join(dir, "none.png"), "x"]);
    assert.equal(refused.status, 1);
    assert.match(refused.err, /none\.png: No such file/);
    writeFileSync(join(dir, "torn.png"), png().subarray(0, 20));
    const torn = await piped(stack, ["--attach", join(dir, "torn.png"), "x"]);
    assert.equal(torn.status, 1);
    assert.match(torn.err, /torn\.png was not sent: /);
  });

  test("a lost connection costs nothing, and nothing comes twice", async () => {
    const cuts = new Set();
    const proxy = net.createServer(client => {
      const server = net.connect(stack.port, "127.0.0.1");
      const cut = () => { client.destroy(); server.destroy(); };
      cuts.add(cut);
      client.on("error", cut).on("close", () => cuts.delete(cut)).pipe(server).on("error", cut).pipe(client);
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const url = `http://127.0.0.1:${proxy.address().port}`;
    const child = spawn(PROGRAM, ["chat", "--url", url, "x [[text words=30 hold=10,20]]"], {env: environment(stack)});
    let out = "";
    child.stdout.on("data", data => { out += data; });
    child.stdin.end();
    const words = n => eventually(() => out.split(" ").length > n - 2, `${n} words`);
    await words(10);
    for (const cut of [...cuts]) cut();
    stack.double.release();
    await words(20);
    for (const cut of [...cuts]) cut();
    stack.double.release();
    const [status] = await within(WAIT, once(child, "close"), "it ends");
    proxy.close();
    assert.equal(status, 0);
    const whole = await piped(stack, ["x [[text words=30]]"]);
    assert.equal(out, whole.out);
  });

  test("a worker that dies costs no answer", async () => {
    const child = spawn(PROGRAM, ["chat", "x [[text words=20 hold=8]]"], {env: environment(stack)});
    let out = "", err = "";
    child.stdout.on("data", data => { out += data; });
    child.stderr.on("data", data => { err += data; });
    child.stdin.end();
    await eventually(() => out.split(" ").length > 6, "eight words");
    const seat = (await stack.status()).seats.find(s => s.turn);
    process.kill(seat.pid, "SIGKILL");
    stack.double.release();
    const again = setInterval(() => stack.double.release(), 50);
    const [code] = await within(WAIT, once(child, "close"), `it ends: ${out}${err}`);
    clearInterval(again);
    assert.equal(code, 0, err);
    assert.match(err, /begins again/);
    const whole = await piped(stack, ["x [[text words=20]]"]);
    assert.ok(out.endsWith(whole.out), out);
  });

  test("a failed turn says why, and fails", async () => {
    const {status, out, err} = await piped(stack, ["x [[http status=401]]"]);
    assert.equal(status, 1);
    assert.equal(out, "");
    assert.match(err, /\w/);
  });

  test("commands, and a history of lines that comes back", async () => {
    const state = scratch("tp-state-");
    const first = new Terminal(stack, [], {XDG_STATE_HOME: state});
    await first.until("/help lists");
    first.type("/nothing\r");
    await first.until("no such command");
    first.type("/help\r");
    await first.until("/attach");
    first.type("remember this line [[text say=Yes.]]\r");
    await first.until("Yes\\.");
    first.type("/session\r");
    await first.until("[0-9a-f]{8}-[0-9a-f-]{27}");
    await first.prompt();
    first.type("/sessions\r");
    await first.until("remember this line");
    assert.equal(await first.leave(), 0);
    assert.match(readFileSync(join(state, "turnpike/history"), "utf8"), /remember/);
    const second = new Terminal(stack, [], {XDG_STATE_HOME: state});
    await second.until("/help lists");
    second.type("\x1b[A\x1b[A\x1b[A"); // behind /sessions and /session
    await second.until("remember this line");
    second.type("\r");
    await second.until("Yes\\.");
    await second.leave();
  });

  test("a reminder shows at the prompt", async () => {
    const terminal = new Terminal(stack);
    await terminal.until("/help lists");
    const sent = await stack.post("/inbox/dev", {message: "The ferry leaves at six"}, {headers: {"X-Dev-User": "dev"}});
    if (sent.status === 403) { // development's user is no administrator: a message of another user will do
      await stack.post("/tools/set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 1, label: "The ferry leaves at six"});
      await eventually(async () => (await stack.get("/inbox?limit=5")).json.messages.some(m => m.label === "The ferry leaves at six"), "the timer");
    }
    terminal.type("x [[text say=Fine.]]\r");
    await terminal.until("Fine\\.");
    await terminal.until("The ferry leaves at six");
    await terminal.leave();
  });
});

describe("turnpike chat's errors", () => {
  test("usage", async () => {
    assert.equal((await piped(null, ["--nonsense"])).status, 2);
    assert.equal((await piped(null, ["--help"])).status, 0);
    const url = await piped(null, ["--url", "gopher://x", "hello"]);
    assert.equal(url.status, 2);
    assert.match(url.err, /gopher:\/\/x: not an http or https address/);
    const session = await piped(null, ["--url", "http://127.0.0.1:9", "--session", "a b", "hello"]);
    assert.equal(session.status, 2);
    assert.match(session.err, /a session has 1 to 100 characters/);
  });

  test("where nobody sees it wait, it does not wait for ever", async () => {
    const {status, out, err} = await piped(null, ["--url", "http://127.0.0.1:9", "hello"], {ms: 60000});
    assert.equal(status, 1);
    assert.equal(out, "");
    assert.match(err, /\S/);
  });

  test("a site with keys: without one it says what is missing, with one it answers", async () => {
    const keys = join(scratch("tp-keys-"), "keys"), made = spawn(PROGRAM, ["api-key", "ann"], {env: {}});
    let text = "";
    made.stdout.on("data", data => { text += data; });
    await once(made, "close");
    const [key, line] = text.split("\n").filter(l => l && !l.startsWith("#"));
    writeFileSync(keys, `${line}\n`);
    const stack = await Stack.start({settings: {development: "off", "api_keys.file": keys}});
    try {
      const without = await piped(stack, ["hello"]);
      assert.equal(without.status, 1);
      assert.match(without.err, /TURNPIKE_TOKEN/);
      const file = join(scratch("tp-key-"), "key");
      writeFileSync(file, `${key}\n`, {mode: 0o600});
      for (const how of [{args: [], env: {TURNPIKE_TOKEN: key}}, {args: ["--key-file", file], env: {}}]) {
        const {status, out} = await piped(stack, [...how.args, "hello [[text say=Hi.]]"], {env: how.env});
        assert.equal(status, 0);
        assert.equal(out, "Hi.\n");
      }
    } finally {
      await stack.stop();
    }
  });
});
