// SPDX-License-Identifier: BSD-2-Clause
// The chunks that test_aisdk compares byte for byte, against the AI SDK's own schema and its own reader.
import {test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {readUIMessageStream, uiMessageChunkSchema} from "ai";
import {TOP} from "./harness.mjs";

/** The cases of the file: what their viewers hold, and what they are told. */
function cases() {
  const all = [];
  for (const line of readFileSync(join(TOP, "tests/unit/aisdk_chunks.txt"), "utf8").split("\n")) {
    if (line.startsWith("= ")) all.push({detail: line.slice(2), chunks: []});
    else if (line.startsWith("> ")) all.at(-1).chunks.push(JSON.parse(line.slice(2)));
  }
  return all;
}

test("each chunk is one of the SDK's schema", async () => {
  const schema = typeof uiMessageChunkSchema === "function" ? uiMessageChunkSchema() : uiMessageChunkSchema;
  const seen = new Set();
  for (const {chunks} of cases()) {
    for (const chunk of chunks) {
      const result = await schema.validate(chunk);
      assert.ok(result.success, `${JSON.stringify(chunk)}: ${result.error}`);
      seen.add(chunk.type);
    }
  }
  for (const type of ["start", "start-step", "finish-step", "reset-step", "text-start", "text-delta", "text-end", "reasoning-start",
    "reasoning-delta", "reasoning-end", "tool-input-start", "tool-input-delta", "tool-input-available", "tool-input-error", "tool-output-available", "tool-output-error",
    "tool-output-denied", "tool-approval-request", "message-metadata", "error", "abort", "finish"]) assert.ok(seen.has(type), `${type} is in the file`);
});

test("the SDK's reader makes a message of each case, none with a part left open", async () => {
  for (const {detail, chunks} of cases()) {
    if (detail.startsWith("on ")) continue; // its client holds the message that it goes on with
    let message, failure;
    const stream = ReadableStream.from(chunks);
    for await (const state of readUIMessageStream({stream, onError: error => { failure = error; }, terminateOnError: false})) message = state;
    const told = chunks.find(c => c.type === "error");
    assert.equal(failure?.message, told?.errorText, JSON.stringify(chunks));
    if (chunks.at(-1)?.type !== "finish" || !message) continue;
    assert.equal(message.id, "reply:m1");
    for (const part of message.parts) assert.notEqual(part.state, "streaming", JSON.stringify(message));
    for (const part of message.parts) assert.notEqual(part.state, "input-streaming", JSON.stringify(message));
  }
});

test("a step that was torn leaves nothing behind", async () => {
  const {chunks} = cases().find(c => JSON.stringify(c.chunks).includes("torn"));
  let message;
  for await (const state of readUIMessageStream({stream: ReadableStream.from(chunks)})) message = state;
  assert.deepEqual(message.parts.map(p => p.type), ["step-start", "tool-get_time", "step-start", "text"]);
  assert.equal(message.parts[3].text, "whole");
});
