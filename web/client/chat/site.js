// SPDX-License-Identifier: BSD-2-Clause
// What a site says of itself before anybody signs in: GET /page (docs/http-api.md).

const asked = new Map(); // address -> promise

/** {name, images, tiles, voice, ...}; {} when it cannot be had now: the next call asks again. */
export function siteInfo(url, base = "/api/v1/pam") {
  const address = new URL(`${base}/page`, url).href;
  if (!asked.has(address)) {
    const asking = fetch(address, {signal: AbortSignal.timeout(10000)}).then(reply => {
      if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
      return reply.json();
    }).catch(() => {
      asked.delete(address);
      return {};
    });
    asked.set(address, asking);
  }
  return asked.get(address);
}
