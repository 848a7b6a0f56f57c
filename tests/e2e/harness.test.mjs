// SPDX-License-Identifier: BSD-2-Clause
// The tests themselves: what is missing is said at once, nothing hangs, and no server outlives its test.
import {test} from "node:test";
import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {once} from "node:events";
import {existsSync, readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {eventually, scratch, SLOW, TOP, within} from "./harness.mjs";

const LONG = 60000 * SLOW;

/** A program of a few lines that uses the harness, with a directory of its own for all that it makes. */
function program(lines, {env = {}, args = []} = {}) {
  const dir = scratch("tp-self-");
  const harness = JSON.stringify(pathToFileURL(join(TOP, "tests/e2e/harness.mjs")).href);
  const {NODE_TEST_CONTEXT, ...rest} = process.env;
  const child = spawn(process.execPath, [...args, "--input-type=module", "-e", `import {Stack, launch} from ${harness};\n${lines}`],
    {env: {...rest, TMPDIR: dir, ...env}, stdio: ["ignore", "pipe", "pipe"]});
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", data => { child.output += data; });
  return {child, dir, ended: once(child, "close")};
}

/** Processes that have the directory in their arguments. */
const processesWith = dir => readdirSync("/proc").filter(pid => {
  try {
    return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dir);
  } catch {
    return false;
  }
});

test("without a build it says so at once", async () => {
  const {child, ended} = program("await Stack.start();", {env: {TURNPIKE_BUILD: "/nowhere"}});
  await within(LONG, ended, "it ends");
  assert.notEqual(child.exitCode, 0);
  assert.match(child.output, /\/nowhere\/turnpiked is missing: build first/);
});

test("a program that is not there is one that has ended", async () => {
  const {child, ended} = program('console.log(JSON.stringify(await launch("no-such-program", []).ended));');
  await within(LONG, ended, "it ends");
  assert.match(child.output, /"code":127/);
});

test("killed, it leaves neither processes nor files", async () => {
  const {child, dir, ended} = program('await Stack.start(); console.log("started"); setInterval(() => {}, 1000);');
  await eventually(() => child.output.includes("started"), "its stack runs", LONG);
  assert.ok(processesWith(dir).length >= 3);
  child.kill("SIGKILL");
  await within(LONG, ended, "it ends");
  await eventually(() => processesWith(dir).length === 0, "its processes are gone", LONG);
  await eventually(() => !existsSync(dir) || readdirSync(dir).length === 0, "its files are gone", LONG);
});

test("ended by TERM, the same", async () => {
  const {child, dir, ended} = program('await Stack.start(); console.log("started"); setInterval(() => {}, 1000);');
  await eventually(() => child.output.includes("started"), "its stack runs", LONG);
  child.kill("SIGTERM");
  await within(LONG, ended, "it ends");
  await eventually(() => processesWith(dir).length === 0, "its processes are gone", LONG);
  await eventually(() => readdirSync(dir).length === 0, "its files are gone", LONG);
});
