// SPDX-License-Identifier: BSD-2-Clause
// Each argument of each tool, as GET /tools says it is: by a direct call and by a scripted model's, through nginx. Both ways do the
// same. An argument that no value can be made for fails here, so a new one is tried both ways or named.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Stack, uuid} from "./harness.mjs";

const TOGETHER = 4; // tools at once
const typesOf = schema => [schema?.type ?? (schema?.enum && typeof schema.enum[0])].flat();
/** Pages on the net are not fetched by a test. */
const local = args => Object.fromEntries(Object.entries(args).map(([k, v]) => [k, k === "url" ? "http://127.0.0.1:1/" : v]));

/** A value that the schema takes; undefined: none could be made. */
function valueOf(schema, depth = 0) {
  if (schema.enum) return schema.enum[0];
  if (schema.examples) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  const alternative = schema.anyOf ?? schema.oneOf;
  if (alternative) return valueOf(alternative[0], depth);
  const [type] = typesOf(schema);
  if (type === "boolean") return true;
  if (type === "integer") return Math.max(schema.minimum ?? 1, Math.min(5, schema.maximum ?? 5));
  if (type === "number") return Math.max(schema.minimum ?? schema.exclusiveMinimum ?? 1, Math.min(5.5, schema.maximum ?? 5.5));
  if (type === "string") {
    if (schema.format === "date-time") return "2027-03-05T10:00:00Z";
    if (schema.format === "date") return "2027-03-05";
    if (schema.format === "uri" || schema.format === "url") return "http://127.0.0.1:1/";
    for (const text of ["A text", "a", "2027-03-05", "08:00", "2027-03-05T10:00", "EUR", "en", "de", uuid(), "0123456789abcdef0123456789abcdef", "#336699", "FREQ=DAILY", "monday", "dmy", "https://example.org/a", `att_${uuid()}`, uuid().replaceAll("-", "")]) {
      if ((!schema.pattern || new RegExp(schema.pattern, "u").test(text)) && text.length >= (schema.minLength ?? 0) && text.length <= (schema.maxLength ?? 1e9)) return text;
    }
    return undefined;
  }
  if (type === "array" && depth < 4) {
    const item = valueOf(schema.items ?? {type: "string"}, depth + 1);
    return item === undefined ? undefined : Array.from({length: schema.minItems ?? 1}, () => item);
  }
  if (type === "object" && depth < 4) {
    const out = {}, names = schema.required?.length ? schema.required : Object.keys(schema.properties ?? {}).slice(0, 1);
    for (const name of names) {
      out[name] = valueOf(schema.properties?.[name] ?? {type: "string"}, depth + 1);
      if (out[name] === undefined) return undefined;
    }
    return out;
  }
  return undefined;
}

/** One call for each argument: an example that has it, or the first one with a value made for it. */
function callsOf(tool) {
  return Object.entries(tool.arguments_schema.properties ?? {}).map(([name, schema]) => {
    const own = tool.example_arguments.find(args => name in args);
    return {name, args: local(own ?? {...tool.example_arguments[0], [name]: valueOf(schema)})};
  });
}

describe("each argument of each tool", () => {
  let stack, tools;
  before(async () => {
    stack = await Stack.start({settings: {"api.workers": 4}});
    tools = (await stack.get("/tools")).json.tools;
  });
  after(() => stack.stop());

  const outcome = result => result.success ? "success" : result.error?.code ?? result.code;

  async function direct(tool, args, user) {
    const call = more => stack.post(`/tools/${tool.name}?timezone=Australia/Sydney&locale=en-AU`, args, {headers: {"X-Dev-User": user, ...more}});
    let reply = await call();
    if (reply.json?.code === "approval_required") { // the user agrees here, too
      await stack.post(`/approvals/${reply.json.approval_id}`, {approved: true}, {headers: {"X-Dev-User": user}});
      reply = await call({"Approval-Id": reply.json.approval_id});
    }
    return outcome(reply.json ?? {});
  }

  /** A turn in which the model makes the call; the user agrees where they are asked. */
  async function byModel(tool, args, user) {
    const name = uuid(), session_id = uuid(), headers = {"X-Dev-User": user};
    stack.double.scripts.set(name, [[{id: `toolu_${uuid()}`, name: tool.name, args: JSON.stringify(args)}]]);
    let stream = stack.chatStream(`Please. [[script=${name}]]`, {session_id, timezone: "Australia/Sydney", locale: "en-AU"}, {headers: {Accept: "text/event-stream", ...headers}});
    await stream.all();
    const asked = stream.last.data.outcome?.interrupts?.[0];
    if (asked) {
      stream = stack.sse(`/approvals/${asked.id}`, {method: "POST", body: {approved: true}, headers});
      await stream.all();
    }
    const result = stream.events.find(e => e.data.type === "TOOL_CALL_RESULT");
    assert.ok(result, `${tool.name}: no result`);
    return outcome(JSON.parse(result.data.content));
  }

  test("is taken by a direct call and by a model's, with one outcome", async t => {
    const left = [...tools], tried = {direct: 0, model: 0}, done = {direct: 0, model: 0}, made = [], differ = [];
    let all = 0;
    await Promise.all(Array.from({length: TOGETHER}, async () => {
      for (let tool; (tool = left.shift());) {
        const users = {direct: `direct-${tool.name}`, model: `model-${tool.name}`};
        for (const {name, args} of callsOf(tool)) {
          all++;
          if (args[name] === undefined) { made.push(`${tool.name}.${name}`); continue; }
          const results = {direct: await direct(tool, args, users.direct), model: await byModel(tool, args, users.model)};
          for (const way of ["direct", "model"]) {
            assert.ok(results[way] && results[way] !== "internal_error", `${tool.name} ${JSON.stringify(args)} ${way}: ${results[way]}`);
            tried[way]++;
            done[way] += results[way] === "success";
          }
          if (results.direct !== results.model) differ.push(`${tool.name}.${name}: ${results.direct} and ${results.model}`);
        }
      }
    }));
    t.diagnostic(`${tools.length} tools, ${all} arguments: ${tried.direct} by direct calls (${done.direct} succeeded), ${tried.model} by a model's (${done.model} succeeded)`);
    assert.deepEqual(made, [], "no value can be made for these");
    assert.equal(tried.direct, all);
    assert.equal(tried.model, all);
    assert.ok(done.direct >= 0.45 * all, `${done.direct} of ${all}`); // others need a record that is there
    assert.deepEqual(differ, []);
  });
});
