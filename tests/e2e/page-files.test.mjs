// Files in the chat page: chosen, uploaded, sent with a message, shown again after a reload.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {answers, say, screenshot, served} from "./browser.mjs";
import {png} from "../doubles/pictures.mjs";

describe("files in the chat page", () => {
  const site = served({settings: {"attachments.bytes": "100k"}});

  test("a picture goes along with the next message, and stands in the conversation", async t => {
    const context = await site.browser.newContext(), page = await context.newPage(), errors = [];
    t.after(() => context.close());
    page.on("pageerror", e => errors.push(String(e)));
    await page.goto(site.stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    const picture = png(40, 30);
    await page.locator("#files").setInputFiles([{name: "road.png", mimeType: "image/png", buffer: picture}, {name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("a note")}]);
    await page.locator(".chip:not(.loading)", {hasText: "road.png"}).waitFor();
    await page.locator(".chip", {hasText: "note.txt"}).getByRole("button").click();
    await screenshot(page, "attached");
    await say(page, "What is this? [[text say=A_road.]]");
    await answers(page).filter({hasText: "A road."}).waitFor();
    assert.equal(await page.locator(".chip").count(), 0);
    const {body} = site.stack.double.requests.at(-1);
    assert.ok(JSON.stringify(body).includes(picture.toString("base64")));
    assert.ok(!JSON.stringify(body).includes("note.txt"), "what was taken away does not go along");
    await page.locator(".user", {hasText: "📎 road.png"}).waitFor();
    await page.reload();
    await page.locator(".user", {hasText: "📎 road.png"}).waitFor();
    assert.deepEqual(errors, []);
  });

  test("a file that is refused is told, and the message stays without it", async t => {
    const context = await site.browser.newContext(), page = await context.newPage();
    t.after(() => context.close());
    await page.goto(site.stack.url);
    await page.locator("#state[data-state=live]").waitFor();
    await page.locator("#files").setInputFiles({name: "large.png", mimeType: "image/png", buffer: png(4, 4, {bytes: 200000})});
    await page.locator("#notice", {hasText: "large.png could not be sent: body is larger than the 102400 bytes of one file."}).waitFor();
    assert.equal(await page.locator(".chip").count(), 0);
  });
});
