// SPDX-License-Identifier: BSD-2-Clause
// The user of Redis that docs/operate.md tells an operator to make: exactly those keys, channels and commands.
import {readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

const GUIDE = join(dirname(fileURLToPath(import.meta.url)), "../../docs/operate.md");
const HEADING = "### A user of its own in Redis";
const PASSWORD = "of-this-test";

/** Words of a line of shell, without their quotes. */
const words = text => [...text.matchAll(/'([^']*)'|([^\s']+)/g)].map(([, quoted, bare]) => quoted ?? bare);

/** {rules, more}: of the command, and what a cluster needs besides. */
export function readGuide() {
  const guide = readFileSync(GUIDE, "utf8"), at = guide.indexOf(`\n${HEADING}\n`);
  if (at < 0) throw new Error(`${GUIDE} has no "${HEADING}"`);
  const section = guide.slice(at, guide.indexOf("\n### ", at + HEADING.length));
  const [command, more] = section.match(/(?:\n {4}.*)+/g).map(block => words(block.replaceAll("\\\n", " ")));
  const user = command.indexOf("SETUSER");
  return {rules: command.slice(user + 2).map(rule => rule === ">PASSWORD" ? `>${PASSWORD}` : rule), more};
}

/** The commands that the guide names for `turnpike failover`. */
function readFailover() {
  const line = readFileSync(GUIDE, "utf8").split("\n").find(l => l.startsWith("`redis.user` needs the commands "));
  if (!line) throw new Error(`${GUIDE} does not say what turnpike failover needs`);
  return [...line.slice("`redis.user` ".length).matchAll(/`([a-z|]+)`/g)].map(([, command]) => `+${command}`);
}

/** Arguments of redis-server. */
export function aclArguments({cluster = false, failover = false} = {}) {
  const {rules, more} = readGuide();
  return ["--user", "turnpike", ...rules, ...cluster ? more : [], ...failover ? readFailover() : []];
}
export const aclSettings = {"redis.user": "turnpike", "redis.password": PASSWORD};
/** What the server has refused, from the reply to ACL LOG of redis-cli: [] = nothing. */
export function denials(log) {
  const lines = log.split("\n"), field = (name, from) => lines[lines.indexOf(name, from) + 1];
  return lines.flatMap((line, i) => line === "reason" ? [`${lines[i + 1]} ${field("context", i)} ${field("object", i)}`] : []);
}
