// SPDX-License-Identifier: BSD-2-Clause
// GET /page: what a page is told of its site before anybody has signed in.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {rmSync} from "node:fs";
import {join} from "node:path";
import {production} from "./credentials.mjs";
import {scratch, Stack} from "./harness.mjs";

describe("what the page is told of its site", () => {
  let stack, dir;
  before(async () => {
    dir = scratch("tp-site-");
    stack = await Stack.start({settings: {
      ...production(join(dir, "keys")), "page.name": "Frau Müller", "page.images": "https://pictures.example.org  https://b.example.org",
      "page.tiles_url": "https://tiles.example.org/{z}/{x}/{y}.png", "page.tiles_attribution": "Tile \"Makers\"",
      "page.sign_in_url": "/login", "page.post_message": "https://www.example.org", "http.message": "4321", "attachments.message": "3",
      "attachments.kinds": "image/png text/*",
    }});
  });
  after(async () => {
    await stack?.stop();
    rmSync(dir, {recursive: true});
  });

  test("anybody may ask, and gets the settings", async () => {
    const reply = await stack.get("/page");
    assert.equal(reply.status, 200, reply.text);
    const {languages, push, voice, sign_in, ...site} = reply.json;
    assert.deepEqual(site, {
      name: "Frau Müller", development: false, images: ["https://pictures.example.org", "https://b.example.org"],
      tiles: {url: "https://tiles.example.org/{z}/{x}/{y}.png", attribution: "Tile \"Makers\""},
      limits: {message: 4321, attachments: {count: 3, bytes: 5 * 1024 * 1024, kinds: ["image/png", "text/*"]}},
    });
    assert.deepEqual([sign_in.form, sign_in.fragment, sign_in.post_message, sign_in.cookie, sign_in.url], [true, true, ["https://www.example.org"], false, "/login"]);
    assert.ok(push !== undefined && voice !== undefined);
    assert.deepEqual(languages.slice(0, 4), ["en", "de", "es", "fr"]);
  });

  test("a browser asks again whether it still holds", async () => {
    const first = await stack.get("/page");
    assert.equal(first.headers["cache-control"], "private, no-cache");
    const again = await stack.get("/page", {headers: {"If-None-Match": first.headers.etag}});
    assert.equal(again.status, 304);
    assert.equal(again.text, "");
    assert.equal((await stack.request("HEAD", "/page")).status, 200);
    assert.equal((await stack.request("POST", "/page", {body: {}})).status, 405);
  });

  test("the page may show what the settings name, and its window may be held by who hands over a token", async () => {
    const {headers} = await stack.get("/", {raw: true});
    assert.match(headers["content-security-policy"], /img-src 'self' data: blob: https:\/\/pictures\.example\.org https:\/\/b\.example\.org https:\/\/tiles\.example\.org;/);
    assert.equal(headers["cross-origin-opener-policy"], "unsafe-none");
  });
});

test("of a site as it comes: no sign-in elsewhere, no pictures, no tiles", async t => {
  const stack = await Stack.start();
  t.after(() => stack.stop());
  const site = (await stack.get("/page")).json;
  assert.deepEqual([site.name, site.development, site.images, site.tiles, site.sign_in.url, site.sign_in.post_message], ["PAM", true, [], null, undefined, []]);
  const {headers} = await stack.get("/", {raw: true});
  assert.match(headers["content-security-policy"], /img-src 'self' data: blob:;/);
  assert.equal(headers["cross-origin-opener-policy"], "same-origin");
});
