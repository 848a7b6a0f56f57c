// SPDX-License-Identifier: BSD-2-Clause
// Much data of one user, written into Redis as the service would have written it, but without asking it a million times.
import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";

/** What all keys of a user begin with. */
export const prefix = user => `tp:{${user}}:`;
const SHARED = "tp:{community}:", DAY = 86400000;

/** Commands by redis-cli --pipe, as many as a generator gives. */
export async function pipe(stack, commands) {
  const child = spawn("redis-cli", ["-s", join(stack.run, "redis.sock"), "--pipe"], {stdio: ["pipe", "pipe", "inherit"]});
  let out = "", batch = "";
  child.stdout.on("data", d => { out += d; });
  const closed = once(child, "close");
  for (const words of commands) {
    batch += `*${words.length}\r\n` + words.map(w => `$${Buffer.byteLength(String(w))}\r\n${w}\r\n`).join("");
    if (batch.length > 1 << 20) {
      if (!child.stdin.write(batch)) await once(child.stdin, "drain");
      batch = "";
    }
  }
  child.stdin.end(batch);
  const [code] = await closed;
  if (code !== 0 || !/errors: 0/.test(out)) throw new Error(`redis-cli --pipe: ${out}`);
}

const message = (id, role, content) => JSON.stringify({id, role, content});
const WORDS = ["river", "camp", "tyre", "ferry", "market", "solar", "bridge", "fuel", "recipe", "museum"];
const words = (i, n) => Array.from({length: n}, (_, k) => WORDS[(i * 7 + k * 3) % WORDS.length]).join(" ");

export function* sessions(P, count, now) {
  for (let i = 0; i < count; i++) {
    const sid = `s${i}`, at = now - i * 1000;
    yield ["HSET", `${P}s:${sid}`, "title", `Chat ${i} ${words(i, 3)}`, "created", at, "updated", at, "epoch", at, "count", 2];
    yield ["RPUSH", `${P}s:${sid}:msgs`, message(`m${i}a`, "user", words(i, 12)), message(`m${i}b`, "assistant", words(i + 1, 30))];
    yield ["ZADD", `${P}sessions`, at, sid];
  }
}

/** One session of `count` messages of 4,000 characters. */
export function* long(P, sid, count, now) {
  yield ["HSET", `${P}s:${sid}`, "title", "Long", "created", now, "updated", now, "epoch", now, "count", count];
  for (let i = 0; i < count; i++) {
    yield ["RPUSH", `${P}s:${sid}:msgs`, message(`${sid}-${i}`, i % 2 ? "assistant" : "user", words(i, 600).slice(0, 4000))];
  }
  yield ["ZADD", `${P}sessions`, now, sid];
}

/** Copies of one record that a tool has made, each at a time of its own. */
export function* copies(P, family, json, key, count, from, step, change) {
  for (let i = 0; i < count; i++) {
    const record = {...JSON.parse(json), ...change(i, from + i * step)}, id = typeof record.id === "number" ? 1000 + i : `${key}${i}`;
    yield ["HSET", `${P}r:${family}`, id, JSON.stringify({...record, id})];
    yield ["ZADD", `${P}r:${family}:by-time`, from + i * step, id];
  }
}

export function* inbox(P, count) {
  for (let i = 0; i < count; i++) {
    yield ["XADD", `${P}inbox`, "*", "e", JSON.stringify({type: "reminder", event_id: `e${i}`, title: words(i, 3), message: words(i, 8)}), "x", '"fired_at":"2026-01-01T00:00:00.000Z",'];
  }
}

/** Names in the list of sessions whose sessions have ended by themselves: as `at` says, a millisecond apart. */
export function* ghosts(P, count, at) {
  for (let i = 0; i < count; i++) yield ["ZADD", `${P}sessions`, at - i, `ghost${i}`];
}

/** `about`: the line of a file that there is. */
export function* files(P, about, count) {
  for (let i = 0; i < count; i++) {
    const id = `att-${String(i).padStart(32, "0")}`;
    yield ["HSET", `${P}attachments`, id, about];
    yield ["SET", `${P}attachment:${id}`, "x".repeat(200), "EX", 86400];
  }
}

/** `fields`: of an open approval that there is, as HGETALL has them. */
export function* approvals(P, fields, count, until) {
  for (let i = 0; i < count; i++) {
    const id = `00000000-0000-7000-8000-${String(i).padStart(12, "0")}`;
    yield ["HSET", `${P}approval:${id}`, ...fields];
    yield ["ZADD", `${P}approvals`, until + i, id];
  }
}

/** What the user said of so many answers, a long sentence each. */
export function* said(P, count, now) {
  for (let i = 0; i < count; i++) {
    yield ["ZADD", `${P}messages`, now - i, `said${i}`];
    yield ["HSET", `${P}feedback`, `said${i}`, JSON.stringify({rating: 1, text: words(i, 160), at: "2026-11-01T00:00:00.000Z"})];
  }
}

/** Copies of a post that there is, with comments of everybody, some of them `user`'s. */
export function* posts(user, json, count, comments, now) {
  const record = (id, author, more) => JSON.stringify({...JSON.parse(json), id, author, ...more});
  for (let i = 0; i < count; i++) {
    yield ["HSET", `${SHARED}r:post`, `post${i}`, record(`post${i}`, i % 3 ? "somebody" : user, {title: `Post ${i}`})];
    yield ["ZADD", `${SHARED}r:post:by-time`, now - i, `post${i}`];
    for (let k = 0; k < comments; k++) {
      yield ["HSET", `${SHARED}r:comment:post${i}`, `c${k}`, record(`c${k}`, k % 7 ? "somebody" : user, {post_id: `post${i}`, content: words(k, 60)})];
      yield ["ZADD", `${SHARED}r:comment:post${i}:by-time`, now - k, `c${k}`];
    }
  }
}

/** `count` users follow this one, who follows as many as one may. */
export function* followers(user, count) {
  for (let i = 0; i < count; i++) {
    yield ["SADD", `${SHARED}followers:${user}`, `fan${i}`];
    yield ["SADD", `${SHARED}follows:fan${i}`, user];
    if (i < 5000) yield ["SADD", `${SHARED}follows:${user}`, `fan${i}`];
  }
}

const NAMES = ["title", "name", "ingredient_name", "task", "label", "description"];
/** A record of any family as copy number i: its name gets a word of its own, of 50,000. */
export const renamed = json => {
  const record = JSON.parse(json), name = NAMES.find(n => typeof record[n] === "string");
  return i => name ? {[name]: `${record[name]} word${i % 50000}`} : {};
};

/** Every family in which the user has a record, filled up with copies of the first one. An example may have deleted a family's last. */
export async function fill(stack, P, families, count, now, pipeline = pipe) {
  for (const family of families) {
    const json = (await stack.redis("HVALS", `${P}r:${family}`)).split("\n")[0];
    if (!json) continue;
    const name = renamed(json);
    await pipeline(stack, copies(P, family, json, "f", count, now - 2 * 365 * DAY, Math.floor(2 * 365 * DAY / count), name));
  }
}
