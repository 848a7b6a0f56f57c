// SPDX-License-Identifier: BSD-2-Clause
// The short form of the campaign, for ./check. `make faults` runs the long one.
import {test} from "node:test";
import assert from "node:assert/strict";
import {campaign, tell} from "./campaign.mjs";

test("processes are killed under load: nothing is lost, doubled, torn or left over", {timeout: 240000}, async () => {
  const report = await campaign({seconds: Number(process.env.TURNPIKE_FAULTS_SECONDS ?? 40)});
  console.log(tell(report));
  if (report.faults.length || report.left.length) console.log(report.log);
  assert.ok(report.kills > 20 && report.accepted > 40, "too little happened");
  assert.deepEqual([report.lost, report.doubled, report.torn], [0, 0, 0], report.faults.slice(0, 10).join("\n"));
  assert.deepEqual(report.left, []);
  assert.equal(report.gaveUp.turn_attempts, undefined);
});
