// SPDX-License-Identifier: BSD-2-Clause
// What a token costs the stream worker: for a viewer with the AI SDK's dialect, and for one with AG-UI's events.
// TURNPIKE_BUILD=... node tests/bench/dialects.mjs [ROUNDS]. Both in turn in one stack; CPU time of the one stream worker by
// /proc/PID/schedstat. Prints the figures and the ratio of the medians.
import {readFileSync} from "node:fs";
import {Stack, uuid} from "../e2e/harness.mjs";

const ROUNDS = Number(process.argv[2] ?? 5), VIEWERS = 30, WORDS = 300;
const stack = await Stack.start({settings: {"stream.workers": 1, "turn.seats": VIEWERS, "turn.user": 0}});
const text = `[[text words=${WORDS} delay=2]]`;
const FORMS = {
  agui: () => ["/agui", {threadId: uuid(), runId: uuid(), messages: [{id: uuid(), role: "user", content: text}], state: {}, tools: [], context: [], forwardedProps: {}}],
  aisdk: () => ["/ai/chat", {id: uuid(), trigger: "submit-message", messages: [{id: uuid(), role: "user", parts: [{type: "text", text}]}]}],
};
const cpu = pid => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]);
const median = list => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

/** Nanoseconds for each delta that a viewer gets. crowd: all see one turn, which Redis tells the worker once. */
async function measure(form, crowd) {
  const [{pid}] = await stack.workers("stream");
  const began = cpu(pid), one = FORMS[form](), user = uuid();
  const replies = await Promise.all(Array.from({length: VIEWERS}, async () => {
    const [path, body] = crowd ? one : FORMS[form]();
    return stack.post(path, body, {headers: {Accept: "text/event-stream", "X-Dev-User": crowd ? user : uuid()}, timeout: 120000});
  }));
  const deltas = replies.reduce((n, r) => n + r.text.split("\"delta\":").length - 1, 0);
  return (cpu(pid) - began) / deltas;
}

for (const crowd of [false, true]) {
  const found = {agui: [], aisdk: []};
  for (const form of Object.keys(FORMS)) await measure(form, crowd); // warm
  for (let i = 0; i < ROUNDS; i++) for (const form of Object.keys(FORMS)) found[form].push(await measure(form, crowd));
  console.log(crowd ? `${VIEWERS} viewers of one turn` : `${VIEWERS} turns with a viewer each`);
  for (const [form, list] of Object.entries(found)) console.log(`  ${form}: ${list.map(n => (n / 1000).toFixed(2)).join(" ")} us a token, median ${(median(list) / 1000).toFixed(2)}`);
  console.log(`  ratio aisdk / agui: ${(median(found.aisdk) / median(found.agui)).toFixed(3)}`);
}
await stack.stop();
process.exit(0);
