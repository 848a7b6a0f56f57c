// SPDX-License-Identifier: BSD-2-Clause
// make-currencies.mjs -- writes tools/kit/currency_table.c: the codes and digits of ISO 4217 from the npm package
// `currency-codes` (MIT; its data is the standard's own list), with what build-aux/currencies.txt adds.
// Needed only when the standard changes: npm install currency-codes in a folder, then from there
//   node .../build-aux/make-currencies.mjs > .../tools/kit/currency_table.c
// tests/unit/currencies.sh compares the table with two independent ones.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";

const load = createRequire(join(process.cwd(), "package.json"));
const digits = new Map(load("currency-codes/data").map(row => [row.code, row.digits]));
const ours = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "currencies.txt"), "utf8")
  .split("\n").filter(line => line && !line.startsWith("#")).map(line => line.split(" "));
const of = word => ours.filter(([first]) => first === word).map(([, code, value]) => [code, value]);
const worth = new Map(of("worth")), units = new Set(of("unit").map(([code]) => code)), instead = new Map([...of("was"), ...of("gone")]);

for (const [code, count] of of("new")) digits.set(code, Number(count));
for (const code of [...instead.keys(), ...units]) digits.delete(code);
for (const code of digits.keys()) if (!worth.has(code)) throw new Error(`currencies.txt does not say what ${code} is worth`);
for (const [code, other] of instead) if (!digits.has(other)) throw new Error(`${other}, named for ${code}, is no currency`);

const sorted = keys => [...keys].sort();
console.log(`/* SPDX-License-Identifier: BSD-2-Clause */
/* Written by build-aux/make-currencies.mjs; change build-aux/currencies.txt. */
#include "tools/kit/currency_table.h"

const struct currency_row currency_table[] = {
${sorted(digits.keys()).map(code => `    {"${code}", ${digits.get(code)}, ${worth.get(code)}},`).join("\n")}
};
const size_t currency_table_count = sizeof currency_table / sizeof *currency_table;

const struct currency_other currency_others[] = {
${sorted([...instead.keys(), ...units]).map(code => `    {"${code}", "${instead.get(code) ?? ""}"},`).join("\n")}
};
const size_t currency_others_count = sizeof currency_others / sizeof *currency_others;`);
