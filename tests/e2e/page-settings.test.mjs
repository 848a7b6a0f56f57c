// SPDX-License-Identifier: BSD-2-Clause
// The settings of the page: what is chosen is what tools and the model use, from the next message on.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {answers, say, screenshot, served} from "./browser.mjs";
import {eventually} from "./harness.mjs";

const KEYS = {settings: {default_currency: "AUD"}};

describe("the settings of the page", () => {
  const site = served(KEYS);

  /** The page of a user of its own, live. */
  async function open(t, user, options = {}) {
    const context = await site.browser.newContext({viewport: {width: 900, height: 700}, locale: "en-AU", timezoneId: "Australia/Sydney", acceptDownloads: true,
      extraHTTPHeaders: {"X-Dev-User": user}, ...options});
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(site.stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  }
  const as = user => ({headers: {"X-Dev-User": user}});
  async function settings(page) {
    await page.getByRole("button", {name: "Settings"}).click();
    await page.getByRole("dialog", {name: "Settings"}).waitFor();
    await page.getByLabel("What you are called").waitFor();
    return page.getByRole("dialog");
  }
  const saved = dialog => dialog.getByRole("status").filter({hasText: "Saved."}).waitFor();
  const close = dialog => dialog.getByRole("button", {name: "Close"}).click();
  /** The last request to the model, as text. */
  const asked = () => JSON.stringify(site.stack.double.requests.at(-1).body);

  test("name, units, currency and zone are stored for the user, and the next turn is told", async t => {
    const page = await open(t, "anna"), dialog = await settings(page);
    await screenshot(page, "settings");
    await dialog.getByLabel("What you are called").fill("Anna");
    await dialog.getByLabel("What you are called").press("Tab");
    await saved(dialog);
    for (const [label, value] of [["Distances in", "mi"], ["Temperatures in", "F"], ["Money in", "EUR"], ["Time zone", "Europe/Berlin"]]) {
      const stored = page.waitForResponse(r => r.url().endsWith("/context") && r.request().method() === "PUT");
      await dialog.getByLabel(label).selectOption(value);
      assert.equal((await stored).status(), 200);
    }
    assert.deepEqual((await site.stack.get("/context", as("anna"))).json, {name: "Anna", units: {distance: "mi", temperature: "F"}, currency: "EUR", timezone: "Europe/Berlin"});
    await close(dialog);
    await say(page, "a note [[tool name=create_expense args={\"amount\":12.5,\"category\":\"diesel\"} | text say=Noted.]]");
    await answers(page).filter({hasText: "Noted."}).waitFor();
    for (const words of ["zone Europe/Berlin", "Currency: EUR", '"name":"Anna"', '"distance":"mi"']) assert.ok(asked().replaceAll("\\", "").includes(words), words);
    const rows = (await site.stack.get("/expenses.csv", as("anna"))).text;
    assert.match(rows, /12\.5.*EUR|EUR.*12\.5/, `the tool counts in the user's money: ${rows}`);
    await page.reload();
    await page.locator("#state[data-state=live]").waitFor();
    const again = await settings(page);
    assert.deepEqual(await Promise.all(["What you are called", "Distances in", "Money in", "Time zone"].map(label => again.getByLabel(label).inputValue())), ["Anna", "mi", "EUR", "Europe/Berlin"]);
  });

  test("what is taken back is the device's and the site's again", async t => {
    await site.stack.request("PUT", "/context", {body: {currency: "EUR", timezone: "Europe/Berlin"}, ...as("bert")});
    const page = await open(t, "bert"), dialog = await settings(page);
    for (const label of ["Money in", "Time zone"]) {
      const stored = page.waitForResponse(r => r.url().endsWith("/context") && r.request().method() === "PUT");
      await dialog.getByLabel(label).selectOption("");
      await stored;
    }
    assert.deepEqual((await site.stack.get("/context", as("bert"))).json, {});
    await close(dialog);
    await say(page, "hello [[text say=Here.]]");
    await answers(page).filter({hasText: "Here."}).waitFor();
    assert.match(asked(), /zone Australia\/Sydney/);
    assert.match(asked(), /Currency: AUD/);
  });

  test("colours: the choice is kept on this device, and the browser's bars follow", async t => {
    const page = await open(t, "cleo", {colorScheme: "light"}), dialog = await settings(page);
    const ground = () => page.evaluate(() => [getComputedStyle(document.body).backgroundColor, document.querySelector("meta[name=theme-color]").content, document.querySelector("meta[name=color-scheme]").content]);
    const light = await ground();
    assert.equal(light[0], light[1]);
    await dialog.getByLabel("Colours").selectOption("dark");
    const dark = await ground();
    assert.notEqual(dark[0], light[0]);
    assert.deepEqual(dark.slice(1), [dark[0], "dark"]);
    assert.equal(await page.locator("turnpike-chat").getAttribute("theme"), "dark");
    await page.reload();
    assert.deepEqual(await page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]), ["dark", dark[0]]);
    await page.locator("#state[data-state=live]").waitFor();
    assert.equal(await page.locator("turnpike-chat").getAttribute("theme"), "dark");
    await (await settings(page)).getByLabel("Colours").selectOption("auto");
    assert.equal((await ground())[0], light[0]);
    await page.emulateMedia({colorScheme: "dark"});
    await eventually(async () => (await ground())[1] === dark[0], "the bars follow the device");
  });

  test("shows what the assistant remembers, and forgets it", async t => {
    await site.stack.request("PUT", "/context", {body: {vehicle: {type: "van", height_m: 2.9}, allergies: ["nuts", "\u202Eeggs"], name: "Dora"}, ...as("dora")});
    const page = await open(t, "dora"), dialog = await settings(page), items = dialog.locator(".memory li");
    await items.first().waitFor();
    assert.deepEqual((await items.locator("span").allTextContents()).sort(), ["Allergies: nuts, \\u202eeggs", "Vehicle: Type: van, Height m: 2.9"]);
    await dialog.getByRole("button", {name: "Forget: Vehicle"}).click();
    await eventually(async () => await items.count() === 1, "one is left");
    assert.deepEqual(Object.keys((await site.stack.get("/context", as("dora"))).json).sort(), ["allergies", "name"]);
  });

  test("turns off that facts are remembered, and on again", async t => {
    const stored = async () => (await site.stack.get("/context", as("gerd"))).json.memory;
    const page = await open(t, "gerd"), field = (await settings(page)).getByLabel("Remember facts about me for later chats");
    assert.equal(await field.isChecked(), true);
    await field.click();
    await eventually(async () => await stored() === false, "it is off");
    assert.equal((await site.stack.post("/tools/remember", {text: "It is red."}, as("gerd"))).json.code, "memory_off");
    await field.click();
    await eventually(async () => await stored() === undefined, "it is on");
  });

  test("downloads everything", async t => {
    const page = await open(t, "emil");
    await say(page, "hello [[text say=Kept.]]");
    await answers(page).filter({hasText: "Kept."}).waitFor();
    const dialog = await settings(page), download = page.waitForEvent("download");
    await dialog.getByRole("button", {name: "Download everything"}).click();
    const file = await download, data = JSON.parse(readFileSync(await file.path(), "utf8"));
    assert.equal(file.suggestedFilename(), "turnpike-export.json");
    assert.equal(data.user, "emil");
    assert.equal(data.complete, true);
    assert.match(JSON.stringify(data.sessions), /Kept\./);
  });

  test("erases everything, when the user's name was typed and not before", async t => {
    await site.stack.request("PUT", "/context", {body: {name: "Fritz"}, ...as("fritz")});
    const page = await open(t, "fritz");
    await say(page, "hello [[text say=Kept.]]");
    await answers(page).filter({hasText: "Kept."}).waitFor();
    const dialog = await settings(page);
    await dialog.getByRole("button", {name: "Erase everything"}).click();
    const field = dialog.getByLabel("To erase everything, type fritz"), go = dialog.locator(".erase button");
    await field.waitFor();
    await eventually(() => field.evaluate(e => e === e.ownerDocument.activeElement), "the field has the focus");
    await field.fill("fri");
    assert.equal(await go.isDisabled(), true);
    await field.press("Enter");
    assert.deepEqual((await site.stack.get("/context", as("fritz"))).json, {name: "Fritz"});
    await field.fill("fritz");
    await go.click();
    await dialog.waitFor({state: "hidden"});
    assert.equal(await page.locator(".message").count(), 0);
    assert.deepEqual((await site.stack.get("/context", as("fritz"))).json, {});
    assert.equal((await site.stack.get("/sessions", as("fritz"))).json.sessions.length, 0);
  });

  test("a fault is told, and what was chosen is not said to be saved", async t => {
    const page = await open(t, "gerd"), dialog = await settings(page);
    await page.route("**/context", route => route.request().method() === "PUT"
      ? route.fulfill({status: 503, contentType: "application/problem+json", body: JSON.stringify({code: "store_unavailable", status: 503, detail: "Redis does not answer."})}) : route.continue());
    await dialog.getByLabel("Money in").selectOption("EUR");
    await dialog.getByRole("status").filter({hasText: "could not be saved: Redis does not answer."}).waitFor();
  });

  test("the dialog keeps the focus inside, ends with Escape, and gives the focus back", async t => {
    const page = await open(t, "hans");
    await page.getByRole("button", {name: "Settings"}).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    for (let i = 0; i < 25; i++) {
      await page.keyboard.press("Tab");
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null), `Tab ${i}`);
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({state: "hidden"});
    assert.equal(await page.evaluate(() => document.activeElement.id), "open-settings");
  });
});
