// SPDX-License-Identifier: BSD-2-Clause
// Three machines and a cluster of six nodes in network namespaces. `node tests/faults/machines.mjs --kills 500` is the long form.
import {test} from "node:test";
import assert from "node:assert/strict";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {insideNetwork, noNetwork} from "./network.mjs";

const none = noNetwork();

test("a machine that is cut off writes no turn on, says so to its clients, and recovers; nothing is lost or done twice", {skip: none ?? false, timeout: 240000}, async () => {
  const {code, output} = await insideNetwork(join(dirname(fileURLToPath(import.meta.url)), "cut.mjs"), [], {quiet: true});
  assert.equal(code, 0, output);
  assert.match(output, /^whole$/m);
});
