// SPDX-License-Identifier: BSD-2-Clause
// Pictures of the page on a phone and on a desktop, light and dark: node tests/e2e/screenshots.mjs DIRECTORY
// The offline provider answers, so a picture shows what anybody gets from ./run without a model's key.
import {mkdirSync} from "node:fs";
import {join} from "node:path";
import {launch, say} from "./browser.mjs";
import {Stack, uuid} from "./harness.mjs";

const directory = process.argv[2];
if (!directory) {
  console.error("usage: node tests/e2e/screenshots.mjs DIRECTORY");
  process.exit(2);
}
mkdirSync(directory, {recursive: true});

const DEVICES = {
  phone: {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, isMobile: true, hasTouch: true},
  desktop: {viewport: {width: 1280, height: 800}, deviceScaleFactor: 1},
};
const TALK = ["Plan a trip from Sydney to Brisbane", "I spent 85.40 on fuel today"];

const stack = await Stack.start({settings: {"model.chain": "offline", "offline.word_delay": "0ms", default_zone: "Australia/Sydney"}});
const browser = await launch();

/** A page of a user of its own, live. */
async function open(options, user) {
  const context = await browser.newContext({locale: "en-AU", timezoneId: "Australia/Sydney", reducedMotion: "reduce", extraHTTPHeaders: {"X-Dev-User": user}, ...options});
  const page = await context.newPage();
  await page.goto(`${stack.url}/#${uuid()}`);
  await page.locator("#state[data-state=live]").waitFor();
  await page.evaluate(() => { document.getElementById("development").hidden = true; }); // a site has no such tag
  return page;
}

async function shoot(page, name) {
  const path = join(directory, `${name}.png`);
  await page.screenshot({path});
  console.log(path);
}

try {
  for (const [device, options] of Object.entries(DEVICES)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open({...options, colorScheme}, `${device}-${colorScheme}`);
      await shoot(page, `${device}-${colorScheme}-welcome`);
      for (const [i, words] of TALK.entries()) {
        await say(page, words);
        await page.locator(".assistant:not(.streaming)").nth(i).waitFor();
        await page.locator("#stop").waitFor({state: "hidden"});
      }
      await page.locator("#text").blur();
      await page.locator("#chats li").first().waitFor({state: "attached"});
      await page.locator("turnpike-chat svg.map, turnpike-chat figure svg").first().waitFor({state: "attached"});
      await page.locator("#to-end, .to-end").first().waitFor({state: "hidden"});
      await shoot(page, `${device}-${colorScheme}`);
      await page.locator("#open-settings").click();
      await page.getByRole("dialog").waitFor();
      await shoot(page, `${device}-${colorScheme}-settings`);
      await page.context().close();
    }
  }
} finally {
  await browser.close();
  await stack.stop();
}
