// SPDX-License-Identifier: BSD-2-Clause
// A service asks the user in the middle of a call: its form on the screen.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {answers, launch, say, screenshot} from "./browser.mjs";
import {startMcpDouble} from "../doubles/mcp-double.mjs";
import {initial, reduce} from "../../web/client/conversation.js";
import {eventually, scratch, SLOW, Stack, uuid} from "./harness.mjs";

const FORM = {type: "object", properties: {
  harbour: {type: "string", title: "Harbour", minLength: 2},
  nights: {type: "integer", title: "Nights", minimum: 1, maximum: 14, default: 2},
  power: {type: "boolean", title: "Power", default: true},
  side: {type: "string", title: "Side", oneOf: [{const: "p", title: "Port"}, {const: "s", title: "Starboard"}], default: "p"},
  extras: {type: "array", title: "Extras", items: {anyOf: [{const: "w", title: "Water"}, {const: "i", title: "Ice"}]}, default: ["w"]},
}, required: ["harbour"]};

describe("a service asks", () => {
  let stack, browser, double, dir;
  before(async () => {
    dir = scratch("tp-form-");
    double = await startMcpDouble();
    const file = join(dir, "mcp.json");
    writeFileSync(file, JSON.stringify([{name: "sea", url: double.url, effect: "outside", approval: "never", outside: false}]), {mode: 0o600});
    stack = await Stack.start({settings: {"mcp.file": file, "mcp.trust_first": "on"}});
    browser = await launch();
    await eventually(async () => (await stack.get("/tools")).json.tools.some(t => t.name === "sea__book_berth"), "the server is listed", 30000 * SLOW);
    double.asks.book_berth = params => params.inputResponses ? undefined : {resultType: "input_required", inputRequests: {q: {method: "elicitation/create",
      params: {message: "Which <b>harbour</b>?", requestedSchema: FORM}}}};
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
    await double?.close();
    rmSync(dir, {recursive: true, force: true});
  });
  const sent = () => double.requests.filter(r => r.body?.method === "tools/call").at(-1).body.params.inputResponses;
  const ask = page => say(page, "x [[tool name=sea__book_berth args={\"harbour\":\"Eden\"} | text say=Answered.]]");
  async function open(t, locale = "en-AU") {
    const context = await browser.newContext({viewport: {width: 900, height: 900}, locale}), page = await context.newPage(), errors = [];
    page.on("pageerror", e => errors.push(String(e)));
    t.after(async () => {
      await context.close();
      assert.deepEqual(errors, []);
    });
    await page.goto(`${stack.url}/#${uuid()}`);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  }

  test("who asks, in its own words; defaults, choices, what is wrong; sent", async t => {
    const page = await open(t);
    await ask(page);
    const card = page.locator(".approval:not(.over)");
    await card.getByRole("heading", {name: "sea asks you"}).waitFor();
    assert.equal(await card.locator("blockquote").textContent(), "Which <b>harbour</b>?");
    await card.locator(".caution", {hasText: "not from the assistant"}).waitFor();
    assert.equal(await card.getByLabel("Nights (optional)").inputValue(), "2");
    assert.equal(await card.getByLabel("Power").isChecked(), true);
    assert.deepEqual(await card.getByLabel("Side (optional)").locator("option:not([value=\"\"])").allTextContents(), ["Port", "Starboard"]);
    assert.equal(await card.getByRole("checkbox", {name: "Water"}).isChecked(), true);
    await screenshot(page, "elicitation");
    await card.getByRole("button", {name: "Send"}).click();
    await card.getByText("This is needed.").waitFor();
    await card.getByLabel("Harbour").fill("Eden");
    await card.getByLabel("Nights (optional)").fill("3");
    await card.getByLabel("Side (optional)").selectOption({label: "Starboard"});
    await card.getByRole("checkbox", {name: "Ice"}).check();
    await card.getByRole("button", {name: "Send"}).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
    await page.locator(".approval").waitFor({state: "detached"});
    assert.deepEqual(sent(), {q: {action: "accept", content: {harbour: "Eden", nights: 3, power: true, side: "s", extras: ["w", "i"]}}});
  });

  test("declined, in German", async t => {
    const page = await open(t, "de-DE");
    await ask(page);
    await page.getByRole("heading", {name: "sea fragt dich"}).waitFor();
    await page.getByRole("button", {name: "Ablehnen"}).click();
    await page.locator(".approval").waitFor({state: "detached"});
    await eventually(() => sent()?.q.action === "decline", "the server is told");
  });
});

test("a question while the call waits: there, answered, or gone with the run", () => {
  const value = {id: "q1", reason: "input_required", message: "sea asks you: Where?", toolCallId: "c1", expiresAt: "2031-05-20T05:10:00Z",
    responseSchema: {type: "object"}, metadata: {tool: "sea__x", arguments: {}, reason: "elicitation", form: {from: "sea", message: "Where?", schema: FORM}, live: true}};
  let c = reduce(initial, {type: "RUN_STARTED", threadId: "s", runId: "r1"});
  c = reduce(c, {type: "TOOL_CALL_START", toolCallId: "c1", toolCallName: "sea__x"});
  const state = () => c.messages.flatMap(m => m.parts ?? []).find(p => p.type === "tool").state;
  c = reduce(c, {type: "CUSTOM", name: "turnpike.question", value});
  assert.deepEqual([c.approvals[0].form.from, c.approvals[0].live, state()], ["sea", true, "asked"]);
  c = reduce(c, {type: "CUSTOM", name: "turnpike.question_over", value: {id: "q1", outcome: "accept"}});
  assert.deepEqual([c.approvals, state()], [[], "running"]);
  c = reduce(c, {type: "CUSTOM", name: "turnpike.question", value});
  c = reduce(c, {type: "RUN_FINISHED", threadId: "s", runId: "r1", outcome: {type: "success"}});
  assert.deepEqual(c.approvals, []);
});
