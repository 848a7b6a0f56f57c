// SPDX-License-Identifier: BSD-2-Clause
// Forty conversations of several turns, as a traveller reads them, through nginx: without a model in four languages, and with
// a scripted one. The files in transcripts/ are what was said, answered and kept; `TRANSCRIPTS=write` writes the answers anew.
//   # title      locale: de-DE      currency: EUR
//   > the user's words        < the answer, line by line        ! yes, no: the answer to an approval
//   * tool NAME ARGS + NAME ARGS, * text WORDS: one answer of the scripted model to the message that follows
//   = family N: so many records are kept in the end
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {readdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {Stack, TOP, uuid} from "./harness.mjs";

const FOLDER = join(TOP, "tests/e2e/transcripts"), WRITE = process.env.TRANSCRIPTS === "write";
const DAY = 86400000, ZONES = {en: "Australia/Sydney", de: "Europe/Berlin", es: "Europe/Madrid", fr: "Europe/Paris"};
const SIGNATURE = /\n\n\((?:Offline mode|Offline-Modus|Modo offline|Mode offline)[^)]*\)$/;

/** Days and times of the run become words, as they differ tomorrow. */
function plain(text, zone) {
  const day = n => new Intl.DateTimeFormat("en-CA", {timeZone: zone}).format(Date.now() + n * DAY);
  let out = text.replace(SIGNATURE, " ~").replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b/g, "{id}").replace(/tool_[A-Za-z0-9_-]+/g, "{id}");
  for (const [n, name] of [[0, "today"], [1, "tomorrow"], [2, "in 2 days"], [-1, "yesterday"]]) out = out.replaceAll(day(n), `{${name}}`);
  return out.replace(/\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? (the )?\d{1,2}(st|nd|rd|th)? [A-Z][a-z]+( \d{4})?/g, "{day}")
    .replace(/(rings at|klingelt um|suena a las|sonne à|Zeit|hora|heure): \S+( days\})? \d\d:\d\d/g, "$1: {time}")
    .replace(/\b20\d\d-\d\d-\d\d\b(?= \d)/g, "{date}")
    .replace(/\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)( \d{4})?(?! expire)/g, (all, _m, year) => Number(year) > 2028 ? all : "{date}")
    .replace(/\b([01]?\d|2[0-3]):[0-5]\d( ?[ap]m)?(?=[^"]*\((?:Asia|Australia|Europe))/g, "{time}").replace(/\b\d+ days? (left|from now)/g, "{n} days $1");
}

function read(name) {
  const all = [];
  for (const line of readFileSync(join(FOLDER, name), "utf8").split("\n")) {
    const last = all.at(-1), turn = last?.turns.at(-1), [mark, rest] = [line[0], line.slice(2)];
    if (mark === "#") all.push({title: rest, head: [], turns: [], kept: [], script: []});
    else if (/^\w+: /.test(line)) last.head.push(line.split(": "));
    else if (mark === "*") last.script.push(rest);
    else if (mark === ">" || mark === "!") { last.turns.push({mark, says: rest, script: last.script, answer: []}); last.script = []; }
    else if (mark === "<") turn.answer.push(rest);
    else if (mark === "=") last.kept.push(rest);
  }
  return all;
}

const text = c => [`# ${c.title}`, ...c.head.map(([k, v]) => `${k}: ${v}`),
  ...c.turns.flatMap(t => [...t.script.map(s => `* ${s}`), `${t.mark} ${t.says}`, ...t.answer.map(a => `< ${a}`.trimEnd())]), ...c.kept.map(k => `= ${k}`)].join("\n");

for (const [what, files, double] of [["without a model", readdirSync(FOLDER).filter(f => f.startsWith("offline-")), false], ["with a scripted model", ["model.txt"], true]]) {
  describe(`transcripts ${what}`, () => {
    let stack;
    before(async () => { stack = await Stack.start({double, settings: {default_currency: "AUD", "offline.word_delay": "0ms"}}); });
    after(() => stack.stop());

    async function turn(c, t, user, session_id, open) {
      const {locale} = Object.fromEntries(c.head), timezone = ZONES[locale.slice(0, 2)], headers = {"X-Dev-User": user};
      if (t.mark === "!") {
        const reader = stack.sse(`/approvals/${open.id}`, {method: "POST", body: {approved: t.says === "yes"}, headers});
        await reader.all();
        return reader;
      }
      let message = t.says;
      if (t.script.length) {
        const name = uuid();
        stack.double.scripts.set(name, t.script.map(s => s.startsWith("tool ")
          ? s.slice(5).split(" + ").map((call, i) => ({id: `toolu_${uuid()}${i}`, name: call.split(" ")[0], args: call.slice(call.indexOf(" ") + 1)}))
          : {kind: "blocks", blocks: [{text: s.slice(5)}]}));
        message += ` [[script=${name}]]`;
      }
      const reader = stack.chatStream(message, {session_id, timezone, locale}, {headers: {Accept: "text/event-stream", ...headers}});
      await reader.all();
      return reader;
    }

    for (const file of files) {
      const conversations = read(file);
      for (const c of conversations) {
        test(c.title, async () => {
          const user = `t-${uuid()}`, session = uuid(), {locale, currency} = Object.fromEntries(c.head), said = [];
          let open;
          if (currency) assert.equal((await stack.post("/tools/update_settings", {currency}, {headers: {"X-Dev-User": user}})).status, 200);
          for (const t of c.turns) {
            const reader = await turn(c, t, user, session, open), {data} = reader.last;
            assert.equal(data.type, "RUN_FINISHED", JSON.stringify(data));
            open = data.outcome?.interrupts?.[0];
            const answer = plain(reader.text().trim(), ZONES[locale.slice(0, 2)]) + (open ? `\n{approve ${open.metadata.tool}?}` : "");
            said.push({...t, answer: answer.split("\n")});
          }
          const {records} = (await stack.get("/export", {headers: {"X-Dev-User": user}})).json;
          const kept = c.kept.map(k => `${k.split(" ")[0]} ${records[k.split(" ")[0]]?.length ?? 0}`);
          const now = {...c, turns: said, kept};
          if (WRITE) Object.assign(c, now);
          else assert.equal(text(now), text(c));
        });
      }
      if (WRITE) after(() => writeFileSync(join(FOLDER, file), `${conversations.map(text).join("\n\n")}\n`));
    }
  });
}
