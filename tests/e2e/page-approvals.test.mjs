// SPDX-License-Identifier: BSD-2-Clause
// Approvals on the screen: what is meant, old beside new, a form to change the arguments, time, focus, several at once.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {answers, say, screenshot, served} from "./browser.mjs";
import {uuid} from "./harness.mjs";
import {initial, reduce} from "../../web/client/conversation.js";

const asked = page => page.locator(".approval:not(.over)");
const allow = page => page.getByRole("button", {name: "Allow", exact: true});
const deletion = ids => `[[tool name=${ids.map(() => "delete_calendar_event").join(",")} args=${ids.map(id => JSON.stringify({event_id: id})).join(";")} | text say=Answered.]]`;

/** {open, event, exists} of a site. */
function screen(site) {
  return {
    async open(t, {hash = uuid(), ...options} = {}) {
      const context = await site.browser.newContext({viewport: {width: 900, height: 800}, timezoneId: "Australia/Sydney", locale: "en-AU", ...options});
      const page = await context.newPage(), errors = [];
      page.on("pageerror", e => errors.push(String(e)));
      await page.addInitScript(() => {
        globalThis.active = () => { // what has the focus, also within the element
          let e = document.activeElement;
          while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
          return e;
        };
      });
      t.after(async () => {
        await context.close();
        assert.deepEqual(errors, []);
      });
      await page.goto(`${site.stack.url}/#${hash}`);
      await page.locator("#state[data-state=live]").waitFor();
      return page;
    },
    async event(title, more = {}) {
      const reply = await site.stack.post("/tools/create_calendar_event", {title, start_date: "2031-05-20T15:00", ...more}, {headers: {"X-Time-Zone": "Australia/Sydney"}});
      return reply.json.event.id;
    },
    async exists(id) {
      return (await site.stack.post("/tools/get_calendar_events", {})).json.events.some(e => e.id === id);
    },
    results() {
      return site.stack.double.requests.at(-1).raw;
    },
  };
}

describe("approvals on the screen", () => {
  const site = served(), on = screen(site);

  test("title, date, what goes away and what it means; the arguments one click away", async t => {
    const page = await on.open(t), id = await on.event("Dentist", {location_name: "Main St"});
    await say(page, `delete it ${deletion([id])}`);
    const card = asked(page);
    await card.getByRole("heading", {name: "Delete this event?"}).waitFor();
    assert.equal(await card.locator(".title").textContent(), "Dentist");
    assert.match(await card.locator(".when").textContent(), /Tuesday 20 May 2031 at 3:00/);
    assert.deepEqual([await card.locator("tbody th").textContent(), await card.locator("tbody del").textContent()], ["Place", "Main St"]);
    await card.locator(".warning", {hasText: "It is deleted."}).waitFor();
    assert.match(await card.locator(".left").textContent(), /^(9|10) minutes left to answer$/);
    assert.equal((await card.innerText()).includes(id), false, "no id in the open");
    await card.getByText("Exact arguments").click();
    assert.deepEqual(JSON.parse(await card.locator("pre").textContent()), {event_id: id});
    await screenshot(page, "approval-card");
    await allow(page).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
    await page.locator(".approval").waitFor({state: "detached"});
    assert.equal(await on.exists(id), false);
  });

  test("old beside new", async t => {
    const page = await on.open(t);
    await site.stack.post("/tools/manage_privacy", {allow_messages: "none"});
    await say(page, "x [[tool name=web_search args={\"query\":\"x\"} | text say=ok]]");
    await page.locator(".assistant", {hasText: "ok"}).waitFor();
    await site.stack.post("/tools/create_post", {content: "hi"}); // something that others wrote, for get_feed
    await say(page, "x [[tool name=get_feed args={} | tool name=manage_privacy args={\"allow_messages\":\"everyone\",\"show_activity\":true} | text say=Answered.]]");
    await asked(page).getByRole("heading", {name: "Change your privacy settings?"}).waitFor();
    const rows = await asked(page).locator("tr").evaluateAll(all => all.map(r => [...r.cells].map(c => c.textContent)));
    assert.deepEqual(rows, [["", "Now", "After that"], ["Show what I do", "no", "yes"], ["Allow messages", "none", "everyone"]]);
    await asked(page).locator(".caution").waitFor();
    await asked(page).getByText("Other people can notice it.").waitFor();
    await page.getByRole("button", {name: "Don't allow"}).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
  });

  test("changed by a form made from the schema: checked at the field, kept while it is folded, sent as edited", async t => {
    const page = await on.open(t);
    await say(page, `meet [[tool name=create_event args=${JSON.stringify({title: "Barbecue", description: "All_welcome", event_date: "2031-12-24T18:00", location: "Broome", max_attendees: 9})} | text say=Answered.]]`);
    const card = asked(page), field = name => card.getByLabel(name, {exact: true});
    await card.getByText("Everyone can see it.").waitFor();
    assert.deepEqual(await card.locator("tbody th").allTextContents(), ["Description", "Place", "How many can come"], "title and time are told above");
    await card.getByRole("button", {name: "Change"}).click();
    assert.equal(await page.evaluate(() => globalThis.active().value), "Barbecue", "the first field has the focus");
    assert.deepEqual([await field("Date").inputValue(), await field("Date: time").inputValue()], ["2031-12-24", "18:00"]);
    await field("Title").fill("Sausages");
    await field("Date: time").fill("17:30");
    await field("How many can come (optional)").fill("1001");
    await card.getByRole("button", {name: "Leave as it was"}).click();
    await allow(page).waitFor();
    await card.getByRole("button", {name: "Change"}).click();
    assert.equal(await field("Title").inputValue(), "Sausages", "what was filled in is there again");
    await card.getByRole("button", {name: "Allow with these changes"}).click();
    await card.locator(".fault", {hasText: "At most 1,000 is possible."}).waitFor();
    assert.equal(await page.evaluate(() => globalThis.active().getAttribute("aria-invalid")), "true");
    await field("How many can come (optional)").fill("12");
    await field("Title").fill("");
    await card.getByRole("button", {name: "Allow with these changes"}).click();
    await card.locator(".fault", {hasText: "This is needed."}).waitFor();
    await field("Title").fill("Sausages");
    await screenshot(page, "approval-form");
    await card.getByRole("button", {name: "Allow with these changes"}).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
    assert.match(on.results(), /Sausages/);
    assert.match(on.results(), /2031-12-24T17:30/);
    assert.match(on.results(), /\\*"max_attendees\\*":12/);
  });

  test("what only the server knows to be wrong is said at its field", async t => {
    const page = await on.open(t), id = await on.event("Bins", {repeat: "weekly"});
    await say(page, `delete it ${deletion([id])}`);
    const card = asked(page);
    await card.getByRole("button", {name: "Change"}).click();
    await page.route("**/approvals/*", async route => { // a schema that the page knows less of
      const body = JSON.parse(route.request().postData());
      if (body.edited_args?.occurrence) body.edited_args.occurrence = "not a day";
      await route.continue({postData: JSON.stringify(body)});
    });
    await card.getByLabel("Occurrence (optional)", {exact: true}).fill("2031-05-27");
    await card.getByRole("button", {name: "Allow with these changes"}).click();
    await card.locator(".field", {has: page.getByLabel("Occurrence (optional)", {exact: true})}).locator(".fault:visible").waitFor();
    await card.getByText("Nothing was done: look at the field that is marked.").waitFor();
    assert.equal(await page.evaluate(() => globalThis.active().type), "date");
    await page.unroute("**/approvals/*");
    assert.equal(await on.exists(id), true);
    await card.getByRole("button", {name: "Leave as it was"}).click();
    await page.getByRole("button", {name: "Don't allow"}).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
  });

  test("answered in another tab: the card goes, in this one too", async t => {
    const hash = uuid(), id = await on.event("Vet"), a = await on.open(t, {hash}), b = await on.open(t, {hash});
    await say(a, `delete it ${deletion([id])}`);
    for (const page of [a, b]) await asked(page).waitFor();
    await a.getByRole("button", {name: "Change"}).click();
    await b.getByRole("button", {name: "Don't allow"}).click();
    for (const page of [a, b]) {
      await page.locator(".approval").waitFor({state: "detached"});
      await answers(page).filter({hasText: "Answered."}).waitFor();
    }
    assert.equal(await on.exists(id), true);
  });

  test("one that was answered meanwhile, while this tab did not hear of it, says so", async t => {
    const hash = uuid(), page = await on.open(t, {hash}), id = await on.event("Vet");
    await say(page, `delete it ${deletion([id])}`);
    await asked(page).waitFor();
    const [open] = (await site.stack.get(`/approvals?session_id=${hash}`)).json.approvals;
    await page.route("**/approvals/*", route => route.fulfill({status: 409, contentType: "application/problem+json",
      body: JSON.stringify({status: 409, code: "approval_used", detail: "used"})}));
    await allow(page).click();
    await page.locator(".approval.over", {hasText: "This has been answered already, here or elsewhere."}).waitFor();
    assert.equal(await allow(page).isVisible(), false);
    await site.stack.post(`/approvals/${open.id}`, {approved: false});
    await page.locator(".approval").waitFor({state: "detached"});
  });

  test("several at once, by the keyboard alone", async t => {
    const page = await on.open(t), ids = [await on.event("One"), await on.event("Two")];
    await say(page, `delete them ${deletion(ids)}`);
    await asked(page).nth(1).waitFor();
    assert.deepEqual(await page.locator(".approval .place").allTextContents(), ["1 of 2", "2 of 2"]);
    const active = () => page.evaluate(() => [globalThis.active().tagName, globalThis.active().closest(".approval")?.querySelector(".title")?.textContent]);
    await page.waitForFunction(() => globalThis.active().tagName === "H3");
    assert.deepEqual(await active(), ["H3", "One"]);
    const tabTo = async name => {
      for (let i = 0; i < 8; i++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate(() => globalThis.active().textContent) === name) return;
      }
      assert.fail(`${name} is not reached`);
    };
    await tabTo("Allow");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => globalThis.active().closest(".approval")?.querySelector(".title").textContent === "Two");
    assert.deepEqual(await active(), ["H3", "Two"]);
    await tabTo("Don't allow");
    await page.keyboard.press("Enter");
    await answers(page).filter({hasText: "Answered."}).waitFor();
    await page.waitForFunction(() => globalThis.active().id === "text");
    assert.deepEqual([await on.exists(ids[0]), await on.exists(ids[1])], [false, true]);
  });

  test("it does not take the focus from a user who writes", async t => {
    const page = await on.open(t), id = await on.event("Vet");
    await say(page, `delete it ${deletion([id]).replace(" | ", " hold=1 | ")}`);
    await site.stack.double.until(d => d.held > 0);
    await page.locator("#text").pressSequentially("and then");
    await site.stack.double.go();
    await asked(page).waitFor();
    assert.equal(await page.evaluate(() => globalThis.active().id), "text");
    assert.equal(await page.locator("#text").inputValue(), "and then");
  });

  test("on a small dark screen nothing is wider than it", async t => {
    const page = await on.open(t, {viewport: {width: 320, height: 640}, colorScheme: "dark"});
    await say(page, `x [[tool name=create_post args=${JSON.stringify({title: "x".repeat(180), content: "y".repeat(900)})} | text say=Answered.]]`);
    await asked(page).getByRole("button", {name: "Change"}).click();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px wider than the screen`);
    await screenshot(page, "approval-small");
    await page.getByRole("button", {name: "Don't allow"}).click();
    await answers(page).filter({hasText: "Answered."}).waitFor();
  });
});

test("a snapshot that comes while something is asked changes nothing of the question", () => {
  const preview = {kind: "event", title: "Dentist", changes: [], effects: []}, schema = {type: "object", properties: {event_id: {type: "string"}}};
  const interrupt = {id: "a1", reason: "tool_call", message: "May I?", toolCallId: "c1", expiresAt: "2031-05-20T05:10:00Z",
    responseSchema: {type: "object", properties: {approved: {type: "boolean"}, editedArgs: schema}},
    metadata: {tool: "delete_calendar_event", arguments: {event_id: "e1"}, reason: "policy", preview}};
  let c = reduce(initial, {type: "RUN_STARTED", threadId: "s", runId: "r1"});
  c = reduce(c, {type: "RUN_FINISHED", threadId: "s", runId: "r1", outcome: {type: "interrupt", interrupts: [interrupt]}});
  assert.deepEqual(c.approvals, [{id: "a1", toolCallId: "c1", tool: "delete_calendar_event", args: {event_id: "e1"}, message: "May I?",
    expiresAt: "2031-05-20T05:10:00Z", reason: "policy", schema, preview}]);
  const asked = c.approvals[0];
  c = reduce(c, {type: "MESSAGES_SNAPSHOT", messages: [{id: "u1", role: "user", content: "delete it"}]});
  assert.equal(c.approvals[0], asked);
  const {responseSchema: _, metadata, ...rest} = interrupt; // as GET /approvals has it
  const listed = reduce(initial, {type: "approvals", approvals: [{...rest, tool_call_id: "c1", toolCallId: undefined, expires_at: rest.expiresAt, expiresAt: undefined, ...metadata}]});
  assert.deepEqual(listed.approvals, [(({schema: __, ...known}) => known)(asked)]);
});

describe("approvals whose time is short", () => {
  const site = served({settings: {"approval.time": "4s"}}), on = screen(site);

  test("the last minute is counted in seconds, and the end is said", async t => {
    const page = await on.open(t), id = await on.event("Vet");
    await say(page, `delete it ${deletion([id])}`);
    await page.locator(".approval .left", {hasText: /^[1-4] seconds? left to answer$/}).waitFor();
    assert.equal(await page.locator(".approval .left").getAttribute("aria-live"), "off");
    await page.locator(".approval.over", {hasText: "The time to answer is over. Nothing was done."}).waitFor();
    assert.equal(await allow(page).isVisible(), false);
    assert.equal(await on.exists(id), true);
  });
});
