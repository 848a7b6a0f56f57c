// SPDX-License-Identifier: BSD-2-Clause
// The model APIs: their bytes, their faults, and a third party's server.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import {createRequire} from "node:module";
import {writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import net from "node:net";
import {eventually, launch, Stack, uuid} from "./harness.mjs";

const ANSWER = "The road north follows the coast for most of the day with towns.";
const TIME = "tool name=get_current_time args={\"timezone\":\"Australia/Perth\"}";

for (const provider of ["anthropic", "openai"]) {
  describe(`the model API of ${provider}`, () => {
    let stack;
    before(async () => {
      stack = await Stack.start({chain: provider, settings: {
        "model.first_byte": "2s", "model.idle": "2s", "model.connect": "1s", "breaker.failures": 1000, "model.retries": 2,
      }});
    });
    after(() => stack.stop());
    const ask = (scenario, options) => stack.chat(`${uuid()} [[${scenario}]]`, {}, options);

    test("is asked as its documentation says", async () => {
      await ask(`${TIME} | text words=2`);
      const [first, second] = stack.double.requests.slice(-2);
      const {body, headers, path} = first;
      assert.equal(body.stream, true);
      assert.ok(body.tools.length >= 12);
      if (provider === "anthropic") {
        assert.equal(path, "/v1/messages");
        assert.equal(headers["x-api-key"], "test-key-anthropic");
        assert.equal(headers["anthropic-version"], "2023-06-01");
        assert.match(JSON.stringify([body.system, body.tools]), /"cache_control":\{"type":"ephemeral"/);
        assert.equal(second.body.messages.at(-1).content[0].type, "tool_result");
      } else {
        assert.equal(path, "/v1/chat/completions");
        assert.equal(headers.authorization, "Bearer test-key-openai");
        assert.deepEqual(body.stream_options, {include_usage: true});
        assert.equal(body.tools[0].type, "function");
        assert.equal(second.body.messages.at(-1).role, "tool");
      }
      // A stable beginning is what the vendors' prompt caches need.
      assert.deepEqual(second.body.tools, body.tools);
      assert.deepEqual(second.body.system, body.system);
    });

    for (const way of ["", "ping", "crlf", "split", "comments", "unknown", "joined", "split crlf ping comments", "nodone"]) {
      test(`an answer written ${way || "plainly"} is read`, async () => {
        const reply = await ask(`text words=13 ${way}`);
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.json.response, ANSWER);
      });
      test(`a tool call written ${way || "plainly"} is read`, async () => {
        const reply = await ask(`${TIME} ${way} | text say=Done. ${way}`);
        assert.equal(reply.json.response, "Done.", reply.text);
        assert.match(stack.double.requests.at(-1).raw, /Australia\/Perth/);
      });
    }

    test("UTF-8 split between any two bytes arrives whole", async () => {
      const reply = await ask("text words=32 split");
      assert.match(reply.json.response, /café stops .* whales in winter 🐋 before/);
    });

    test("two tool calls of one step are both answered", async () => {
      const reply = await ask("tool name=get_current_time,get_current_time args={};{\"timezone\":\"Asia/Tokyo\"} | text say=Both.");
      assert.equal(reply.json.response, "Both.");
    });

    test("an unknown tool and bad arguments are told to the model, which goes on", async () => {
      const unknown = await ask("tool name=launch_rocket args={} | text say=No.");
      assert.equal(unknown.json.response, "No.", unknown.text);
      const broken = await ask("tool name=get_current_time args={\"timezone\":\"Mars/Base\"} | text say=Sorry.");
      assert.equal(broken.json.response, "Sorry.", broken.text);
      assert.match(stack.double.requests.at(-1).raw, /success\\*":\s*false/);
      const half = await ask("tool name=get_current_time args={\"timezone\": | text say=Hm.");
      assert.equal(half.json.response, "Hm.", half.text);
    });

    test("thinking before the text does no harm", async () => {
      assert.equal((await ask("think words=13")).json.response, ANSWER);
    });

    for (const status of [529, 500, 429]) {
      test(`status ${status} once is tried again`, async () => {
        const before = stack.double.requests.length;
        const reply = await ask(`http status=${status} retry=0 times=1 | text words=13`);
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.json.response, ANSWER);
        assert.equal(stack.double.requests.length - before, 2);
      });
    }

    test("retry-after is kept to", async () => {
      const began = performance.now();
      const reply = await ask("http status=529 retry=1 times=1 | text words=13");
      assert.equal(reply.status, 200, reply.text);
      assert.ok(performance.now() - began >= 990);
    });

    for (const [name, scenario, tries] of [["status 400", "http status=400", 1], ["status 401", "http status=401", 1], ["status 529 for ever", "http status=529 retry=0", 3],
      ["a page instead of a stream", "html", null], ["a reset connection", "reset", null], ["silence", "silent", null]]) {
      test(`${name} ends the turn with an error that gives nothing away`, async () => {
        const before = stack.double.requests.length;
        const reply = await ask(scenario, {timeout: 40000});
        assert.ok(reply.status >= 500 && reply.status < 600, `${reply.status} ${reply.text}`);
        assert.match(reply.headers["content-type"], /problem\+json/);
        assert.ok(!/test-key|127\.0\.0\.1/.test(reply.text), reply.text);
        if (tries) assert.equal(stack.double.requests.length - before, tries);
        const stream = stack.chatStream(`${uuid()} [[${scenario}]]`);
        await stream.all(40000);
        assert.deepEqual([stream.types()[0], stream.last.data.type], ["RUN_STARTED", "RUN_ERROR"]);
      });
    }

    for (const [name, scenario] of [["an error event after 200", "overloaded after=3"], ["a connection cut in an event", "cut after=3"], ["a stall", "stall after=3"],
      ["an event that is no JSON", "badjson after=3"]]) {
      test(`${name} in the middle of the text ends the run with one final event`, async () => {
        const stream = stack.chatStream(`${uuid()} [[${scenario}]]`);
        await stream.all(30000);
        const finals = stream.types().filter(t => t === "RUN_ERROR" || t === "RUN_FINISHED");
        assert.equal(finals.length, 1);
        assert.equal(stream.last.data.type, finals[0]);
        // What had been said is not taken back and not said twice.
        assert.equal(stream.text().indexOf("The road north"), stream.text().lastIndexOf("The road north"));
      });
    }

    test("an answer that the token limit cuts, an empty one and a refusal end well", async () => {
      for (const scenario of ["length words=5", "empty", "refuse words=3"]) {
        const stream = stack.chatStream(`${uuid()} [[${scenario}]]`);
        await stream.all();
        assert.ok(["RUN_FINISHED", "RUN_ERROR"].includes(stream.last.data.type), scenario);
        assert.equal((await stack.get("/health")).status, 200);
      }
    });

    test("a model that calls tools for ever is stopped by the turn's bounds", async () => {
      const stream = stack.chatStream(`${uuid()} [[${TIME}]]`);
      await stream.all(30000);
      assert.ok(stream.types().filter(t => t === "TOOL_CALL_START").length <= 16);
      assert.ok(["RUN_FINISHED", "RUN_ERROR"].includes(stream.last.data.type));
    });
  });
}

describe("a chain of models", () => {
  let stack;
  before(async () => { stack = await Stack.start({chain: "anthropic openai", settings: {"model.retries": 0, "breaker.failures": 3, "breaker.open": "60s"}}); });
  after(() => stack.stop());

  test("goes to the next model before the first token, and skips a failing one", async () => {
    const seen = () => stack.double.requests.map(r => r.api);
    const apis = [];
    for (let i = 0; i < 5; i++) {
      const at = seen().length;
      const reply = await stack.chat(`${i} [[http status=500 api=anthropic | text words=3]]`);
      apis.push(seen().slice(at).join(","));
      assert.equal(reply.status, 200, reply.text);
    }
    assert.equal(apis[0], "anthropic,openai");
    assert.equal(apis.at(-1), "openai", `the breaker did not open: ${apis.join(" ")}`);
  });
});

describe("a third party's model server", () => {
  let stack, server, port;
  before(async () => {
    const require = createRequire(import.meta.url);
    const entry = require.resolve("@copilotkit/aimock");
    const probe = net.createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    ({port} = probe.address());
    probe.close();
    stack = await Stack.start({chain: "anthropic", settings: {
      "anthropic.url": `http://127.0.0.1:${port}`, "openai.url": `http://127.0.0.1:${port}/v1`, "model.retries": 0,
    }});
    const fixtures = join(stack.dir, "fixtures.json");
    writeFileSync(fixtures, JSON.stringify({fixtures: [
      {match: {userMessage: "what time is it", hasToolResult: false}, response: {toolCalls: [{name: "get_current_time", arguments: "{\"timezone\":\"Europe/Paris\"}"}]}},
      {match: {userMessage: "what time is it"}, response: {content: "It is time to go."}},
      {match: {userMessage: "hello"}, response: {content: "Hello from somebody else's server, with café and 🐋."}},
    ]}));
    server = launch(process.execPath, [join(dirname(entry), "cli.js"), "-p", String(port), "-f", fixtures, "--strict", "-c", "20"]);
    await eventually(() => new Promise(done => {
      const s = net.connect(port, "127.0.0.1");
      s.on("connect", () => { s.destroy(); done(true); });
      s.on("error", () => done(false));
    }), `aimock listens: ${server.output}`);
  });
  after(async () => {
    server?.kill();
    await stack.stop();
  });

  for (const provider of ["anthropic", "openai"]) {
    test(`answers in the form of ${provider}, with a tool`, async () => {
      stack.writeSettings({"model.chain": provider});
      await stack.reload();
      const plain = await stack.chat("hello");
      assert.equal(plain.status, 200, `${plain.text}\n${server.output}`);
      assert.equal(plain.json.response, "Hello from somebody else's server, with café and 🐋.");
      const stream = stack.chatStream("what time is it");
      await stream.all();
      assert.equal(stream.last.data.type, "RUN_FINISHED", `${JSON.stringify(stream.last)}\n${server.output}`);
      assert.ok(stream.types().includes("TOOL_CALL_RESULT"));
      assert.equal(stream.text(), "It is time to go.");
    });
  }
});
