// SPDX-License-Identifier: BSD-2-Clause
// Chromium for the tests of the page.
import {after, before} from "node:test";
import {existsSync, mkdirSync} from "node:fs";
import {join} from "node:path";
import {chromium} from "playwright-core";
import {BUILD, Stack} from "./harness.mjs";

const SHOTS = join(BUILD, "screenshots");

/** flags: further ones of Chromium. */
export function launch(flags = []) {
  return chromium.launch({
    executablePath: ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", ...flags],
  });
}

/** A stack and a Chromium for the tests of one describe: {stack, browser} once they run. flags: as of launch. */
export function served({flags, ...options} = {}) {
  const site = {};
  before(async () => {
    site.stack = await Stack.start(options);
    site.browser = await launch(flags);
  });
  after(async () => {
    await site.browser?.close();
    await site.stack?.stop();
  });
  return site;
}

/** What a person can look at afterwards: screenshots/NAME.png of the build. */
export async function screenshot(page, name) {
  mkdirSync(SHOTS, {recursive: true});
  await page.screenshot({path: join(SHOTS, `${name}.png`)});
}

/** Writes a message as a user does. */
export async function say(page, text) {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
}

/** The answers that are whole. */
export const answers = page => page.locator(".assistant:not(.streaming) .text");
