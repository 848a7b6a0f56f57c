// SPDX-License-Identifier: BSD-2-Clause
// Thinking by setting: each model is told in its own form, viewers see the thoughts, and what the vendor wants
// back returns to it, whatever the models' vendors refuse (tests/doubles/strict-*.mjs).
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {BUILD, scratch, Stack, TOP, uuid} from "./harness.mjs";

const clock = (n, extra) => ({name: "get_current_time", args: "{}", id: `toolu_${n}`, ...extra});
const thought = (thinking, signature = uuid()) => ({thinking, signature});

async function run(settings, use, more = {}) {
  const stack = await Stack.start({chain: Object.keys(settings)[0].split(".")[0], settings: {"model.retries": 0, ...settings}, ...more});
  try {
    await use(stack, (steps, session_id = uuid()) => {
      const name = uuid();
      stack.double.scripts.set(name, steps.map(blocks => ({kind: "blocks", blocks})));
      const stream = stack.chatStream(`x [[script=${name}]]`, {session_id});
      return stream.all().then(() => stream);
    });
    if (!stack.double.mayBreak) assert.deepEqual(stack.double.refused.map(e => e.refused), []);
  } finally {
    await stack.stop();
  }
}
const asked = stack => stack.double.requests.map(r => r.body);

describe("Anthropic", () => {
  test("adaptive thinking: told by its effort, shown, kept, and returned with its calls", async () => {
    await run({"anthropic.thinking": "high", "model.temperature": "0.3"}, async (stack, talk) => {
      const session_id = uuid();
      const stream = await talk([[thought("One.", "S1"), clock(1), thought("Two.", "S2"), clock(2)], [thought("Three.", "S3"), clock(3)]], session_id);
      const bodies = asked(stack);
      for (const body of bodies) {
        assert.deepEqual(body.thinking, {type: "adaptive", display: "summarized"});
        assert.deepEqual(body.output_config, {effort: "high"});
        assert.equal(body.temperature, undefined);
        assert.ok(body.max_tokens > 16384, "room for thoughts beside the answer");
      }
      assert.deepEqual(bodies[1].messages[1].content.map(b => b.signature ?? b.id), ["S1", "toolu_1", "S2", "toolu_2"]);
      assert.equal(bodies[2].messages[3].content[0].signature, "S3");
      const said = stream.events.filter(e => e.data.type === "REASONING_MESSAGE_CONTENT").map(e => e.data.delta).join("|");
      assert.equal(said, "One.|Two.|Three.");
      assert.equal(stream.types().filter(t => t === "REASONING_END").length, 3);
      assert.equal(stream.types().filter(t => t === "REASONING_ENCRYPTED_VALUE").length, 3);
      const kept = (await stack.get(`/sessions/${session_id}/messages`)).json.messages.filter(m => m.role === "reasoning");
      assert.deepEqual(kept.map(m => m.content), ["One.", "Two.", "Three."]);
    });
  });

  test("thoughts whose text is not told return with their signature", async () => {
    await run({"anthropic.model": "claude-opus-5-5"}, async (stack, talk) => {
      await talk([[thought("", "S1"), clock(1)], [thought("", "S2"), clock(2)]]);
      const last = asked(stack).at(-1);
      assert.equal(last.thinking, undefined, "nobody set anything");
      assert.deepEqual(last.messages.filter(m => m.role === "assistant").map(m => m.content[0]), [{type: "thinking", thinking: "", signature: "S1"}, {type: "thinking", thinking: "", signature: "S2"}]);
    });
  });

  test("a budget stays below the output, and thoughts come between calls", async () => {
    await run({"anthropic.model": "claude-sonnet-4-5", "anthropic.thinking": "4000"}, async (stack, talk) => {
      await talk([[thought("One."), clock(1)], [thought("Two."), clock(2)]]);
      for (const {body, headers} of stack.double.requests) {
        assert.deepEqual(body.thinking, {type: "enabled", budget_tokens: 4000});
        assert.equal(body.max_tokens, 6048);
        assert.equal(headers["anthropic-beta"], "interleaved-thinking-2025-05-14");
      }
    });
  });

  test("a step that began without a thought goes on without thinking, the next turn thinks again", async () => {
    await run({"anthropic.model": "claude-sonnet-4-5", "anthropic.thinking": "low"}, async (stack, talk) => {
      const session_id = uuid();
      await talk([[clock(1)], [clock(2)]], session_id);
      assert.deepEqual(asked(stack).map(b => b.thinking?.type), ["enabled", undefined, undefined]);
      await stack.chat("y [[text say=Well.]]", {session_id});
      assert.equal(asked(stack).at(-1).thinking.type, "enabled");
    });
  });

  test("a turn that found tools: thoughts from before them stay away, later ones return", async () => {
    await run({"anthropic.thinking": "medium"}, async (stack, talk) => {
      await talk([[thought("Which?", "S1"), {name: "find_tools", args: "{\"query\":\"tyre pressure\"}", id: "toolu_1"}], [thought("Then.", "S2"), clock(2)]]);
      const [first, second, third] = asked(stack);
      assert.ok(second.tools.length > first.tools.length, "tools were found");
      assert.deepEqual(second.messages[1].content.map(b => b.type), ["tool_use"]);
      assert.deepEqual(third.messages.filter(m => m.role === "assistant").map(m => m.content[0].signature), [undefined, "S2"]);
    });
  });

  test("what it thought before the user approved a call stays away, and the turn goes on", async () => {
    await run({"anthropic.thinking": "medium"}, async (stack, talk) => {
      const session_id = uuid();
      const made = await stack.post("/tools/create_calendar_event", {title: "Dentist", start_date: "2031-05-20T15:00:00"});
      const args = JSON.stringify({event_id: made.json.event.id});
      const stream = await talk([[thought("May I?", "S1"), {name: "delete_calendar_event", args, id: "toolu_1"}], [thought("Then.", "S2"), clock(2)]], session_id);
      const [question] = stream.last.data.outcome.interrupts;
      const viewer = stack.sse(`/sessions/${session_id}/events`);
      await stack.post(`/approvals/${question.id}`, {approved: true});
      await viewer.until(e => e.data.type === "RUN_FINISHED" && e.data.outcome?.type !== "interrupt");
      viewer.drop();
      const said = asked(stack).map(b => b.messages.filter(m => m.role === "assistant").map(m => m.content[0].signature));
      assert.deepEqual(said, [[], [undefined], [undefined, "S2"]]);
    });
  });

  for (const [model, thinking] of [["claude-sonnet-5-5", {type: "between_tools"}], ["claude-haiku-5-5", {type: "disabled"}], ["claude-opus-4-8", undefined],
    ["claude-opus-5-5", {type: "adaptive", display: "summarized"}], ["claude-haiku-4-5-20251001", undefined]]) {
    test(`off, of ${model}`, async () => {
      await run({"anthropic.model": model, "anthropic.thinking": "off"}, async (stack, talk) => {
        await talk([[clock(1)]]);
        assert.deepEqual(asked(stack)[0].thinking, thinking);
      });
    });
  }

  test("a model that is not the one of its name gets the other form, and later at once", async () => {
    await run({"anthropic.model": "claude-opus-4-1", "anthropic.thinking": "medium"}, async (stack, talk) => {
      stack.double.refuse = (api, body) => body.thinking?.type === "enabled" ? [400, "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."] : undefined;
      stack.double.strict = false;
      stack.double.mayBreak = true;
      await talk([[clock(1)]]);
      await talk([[clock(2)]]);
      assert.deepEqual(asked(stack).map(b => b.thinking?.type), ["enabled", "adaptive", "adaptive", "adaptive", "adaptive"]);
    });
  });

  test("a server that knows nothing of thinking is asked without it, which is logged once, with the setting", async () => {
    await run({"anthropic.model": "other", "anthropic.thinking": "high"}, async (stack, talk) => {
      stack.double.refuse = (api, body) => body.thinking || body.output_config ? [400, "thinking: Extra inputs are not permitted"] : undefined;
      stack.double.mayBreak = true;
      await talk([[clock(1)]]);
      await talk([[clock(2)]]);
      assert.deepEqual(asked(stack).map(b => Boolean(b.thinking)), [true, false, false, false, false]);
      assert.equal(stack.log().match(/refused thinking .*anthropic\.thinking or openai\.thinking = auto/g).length, 1);
    });
  });
});

describe("Chat Completions", () => {
  for (const [model, thinking, effort] of [["gpt-6-sol", "auto", "none"], ["gpt-6-sol", "high", "none"], ["gpt-5.4", "auto", undefined], ["gpt-5.4", "low", "none"],
    ["gpt-5-mini", "low", "low"], ["gpt-5.1", "xhigh", "high"], ["o4-mini", "auto", undefined], ["gpt-4.1", "auto", undefined]]) {
    test(`${model}, thinking ${thinking}`, async () => {
      await run({"openai.model": model, "openai.thinking": thinking}, async (stack, talk) => {
        await talk([[clock(1)]]);
        assert.deepEqual(asked(stack).map(b => b.reasoning_effort), [effort, effort]);
        assert.ok(asked(stack)[1].tools.length > 5);
      });
    });
  }

  test("a model that takes tools beside no effort at all: it answers without them, and the log says what to set", async () => {
    await run({"openai.model": "gpt-6.2-sol"}, async (stack, talk) => {
      stack.double.mayBreak = true; // a gateway might have taken it
      const reply = await stack.chat("x [[text say=Well.]]");
      assert.equal(reply.json.response, "Well.", reply.text);
      const tries = asked(stack);
      assert.equal(tries.at(-1).tools, undefined);
      await stack.chat("y [[text say=Well.]]");
      assert.equal(asked(stack).length, tries.length + 1, "it is known now");
      assert.match(stack.log(), /responses in model\.chain/);
    });
  });

  test("a name that no table knows, of a model that wants no effort beside tools", async () => {
    await run({"openai.model": "prod"}, async (stack, talk) => {
      stack.double.refuse = (api, body) => body.tools && body.reasoning_effort !== "none"
        ? [400, {error: {message: "Function tools with reasoning_effort are not supported for gpt-5.6-sol in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.", type: "invalid_request_error", param: "reasoning_effort", code: null}}]
        : undefined;
      stack.double.strict = false;
      stack.double.mayBreak = true;
      await talk([[clock(1)]]);
      assert.deepEqual(asked(stack).map(b => b.reasoning_effort), [undefined, "none", "none"]);
      assert.ok(asked(stack).every(b => b.tools.length > 5));
    });
  });

  test("OpenRouter's details and the thoughts of vLLM, Ollama and Groq return as they were", async () => {
    await run({"openai.model": "some/model"}, async (stack, talk) => {
      const details = [{type: "reasoning.text", text: "Hm.", signature: "S1", format: "anthropic-claude-v1", index: 0}, {type: "reasoning.encrypted", data: "D", index: 1}];
      const shown = await talk([[{details}, clock(1)], [{thinking: "So.", field: "reasoning"}, clock(2)]]);
      const said = asked(stack)[2].messages.filter(m => m.tool_calls);
      assert.deepEqual(said[0].reasoning_details, details);
      assert.equal(said[1].reasoning, "So.");
      assert.equal(said[0].reasoning ?? said[0].reasoning_content ?? said[1].reasoning_content, undefined);
      assert.equal(shown.events.filter(e => e.data.type === "REASONING_MESSAGE_CONTENT").map(e => e.data.delta).join("|"), "Hm.|So.");
    });
  });
});

describe("any model", () => {
  let stack;
  before(async () => { stack = await Stack.start({chain: "openai", settings: {"model.retries": 0, "openai.model": "mine", "model.summary": "off", "openai.context_tokens": 20000, "openai.output_tokens": 700}}); });
  after(() => stack.stop());

  test("gets no more than its window and its output, which settings name", async () => {
    const session_id = uuid();
    for (let i = 0; i < 20; i++) await stack.chat(`${i} ${"many words ".repeat(300)} [[text words=2]]`, {session_id});
    assert.equal(asked(stack).at(-1).max_tokens, 700);
    const sizes = stack.double.requests.map(r => Buffer.byteLength(JSON.stringify(r.body.messages)));
    assert.ok(Math.max(...sizes) < 60000, `${Math.max(...sizes)} bytes`);
    assert.match(stack.double.requests.at(-1).raw, /earlier messages of this conversation were left out to save room/);
  });

  test("a setting that says nothing is refused, with its name", async () => {
    for (const [name, value] of [["anthropic.thinking", "hard"], ["openai.thinking", "100"], ["openai.thinking_form", "x"], ["openai.images", "maybe"], ["openai.context_tokens", "999"], ["anthropic.documents", ""]]) {
      await assert.rejects(Stack.start({double: false, settings: {[name]: value}}), new RegExp(name.replace(".", "\\.")));
    }
  });
});

test("each set of lines in docs/models.md is valid as it stands, for all of the eleven", () => {
  const dir = scratch("tp-models-");
  const blocks = readFileSync(join(TOP, "docs/models.md"), "utf8").split("\n\n").filter(b => /^    \S+ = /.test(b));
  assert.equal(blocks.length, 11);
  try {
    for (const block of blocks) {
      const lines = block.split("\n").map(l => l.trim());
      assert.equal(lines.length, 3, block);
      const settings = [`run_dir = ${dir}`, "development = on", "listen_hint = 127.0.0.1:8080", "model.chain = openai", ...lines]
        .map(l => l.replace(/(_file = ).*/, `$1${join(dir, "key")}`));
      writeFileSync(join(dir, "key"), "k\n", {mode: 0o600});
      writeFileSync(join(dir, "conf"), `${settings.join("\n")}\n`);
      assert.match(execFileSync(join(BUILD, "turnpiked"), ["--check", "--config", join(dir, "conf")], {encoding: "utf8", timeout: 20000}), /valid/, block);
    }
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
});
