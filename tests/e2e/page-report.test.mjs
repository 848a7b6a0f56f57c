// SPDX-License-Identifier: BSD-2-Clause
// The operator's page: for administrators alone; figures, plots with a table, the self-test, feedback. Judged by axe-core too.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {readFileSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join} from "node:path";
import {screenshot, served} from "./browser.mjs";
import {eventually, scratch} from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const keys = {root: `tpk_${"a".repeat(48)}`, ann: `tpk_${"b".repeat(48)}`}, file = join(scratch("tp-report-"), "keys");
writeFileSync(file, Object.entries(keys).map(([user, key]) =>
  `${createHash("sha256").update(key).digest("hex")} ${user} ${user === "root" ? "admin" : "user"} test\n`).join(""));

describe("the operator's page", () => {
  const site = served({settings: {development: "off", "api_keys.file": file}});

  async function open(t, options = {}) {
    const context = await site.browser.newContext({viewport: {width: 1100, height: 900}, locale: "en-AU", acceptDownloads: true, ...options});
    t.after(() => context.close());
    const page = await context.newPage();
    page.faults = [];
    page.on("pageerror", error => page.faults.push(String(error)));
    page.on("console", m => { if (m.type() === "error" && !/40[134]/.test(m.text())) page.faults.push(m.text()); });
    await page.goto(`${site.stack.url}/admin/`);
    return page;
  }
  async function signIn(page, key) {
    await page.locator("#token").fill(key);
    await page.keyboard.press("Enter");
  }
  async function judge(page) {
    await page.evaluate(AXE);
    const {violations} = await page.evaluate(() => axe.run(document, {resultTypes: ["violations"]}));
    return violations.map(v => `${v.impact} ${v.id}: ${v.nodes.map(n => `${n.target.flat().join(" ")} ${n.failureSummary}`).join(" | ")}`);
  }

  test("a user who is no administrator is told so, and sees nothing", async t => {
    const page = await open(t);
    await page.locator("#signin").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "token");
    assert.deepEqual(await judge(page), []);
    await signIn(page, keys.ann);
    await page.getByText("This key or token is not an administrator's.").waitFor();
    assert.equal(await page.locator("#figures").isVisible(), false);
    await signIn(page, "nonsense");
    await page.getByText("This key or token was not accepted.").waitFor();
  });

  test("an administrator sees promises, plots and a table of them, tools and feedback; runs the self-test", async t => {
    const as = user => ({headers: {Authorization: `Bearer ${keys[user]}`}});
    const said = await site.stack.chat("Budget? [[tool name=analyze_budget args={} | text say=Fine]]", {}, as("ann"));
    await site.stack.post("/feedback", {message_id: said.json.message_id, rating: 1, feedback_text: "<img src=x onerror=alert(1)> wrong"}, as("ann"));
    const [keeper] = await site.stack.workers("housekeeper");
    process.kill(keeper.pid, "SIGKILL"); // the next one sends at its start what has been counted
    await eventually(async () => (await site.stack.get("/admin/report", as("root"))).json.total?.turns === 1, "the turn is in the sums", 60000);
    const page = await open(t);
    await signIn(page, keys.root);
    await page.locator("#promises li").nth(4).waitFor();
    assert.equal(await page.locator("#promises li").count(), 5);
    assert.match(await page.locator("#promises").innerText(), /Failures below 1 %[^]*too few to tell/);
    assert.match(await page.locator("#sums").innerText(), /1 turn ended/);
    assert.ok(await page.locator("#plots svg[role=img]").count() >= 4);
    assert.match(await page.locator("#tools").innerText(), /analyze_budget/);
    await page.getByText("The same as a table").click();
    assert.ok(await page.locator("#points tbody tr").count() >= 24);
    // The page has no more than its policy allows, and what users write stays text.
    await page.getByText("<img src=x onerror=alert(1)> wrong").waitFor();
    assert.equal(await page.locator("#feedback img").count(), 0);
    assert.match(await page.locator("#feedback").innerText(), /Question: Budget\?/);
    assert.deepEqual(await judge(page), [], "in light colours");
    await page.emulateMedia({colorScheme: "dark"});
    assert.deepEqual(await judge(page), [], "in dark colours");
    await screenshot(page, "report-dark");
    // By the keyboard alone.
    await page.locator("#selftest-run").focus();
    await page.keyboard.press("Enter");
    await page.locator("#selftest-state").getByText("Nothing failed").waitFor({timeout: 60000});
    assert.match(await page.locator("#selftest").innerText(), /Redis\s+works/);
    assert.match(await page.locator("#selftest").innerText(), /weather\s+not configured/);
    await page.locator("#rating").selectOption("good");
    await page.locator("#filters button[type=submit]").press("Enter");
    await page.getByText("Nobody has said anything that fits.").waitFor();
    await page.locator("#rating").selectOption("bad");
    const coming = page.waitForEvent("download");
    await page.locator("#csv").press("Enter");
    assert.match(readFileSync(await (await coming).path(), "utf8"), /^at,user,rating[^]*ann/);
    await page.locator("#period").selectOption("30");
    await page.locator("#points").getByText("Active users").waitFor({state: "attached"});
    await page.setViewportSize({width: 320, height: 700});
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth + 1), "nothing is wider than a small screen");
    await page.locator("#rating").selectOption("bad");
    await page.locator("#filters button[type=submit]").press("Enter");
    await page.getByText("<img src=x onerror=alert(1)> wrong").waitFor({state: "attached"});
    await page.locator("#out").click();
    await page.locator("#token").waitFor();
    assert.doesNotMatch(await page.locator("body").textContent(), /wrong|Budget|analyze_budget|1 turn ended|not configured/, "the next one at the page reads nothing");
    assert.equal(await page.evaluate(() => sessionStorage.getItem("turnpike-token")), null);
    assert.deepEqual(page.faults, []);
  });
});
