// SPDX-License-Identifier: BSD-2-Clause
// The client library as a package: its types, and what is in an empty folder after `npm install`.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFile} from "node:child_process";
import {existsSync, readFileSync, readdirSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {promisify} from "node:util";
import * as library from "../../web/client/index.js";
import {BUILD, scratch, SLOW, Stack, TOP} from "./harness.mjs";

const run = promisify(execFile), PACKAGE = join(TOP, "web/client");
const OLD_NODE = ["/usr/bin/node", "/usr/local/bin/node"].find(existsSync);

const CONSUMER = `import {TurnpikeClient, newId, claim, isAfter, type AguiEvent, type ClientOptions, type MessageFrame, type Reason, type State} from "turnpike-client";
const options: ClientOptions = {url: "https://assistant.example.org", session: newId(), token: async () => "t", transport: "auto"};
const client = new TurnpikeClient(options);
client.addEventListener("state", e => { const state: State = e.detail; const why: Reason | null = client.reason; void [state, why]; });
client.addEventListener("event", e => {
  const event: AguiEvent = e.detail;
  if (event.type === "TEXT_MESSAGE_CONTENT") console.log(event.delta.length, event.metadata?.cursor);
  if (event.type === "RUN_FINISHED" && event.outcome?.type === "interrupt") console.log(event.outcome.interrupts[0]?.id);
});
client.addEventListener("frame", e => { if (e.detail.type === "accepted") console.log(e.detail.position); });
client.addEventListener("problem", e => console.log(e.detail.code, e.detail.clientMessageId));
client.start();
const {runId} = client.send("hello", {on_busy: "reject", attachments: [{id: "att-1"}]});
const back: MessageFrame | false = await client.takeBack(runId);
const page = await client.messages({limit: 10});
const title: {title: string} = await client.fetch<{title: string}>("/sessions/s");
console.log(back && back.text, page.next_cursor, title, claim("t", "sub"), isAfter("1-1", client.cursor));
// @ts-expect-error no such state
const wrong: State = "open";
// @ts-expect-error no such option
new TurnpikeClient({sesion: "s"});
// @ts-expect-error it is read only
client.state = "live";
void wrong;
const left: MessageFrame[] = client.close();
void left;
`;

const SCRIPT = `import {TurnpikeClient} from "turnpike-client";
const [url, transport] = process.argv.slice(2);
const client = new TurnpikeClient({url, transport});
let text = "";
client.addEventListener("event", ({detail}) => {
  if (detail.type === "TEXT_MESSAGE_CONTENT") text += detail.delta;
  if (detail.type !== "RUN_FINISHED") return;
  console.log(JSON.stringify({text, transport: client.transport, node: process.version}));
  client.close(); // nothing of it keeps the process alive
});
client.addEventListener("problem", ({detail}) => { console.error(detail); process.exitCode = 1; });
client.start();
client.send("hello [[text say=Yes.]]");
`;

describe("the package turnpike-client", () => {
  let dir, stack;
  before(async () => {
    dir = scratch("tp-package-");
    await run("cp", ["-RL", join(BUILD, "web/client"), join(dir, "package")]); // as `make client-package` does
    const {stdout} = await run("npm", ["pack", "./package", "--pack-destination", dir, "--json", "--offline"], {cwd: dir});
    const [{filename}] = JSON.parse(stdout.slice(stdout.indexOf("[")));
    writeFileSync(join(dir, "package.json"), '{"private":true,"type":"module"}');
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", `./${filename}`], {cwd: dir});
    stack = await Stack.start();
  });
  after(async () => {
    await stack?.stop();
    rmSync(dir, {recursive: true, force: true});
  });

  test("has its licence, every module that it needs, and nothing else needs installing", () => {
    const at = join(dir, "node_modules/turnpike-client"), manifest = JSON.parse(readFileSync(join(at, "package.json")));
    assert.deepEqual([manifest.license, manifest.dependencies, manifest.type], ["BSD-2-Clause", undefined, "module"]);
    assert.equal(readFileSync(join(at, "LICENSE"), "utf8"), readFileSync(join(TOP, "LICENSE"), "utf8"));
    assert.deepEqual(readdirSync(join(dir, "node_modules")).filter(n => !n.startsWith(".")), ["turnpike-client"]);
    for (const name of readdirSync(at).filter(n => n.endsWith(".js"))) {
      const text = readFileSync(join(at, name), "utf8");
      for (const [, from] of text.matchAll(/^(?:import|export) .*from "(.*)";$/gm)) assert.ok(existsSync(join(at, from)), `${name}: ${from}`);
      assert.ok(text.split("\n").length <= 500, `${name} is long`);
    }
    const listed = readFileSync(join(TOP, "web/local.mk"), "utf8");
    for (const name of readdirSync(PACKAGE).filter(n => n !== "chat")) assert.ok(listed.includes(`\tweb/client/${name}`), `web/local.mk lacks ${name}`);
  });

  for (const transport of ["auto", "sse"]) {
    test(`talks to a site from an empty folder, and lets Node end (${transport})`, async () => {
      writeFileSync(join(dir, "talk.mjs"), SCRIPT);
      const {stdout} = await run(process.execPath, ["talk.mjs", stack.url, transport], {cwd: dir, timeout: 15000 * SLOW});
      assert.deepEqual({...JSON.parse(stdout), node: 0}, {text: "Yes.", transport: transport === "auto" ? "socket" : "sse", node: 0});
    });
  }

  test("without a global WebSocket it goes over HTTP by itself", async () => {
    writeFileSync(join(dir, "talk.mjs"), SCRIPT);
    const {stdout} = await run(process.execPath, ["--no-experimental-websocket", "talk.mjs", stack.url, "auto"], {cwd: dir, timeout: 15000 * SLOW});
    assert.equal(JSON.parse(stdout).transport, "sse");
  });

  test("Node 20 has none", async t => {
    const version = OLD_NODE ? (await run(OLD_NODE, ["--version"])).stdout.trim() : "";
    if (!version.startsWith("v20.")) return t.skip("Node 20 is not on this machine");
    writeFileSync(join(dir, "talk.mjs"), SCRIPT);
    const {stdout} = await run(OLD_NODE, ["talk.mjs", stack.url, "auto"], {cwd: dir, timeout: 15000 * SLOW});
    assert.deepEqual(JSON.parse(stdout), {text: "Yes.", transport: "sse", node: version});
  });

  test("its types take what a page writes, under strict, and refuse what is wrong", async () => {
    await compile("consumer.ts", CONSUMER);
  });

  test("every public member is declared, and every declared one is there", async () => {
    const {TurnpikeClient} = library, client = new TurnpikeClient({url: stack.url}), members = new Set(Object.keys(client));
    for (let at = TurnpikeClient.prototype; at !== EventTarget.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) if (name !== "constructor") members.add(name);
    }
    const union = names => [...names].map(name => JSON.stringify(name)).join(" | ");
    await compile("members.ts", `import * as library from "turnpike-client";
type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : {missing: Exclude<B, A>} : {undeclared: Exclude<A, B>};
const members: Same<${union(members)}, Exclude<keyof library.TurnpikeClient, keyof EventTarget>> = true;
const names: Same<${union(Object.keys(library))}, keyof typeof library> = true;
void [members, names];
`);
  });

  async function compile(name, text) {
    writeFileSync(join(dir, name), text);
    const out = await run(process.execPath, [join(TOP, "tests/e2e/node_modules/typescript/bin/tsc"), "--strict", "--noEmit", "--target", "es2022", "--module", "nodenext",
      "--lib", "es2022,dom", "--types", "", name], {cwd: dir, timeout: 60000 * SLOW}).catch(error => error);
    assert.equal(out.stdout, "", out.stdout);
    assert.equal(out.code ?? 0, 0, out.stderr);
  }
});
