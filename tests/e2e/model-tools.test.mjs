// SPDX-License-Identifier: BSD-2-Clause
// Every tool called by a scripted model, through nginx, driven by what GET /tools says: as its examples are, with an argument
// of a wrong type, without one that it needs, with one that is too large, with an id that is not the user's, and twice by one id.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Stack, uuid} from "./harness.mjs";

const typesOf = schema => [schema?.type ?? (schema?.enum && typeof schema.enum[0])].flat();
const isId = name => /^(event|timer|vehicle|entry|record|recipe|item|trip|task)_id$/.test(name);
const lookUp = {set_timer_or_alarm: {action: "cancel"}, manage_pantry: {action: "remove"}};
const TOGETHER = 6; // turns at once

function huge(schema) {
  const types = typesOf(schema);
  if (types.includes("integer")) return 9007199254740993;
  if (types.includes("number")) return 1e300;
  if (types.includes("array")) return Array.from({length: 2000}, () => "x");
  return types.includes("string") ? "x".repeat(20000) : undefined;
}

/** The calls of one tool: [what, arguments]. The first one is as it should be. */
function callsOf(tool) {
  const good = {...tool.example_arguments[0], ..."url" in tool.example_arguments[0] && {url: "http://127.0.0.1:1/"}};
  const properties = Object.entries(tool.arguments_schema.properties ?? {}), calls = [["good", good]];
  if (properties.length) {
    const [name, schema] = properties[0];
    calls.push(["wrong", {...good, [name]: typesOf(schema).includes("object") ? ["neither"] : {neither: 1}}, name]);
  }
  for (const name of (tool.arguments_schema.required ?? []).slice(0, 1)) {
    const {[name]: _, ...rest} = good;
    calls.push(["missing", rest, name]);
  }
  const large = properties.find(([, schema]) => huge(schema) !== undefined);
  if (large) calls.push(["huge", {...good, [large[0]]: huge(large[1])}]);
  calls.push(["unknown", {...good, no_such_argument: 1}]);
  const id = properties.find(([name]) => isId(name));
  if (id) {
    const value = typesOf(id[1]).includes("integer") ? 1790000000000001 : uuid();
    calls.push(["foreign", {...tool.example_arguments.find(a => id[0] in a) ?? good, ...lookUp[tool.name], [id[0]]: value}]);
  }
  return calls;
}

describe("tools called by a model", () => {
  let stack, tools;
  before(async () => {
    stack = await Stack.start();
    tools = (await stack.get("/tools")).json.tools;
  });
  after(() => stack.stop());

  /** One turn that makes these calls in one answer; {id: [result, ...]}. */
  async function turn(name, session_id, calls) {
    stack.double.scripts.set(name, [calls]);
    const stream = stack.chatStream(`Please. [[script=${name}]]`, {session_id, timezone: "Australia/Sydney", locale: "en-AU"},
      {headers: {Accept: "text/event-stream", "X-Dev-User": `model-${name}`}});
    await stream.all();
    const results = {};
    for (const e of stream.events.filter(e => e.data.type === "TOOL_CALL_RESULT")) {
      (results[e.data.toolCallId] ??= []).push(JSON.parse(e.data.content));
    }
    return {results, last: stream.last?.data};
  }

  test("each answers what is asked for, and tells the model what is wrong", async t => {
    const left = [...tools];
    let good = 0, refused = 0;
    await Promise.all(Array.from({length: TOGETHER}, async () => {
      for (let tool; (tool = left.shift());) {
        // Whether approval is asked for is another test's; here, that nothing is done without.
        const asks = tool.approval === "always" && !tool.approval_when;
        const askedFor = Object.entries(tool.approval_when ?? {});
        const calls = callsOf(tool).filter(([, args]) => !askedFor.some(([name, value]) => args[name] === value))
          .map(([what, args, field]) => ({what, field, id: `${tool.name}-${what}`, name: tool.name, args: JSON.stringify(args)}));
        const session = uuid(), {results, last} = await turn(tool.name, session, calls);
        const again = asks ? {} : (await turn(tool.name, session, [calls[0]])).results; // the first one, its id too
        assert.equal(last?.type, "RUN_FINISHED", `${tool.name}: ${JSON.stringify(last)}`);
        for (const {what, field, id, args} of calls) {
          const where = `${tool.name} ${what} ${args.slice(0, 300)}: ${JSON.stringify(results[id])?.slice(0, 600)}`;
          if (asks) {
            assert.ok(!results[id]?.some(r => r.success), where);
            continue;
          }
          assert.equal(results[id]?.length, 1, where);
          const [result] = results[id];
          assert.equal(typeof result.message, "string", where);
          if (!result.success) assert.match(result.error.code, /^[a-z_]+$/, where);
          assert.notEqual(result.error?.code, "internal_error", where);
          if (["wrong", "missing", "unknown"].includes(what)) {
            assert.equal(result.error?.code, "invalid_argument", where);
            if (field) assert.match(`${result.error.path} ${result.error.expected} ${result.message}`, new RegExp(field), where);
          }
          if (what === "huge") assert.equal(result.success, false, where);
          if (what === "foreign" && tool.effect !== "read") assert.equal(result.success, false, where);
          if (what === "good") {
            // An id that was there before is another call: it gets an id and a result of its own.
            const [[other, list], ...rest] = Object.entries(again);
            assert.equal(rest.length, 0, where);
            assert.notEqual(other, id, where);
            assert.equal(list.length, 1, where);
            assert.equal(typeof list[0].message, "string", where);
            assert.notEqual(list[0].error?.code, "internal_error", where);
            if (tool.provider) assert.equal(result.error?.code, "provider_not_configured", where);
            good += result.success;
          }
          refused += !result.success;
        }
      }
    }));
    t.diagnostic(`${tools.length} tools, ${good} did what they were asked for, ${refused} calls were refused`);
    assert.ok(good >= 50, `${good}`);
  });

  test("nothing failed inside", () => assert.doesNotMatch(stack.log(), /breaks its schema|internal_error/));
});
