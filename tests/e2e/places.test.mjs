// SPDX-License-Identifier: BSD-2-Clause
// Places, seas and the vehicle's consumption, as an API consumer and as a user of the chat meets them.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {existsSync} from "node:fs";
import {join} from "node:path";
import {BUILD, Stack, uuid} from "./harness.mjs";

const whole = existsSync(join(BUILD, "landmass.bin"));

describe("places and seas", {skip: !whole && "the build has no land mask (npm was not to be had)"}, () => {
  let stack;
  before(async () => { stack = await Stack.start({double: false}); });
  after(() => stack.stop());
  const call = (tool, args, user = uuid()) => stack.post(`/tools/${tool}`, args, {headers: {"X-Dev-User": user}});

  test("there is no road over the sea, in any tool", async () => {
    for (const [tool, args] of [
      ["calculate_distance", {origin: "Sydney", destination: "Auckland"}],
      ["estimate_travel_time", {origin: "Los Angeles", destination: "Honolulu"}],
      ["plan_trip", {origin: "Miami", destination: "Nassau"}],
      ["optimize_route", {waypoints: ["Sydney", "Auckland", "Melbourne"]}],
      ["mapbox_navigator", {action: "calculate_costs", origin: "Perth, WA", destination: "Rottnest Island"}],
      ["suggest_seasonal_route", {origin: "Sydney", destination_region: "Fiji"}],
    ]) {
      const r = await call(tool, args);
      assert.equal(r.status, 422, `${tool}: ${r.text}`);
      assert.equal(r.json.code, "no_route", r.text);
      assert.match(r.json.detail, /no road.*flight/s, r.text);
      assert.doesNotMatch(r.text, /drive_hours|distance_km/);
    }
  });

  test("a car ferry is named and not counted", async () => {
    for (const [origin, destination, ferry] of [["Melbourne", "Hobart", /Spirit of Tasmania/], ["Helsinki", "Tallinn", /Tallinn ferry/],
      ["Naples", "Split", /Split ferry/], ["Wellington", "Nelson, New Zealand", /Interislander/], ["Vancouver", "Victoria, BC", /BC Ferries/]]) {
      const r = await call("calculate_distance", {origin, destination});
      assert.equal(r.status, 200, r.text);
      const {result} = r.json;
      assert.match((result ?? r.json).route.crossings[0].name, ferry, r.text);
      assert.equal((result ?? r.json).route.crossings[0].included, false);
    }
  });

  test("the near goes with the near, and what nothing decides is a question", async () => {
    const near = async (origin, destination) => {
      const r = await call("calculate_distance", {origin, destination});
      assert.equal(r.status, 200, r.text);
      const {route} = r.json.result ?? r.json;
      return `${route.origin.country_code} ${route.destination.country_code}`;
    };
    assert.equal(await near("Christchurch", "Queenstown"), "NZ NZ");
    assert.equal(await near("Eden", "Sydney"), "AU AU");
    assert.equal(await near("Miami", "Florida"), "US US");
    assert.equal(await near("Moab", "Yellowstone"), "US US");
    assert.equal(await near("Broome", "Uluru"), "AU AU");
    const r = await call("plan_trip", {origin: "Christchurch", destination: "-20,57"});
    assert.equal(r.status, 409, r.text);
    assert.equal(r.json.code, "ambiguous");
    assert.match(r.json.detail, /Christchurch, Canterbury, New Zealand or Christchurch, England, United Kingdom/);
  });

  test("the vehicle's consumption counts", async () => {
    const user = uuid();
    const cost = async () => {
      const r = await call("calculate_gas_cost", {distance_km: 1000}, user);
      assert.equal(r.status, 200, r.text);
      return (r.json.result ?? r.json).cost;
    };
    assert.equal((await cost()).consumption_source, "assumed");
    assert.equal((await call("create_vehicle", {name: "Bessie"}, user)).status, 200);
    assert.equal((await call("update_vehicle_fuel_consumption", {mpg: 20}, user)).status, 200);
    const after = await cost();
    assert.equal(after.consumption_source, "vehicle");
    assert.ok(Math.abs(after.total - 235) < 1, JSON.stringify(after));
  });
});
