// SPDX-License-Identifier: BSD-2-Clause
// Three machines and a cluster of six nodes in network namespaces. `make faults` has the long forms: machines.mjs, cut.mjs.
import {test} from "node:test";
import assert from "node:assert/strict";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {insideNetwork, noNetwork} from "./network.mjs";

const none = noNetwork();

test("a machine that hears nothing of the cluster says so to its clients and recovers; what it asked for is done once", {skip: none ?? false, timeout: 240000}, async () => {
  const {code, output} = await insideNetwork(join(dirname(fileURLToPath(import.meta.url)), "cut.mjs"), ["--deaf"], {quiet: true});
  assert.equal(code, 0, output);
  assert.match(output, /^whole$/m);
});
