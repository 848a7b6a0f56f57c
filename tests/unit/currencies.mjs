// SPDX-License-Identifier: BSD-2-Clause
// currencies.mjs TABLE ISO_CODES: codes by one package, digits by the other; each difference is named here or fails.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";

const [, , table, list] = process.argv, text = readFileSync(table, "utf8");
const money = new Map([...text.matchAll(/^ {4}\{"([A-Z]{3})", (\d), /gm)].map(([, code, digits]) => [code, Number(digits)]));
const refused = new Set([...text.matchAll(/^ {4}\{"([A-Z]{3})", "[A-Z]*"\},/gm)].map(([, code]) => code));
const iso = JSON.parse(readFileSync(list, "utf8"))["4217"].map(row => row.alpha_3);

assert.ok(money.size > 150 && refused.size > 60, "the tables are read");
// Newer than some releases of iso-codes.
const newer = ["SLE", "VED", "XCG", "ZWG"];
for (const code of money.keys()) assert.ok(iso.includes(code) || newer.includes(code), `${code} is no code of ISO 4217`);
for (const code of iso) assert.ok(money.has(code) || refused.has(code), `${code} is missing`);
for (const code of refused) assert.ok(!money.has(code), `${code} is in both tables`);
// Where Node says how people write sums, not what the standard says: no coin of the smaller unit is left.
const written = ["AFN", "ALL", "COP", "HUF", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "PKR", "SOS", "SYP", "YER"];
for (const [code, digits] of money) {
  const {maximumFractionDigits} = new Intl.NumberFormat("en", {style: "currency", currency: code}).resolvedOptions();
  if (written.includes(code)) assert.ok(digits > maximumFractionDigits, `${code} is no exception any more`);
  else assert.equal(digits, maximumFractionDigits, `digits of ${code}`);
}
console.log(`${money.size} currencies agree, ${refused.size} codes are refused`);
