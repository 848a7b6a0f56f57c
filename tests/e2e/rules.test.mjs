// SPDX-License-Identifier: BSD-2-Clause
// Repetition rules from outside: none ends a process, and what is taken has the right days.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {Stack, uuid} from "./harness.mjs";

describe("repetition rules", () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack?.stop());
  const create = args => stack.post("/tools/create_calendar_event", {title: "x", ...args}, {headers: {"Idempotency-Key": uuid()}});
  const pids = async () => (await stack.status()).slots.map(s => s.pid).sort().join();

  test("rules of the kind that killed workers are answered, stored ones are read, and no process ends", async () => {
    const before = await pids();
    for (const start of ["2027-09-02T09:00:00Z", "2027-01-01T09:00:00Z", "2027-12-31T09:00:00Z"])
      for (const weeks of ["39,53", "38", "39", "40", "53", "-53", "1,-1", "20"])
        for (const more of ["", ";BYDAY=MO", ";BYSETPOS=-1", ";INTERVAL=3", ";COUNT=1000", ";WKST=TH"]) {
          const reply = await create({start_date: start, repeat: `FREQ=YEARLY;BYWEEKNO=${weeks}${more}`});
          assert.ok([200, 201, 422].includes(reply.status), `${weeks}${more}: ${reply.text}`);
        }
    const list = await stack.post("/tools/get_calendar_events", {start_date: "2027-01-01", end_date: "2029-01-01"});
    assert.equal(list.status, 200, list.text);
    assert.equal(await pids(), before);
  });

  test("twice a day is one event with two times", async () => {
    const made = await create({title: "Pills", start_date: "2027-03-01T08:00:00Z", repeat: "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0"});
    assert.equal(made.status, 200, made.text);
    const list = await stack.post("/tools/get_calendar_events", {start_date: "2027-03-01", end_date: "2027-03-02"});
    const pills = list.json.events.filter(e => e.title === "Pills").map(e => e.start_date.slice(0, 16));
    assert.deepEqual(pills.slice(0, 3), ["2027-03-01T08:00", "2027-03-01T20:00", "2027-03-02T08:00"]);
  });
});
