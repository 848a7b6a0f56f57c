// SPDX-License-Identifier: BSD-2-Clause
// Files and the message field of the chat page: chosen, pasted, dropped, taken by the camera; uploaded, sent, shown again; drafts.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {answers, say, screenshot, served} from "./browser.mjs";
import {uuid} from "./harness.mjs";
import {png} from "../doubles/pictures.mjs";

const text = content => Buffer.from(content);

function screen(site) {
  return async function open(t, {hash = uuid(), ...options} = {}) {
    const context = await site.browser.newContext({acceptDownloads: true, ...options}), page = await context.newPage(), errors = [];
    t.after(async () => {
      await context.close();
      assert.deepEqual(errors, []);
    });
    page.on("pageerror", e => errors.push(String(e)));
    await page.goto(`${site.stack.url}/#${hash}`);
    await page.locator("#state[data-state=live]").waitFor();
    return page;
  };
}
const choose = (page, ...files) => page.locator("#files").setInputFiles(files.map(([name, mimeType, buffer]) => ({name, mimeType, buffer})));
const chip = (page, name) => page.locator(".chip", {hasText: name});
const stored = (page, name) => page.locator(".chip:not(.loading, .failed)", {hasText: name});

/** Dispatches a paste into the field, or drag events on the chat, with a file. */
function give(page, types, {name, type, base64}) {
  return page.locator("turnpike-chat").evaluate((chat, [types, name, type, base64]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], name, {type}));
    for (const kind of types) {
      const event = kind === "paste" ? new ClipboardEvent(kind, {clipboardData: data, bubbles: true, cancelable: true})
        : new DragEvent(kind, {dataTransfer: data, bubbles: true, composed: true, cancelable: true});
      (kind === "paste" ? chat.shadowRoot.getElementById("text") : chat.shadowRoot.getElementById("log")).dispatchEvent(event);
    }
  }, [types, name, type, base64]);
}

describe("files in the chat page", () => {
  const site = served({settings: {"attachments.bytes": "100k", "attachments.message": "3"}}), open = screen(site);
  const seen = () => JSON.stringify(site.stack.double.requests.at(-1).body);

  test("a picture goes along with the next message, and stands in the conversation", async t => {
    const page = await open(t), picture = png(40, 30);
    await choose(page, ["road.png", "image/png", picture], ["note.txt", "text/plain", text("a note")]);
    await stored(page, "road.png").locator("img.thumb").waitFor();
    await chip(page, "note.txt").getByRole("button", {name: "Remove note.txt"}).click();
    await screenshot(page, "attached");
    await say(page, "What is this? [[text say=A_road.]]");
    await answers(page).filter({hasText: "A road."}).waitFor();
    assert.equal(await page.locator(".chip").count(), 0);
    assert.ok(seen().includes(picture.toString("base64")));
    assert.ok(!seen().includes("note.txt"), "what was taken away does not go along");
    for (let i = 0; i < 2; i++) {
      const shown = page.locator(".user .picture");
      await shown.waitFor();
      assert.deepEqual(await shown.evaluate(img => [img.naturalWidth, img.alt]), [40, "road.png"]);
      if (i === 0) await page.reload();
    }
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", {name: /^Save road\.png/}).click()]);
    assert.equal(download.suggestedFilename(), "road.png");
  });

  test("what cannot be taken is refused in words, with the limit", async t => {
    const page = await open(t);
    await page.waitForFunction(() => document.querySelector("turnpike-chat").siteInfo.limits);
    await choose(page, ["large.png", "image/png", png(4, 4, {bytes: 200000})]);
    await page.locator("#notice", {hasText: /^large\.png is too large: it has 200 kB, and at most 102 kB are possible\.$/}).waitFor();
    assert.equal(await page.locator(".chip").count(), 0);
    const uploads = [];
    page.on("request", r => r.url().includes("/attachments?") && uploads.push(r.url()));
    await choose(page, ["pack.zip", "application/zip", text("PK\x03\x04....")]);
    await page.locator("#notice", {hasText: /^pack\.zip cannot be read here: /}).waitFor();
    await choose(page, ...[1, 2, 3, 4].map(i => [`${i}.txt`, "text/plain", text(`file ${i}`)]));
    await page.locator("#notice", {hasText: "4.txt is one too many: at most 3 files go with a message."}).waitFor();
    await page.locator(".chip").nth(2).waitFor();
    assert.equal(uploads.length, 3, "what cannot be taken is not uploaded");
    for (const i of [1, 2, 3]) await page.getByRole("button", {name: `Remove ${i}.txt`}).click();
    assert.equal(await page.locator(".chip").count(), 0);
    await choose(page, ["empty.txt", "text/plain", text("")]);
    await page.locator("#notice", {hasText: "empty.txt is empty."}).waitFor();
  });

  test("pasted into the field, dropped anywhere on the chat", async t => {
    const page = await open(t), base64 = png(8, 8).toString("base64");
    await give(page, ["paste"], {name: "image.png", type: "image/png", base64});
    await stored(page, /^picture .*\.png/).waitFor();
    assert.equal(await page.locator(".dropzone").isVisible(), false);
    await give(page, ["dragenter", "dragover"], {name: "map.png", type: "image/png", base64});
    await page.locator(".dropzone", {hasText: "Drop files here"}).waitFor();
    await give(page, ["dragleave"], {name: "map.png", type: "image/png", base64});
    await page.locator(".dropzone").waitFor({state: "hidden"});
    await give(page, ["dragenter", "drop"], {name: "map.png", type: "image/png", base64: png(9, 9).toString("base64")});
    await stored(page, "map.png").waitFor();
    assert.equal(await page.locator(".dropzone").isVisible(), false);
    await say(page, "[[text say=Two.]]");
    await answers(page).filter({hasText: "Two."}).waitFor();
    assert.equal(await page.locator(".user .file").count(), 2);
  });

  test("a text that is too long is not cut: it says by how much, and goes along as a file", async t => {
    const page = await open(t), long = `first ${"x".repeat(4000)} last`;
    await page.locator("#text").fill(long);
    await page.locator("#count", {hasText: "11 characters too long to be sent as a message."}).waitFor();
    assert.equal(await page.locator("#send").isDisabled(), true);
    await page.locator("#text").press("Enter");
    assert.equal(await page.locator(".user").count(), 0);
    assert.equal(await page.locator("#text").inputValue(), long);
    await screenshot(page, "too-long");
    await page.getByRole("button", {name: "Send it as a file"}).click();
    await stored(page, "pasted.txt").waitFor();
    assert.equal(await page.locator("#text").inputValue(), "");
    await say(page, "Sum it up [[text say=Long.]]");
    await answers(page).filter({hasText: "Long."}).waitFor();
    assert.ok(seen().includes(long), "the whole of it is read");
    await page.locator("#text").fill("😀".repeat(3990));
    await page.locator("#count", {hasText: "10 characters left"}).waitFor();
  });

  test("an upload that failed can be tried again, and nothing is sent without it", async t => {
    const page = await open(t);
    await page.route("**/attachments?*", route => route.abort());
    await choose(page, ["note.txt", "text/plain", text("a note")]);
    await page.locator(".chip.failed", {hasText: "note.txt"}).waitFor();
    await page.locator("#notice", {hasText: "note.txt could not be uploaded"}).waitFor();
    await say(page, "Read it [[text say=Read.]]");
    assert.equal(await page.locator(".user").count(), 0);
    await page.unroute("**/attachments?*");
    await chip(page, "note.txt").getByRole("button", {name: "Try again"}).click();
    await stored(page, "note.txt").waitFor();
    await page.locator("#text").press("Enter");
    await answers(page).filter({hasText: "Read."}).waitFor();
    assert.ok(seen().includes("a note"));
  });

  test("a message waits for its files, and goes by itself", async t => {
    const page = await open(t);
    let go;
    const held = new Promise(done => { go = done; });
    await page.route("**/attachments?*", async route => {
      await held;
      await route.continue();
    });
    await choose(page, ["note.txt", "text/plain", text("slow")]);
    await say(page, "Read it [[text say=Read.]]");
    await page.locator("#count", {hasText: "It is sent as soon as the files are uploaded."}).waitFor();
    assert.equal(await page.locator(".user").count(), 0);
    go();
    await answers(page).filter({hasText: "Read."}).waitFor();
    await page.locator(".user .file", {hasText: "note.txt"}).waitFor();
    assert.equal(await page.locator("#text").inputValue(), "");
  });

  test("a draft outlives a reload, for each session, and is gone when it was sent", async t => {
    const hash = uuid(), page = await open(t, {hash});
    await choose(page, ["note.txt", "text/plain", text("draft")]);
    await stored(page, "note.txt").waitFor();
    await page.locator("#text").fill("half a sent");
    await page.reload();
    await stored(page, "note.txt").waitFor();
    assert.equal(await page.locator("#text").inputValue(), "half a sent");
    await page.evaluate(id => { location.hash = id; }, uuid());
    await page.waitForFunction(() => document.querySelector("turnpike-chat").draft === "");
    assert.equal(await page.locator(".chip").count(), 0);
    await page.evaluate(id => { location.hash = id; }, hash);
    await stored(page, "note.txt").waitFor();
    assert.equal(await page.locator("#text").inputValue(), "half a sent");
    await say(page, "whole [[text say=Sent.]]");
    await answers(page).filter({hasText: "Sent."}).waitFor();
    await page.reload();
    await answers(page).filter({hasText: "Sent."}).waitFor();
    assert.equal(await page.locator("#text").inputValue(), "");
    assert.equal(await page.locator(".chip").count(), 0);
  });

  test("an input method's Enter sends nothing; arrow up in an empty field rewrites the last message", async t => {
    const page = await open(t);
    await page.locator("#text").fill("にほん");
    await page.locator("#text").evaluate(field => field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", isComposing: true, bubbles: true, cancelable: true})));
    assert.equal(await page.locator("#text").inputValue(), "にほん");
    assert.equal(await page.locator(".user").count(), 0);
    await say(page, "first version [[text say=One.]]");
    await answers(page).filter({hasText: "One."}).waitFor();
    await page.locator("#text").fill("some");
    await page.locator("#text").press("ArrowUp");
    assert.equal(await page.locator(".user .edit").count(), 0);
    await page.locator("#text").fill("");
    await page.locator("#text").press("ArrowUp");
    await page.locator(".user .edit textarea").waitFor();
    assert.match(await page.locator(".user .edit textarea").inputValue(), /^first version/);
  });

  test("on a screen of 320 pixels all of it is there", async t => {
    const page = await open(t, {viewport: {width: 320, height: 568}});
    await choose(page, [`${"long".repeat(20)}.txt`, "text/plain", text("x")]);
    await stored(page, "long").waitFor();
    await page.locator("#text").fill("x".repeat(4001));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px wider than the screen`);
    for (const id of ["#send", "#text"]) {
      const box = await page.locator(id).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 320, `${id} ${JSON.stringify(box)}`);
    }
    await screenshot(page, "field-small");
  });
});

describe("large files in the chat page", () => {
  const site = served({flags: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]}), open = screen(site);

  test("a percentage while it goes, and it can be stopped", async t => {
    const page = await open(t), slow = await page.context().newCDPSession(page);
    await slow.send("Network.enable");
    await slow.send("Network.emulateNetworkConditions", {offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200000});
    await choose(page, ["large.png", "image/png", png(4, 4, {bytes: 3000000})]);
    await page.waitForFunction(() => {
      const bar = document.querySelector("turnpike-chat").shadowRoot.querySelector(".chip progress");
      return bar?.hasAttribute("value") && bar.value > 0 && bar.value < 1;
    });
    await page.locator(".chip .note", {hasText: /^\d+ % of 3 MB$/}).waitFor();
    await screenshot(page, "uploading");
    const [request] = await Promise.all([page.waitForEvent("requestfailed"), chip(page, "large.png").getByRole("button", {name: "Remove large.png"}).click()]);
    assert.match(request.url(), /\/attachments\?/);
    assert.equal(await page.locator(".chip").count(), 0);
  });

  test("a picture by the camera", async t => {
    const page = await open(t, {permissions: ["camera"]});
    await page.getByRole("button", {name: "Take a picture"}).click();
    const dialog = page.getByRole("dialog", {name: "Camera"});
    await dialog.waitFor();
    await page.waitForFunction(() => document.querySelector("turnpike-chat").shadowRoot.querySelector("dialog video").videoWidth > 0);
    await dialog.getByRole("button", {name: "Take the picture"}).click();
    await stored(page, "picture.jpg").locator("img.thumb").waitFor();
    await dialog.waitFor({state: "detached"});
    await page.getByRole("button", {name: "Take a picture"}).click();
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({state: "detached"});
  });
});
