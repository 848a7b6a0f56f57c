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

  test("a large result is whole for the page and short for the model, who reads on by its handle", async () => {
    const user = "model-large", session = uuid(), count = 40;
    for (let i = 0; i < count; i++) {
      const made = await stack.post("/tools/create_calendar_event", {title: `Stop ${i}`, start_date: `2099-03-01T${String(i % 24).padStart(2, "0")}:00:00`,
        description: "d".repeat(600)}, {headers: {"X-Dev-User": user}});
      assert.equal(made.status, 200, made.text);
    }
    const say = async (name, steps) => {
      stack.double.scripts.set(name, steps);
      const stream = stack.chatStream(`Please. [[script=${name}]]`, {session_id: session, timezone: "UTC", locale: "en-AU"},
        {headers: {Accept: "text/event-stream", "X-Dev-User": user}});
      await stream.all();
      return stream.events.filter(e => e.data.type === "TOOL_CALL_RESULT").map(e => JSON.parse(e.data.content));
    };
    const seen = () => JSON.stringify(stack.double.requests.at(-1).body.messages);
    const [whole] = await say("large-list", [[{id: "large-1", name: "get_calendar_events", args: "{}"}], "There they are."]);
    assert.equal(whole.events.length, count);
    assert.equal(whole.shortened, undefined);
    assert.ok(JSON.stringify(whole).length > 25000);
    const told = seen();
    assert.ok(told.length < 16000, `${told.length} bytes`);
    assert.match(told, /shortened/);
    assert.match(told, /large-1/);
    // A later turn, perhaps of another worker: nothing but the conversation says what the handle is.
    const [part] = await say("large-more", [[{id: "large-2", name: "read_result", args: JSON.stringify({handle: "large-1", list: "events", where: "Stop 39"})}], "Done."]);
    assert.equal(part.success, true, JSON.stringify(part));
    assert.deepEqual(part.items.map(e => e.title), ["Stop 39"]);
    assert.equal(part.of, count);
    const [gone] = await say("large-gone", [[{id: "large-3", name: "read_result", args: JSON.stringify({handle: "large-9"})}], "Done."]);
    assert.equal(gone.error.code, "not_found");
    assert.equal(gone.error.message, undefined);
  });

  test("an unknown tool names those like it, and what lacks its provider is not offered", async () => {
    const {results: {"no-1": [none]}} = await turn("unknown", uuid(), [{id: "no-1", name: "list_fuel_fillups", args: "{}"}]);
    assert.equal(none.error.code, "unknown_tool");
    assert.match(none.message, /get_fuel_log/);
    assert.ok(JSON.stringify(none).length < 400, JSON.stringify(none));
    const offered = stack.double.requests.at(-1).body.tools.map(tool => tool.name ?? tool.function?.name);
    assert.ok(offered.includes("find_tools") && offered.includes("read_result"), `${offered}`);
    for (const tool of tools) if (tool.provider) assert.ok(!offered.includes(tool.name), tool.name);
    const {results: {"no-2": [found]}} = await turn("missing", uuid(), [{id: "no-2", name: "find_tools", args: '{"query":"wo ist Diesel am billigsten"}'}]);
    assert.equal(found.not_available[0].name, "find_cheap_gas");
    assert.match(found.not_available[0].reason, /fuel prices/);
    assert.ok(!JSON.stringify(found).includes("fuel.url"));
  });

  test("nothing failed inside", () => assert.doesNotMatch(stack.log(), /breaks its schema|internal_error/));
});
