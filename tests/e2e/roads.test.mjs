// SPDX-License-Identifier: BSD-2-Clause
// Services for routes and places, and GPX files, as an API consumer meets them: through nginx, with doubles of the services.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {createServer} from "node:http";
import {Stack, uuid} from "./harness.mjs";

/** A service that notes what it is asked and answers by `answer`. */
async function service(answer) {
  const asked = [];
  const server = createServer((request, reply) => {
    let body = "";
    request.on("data", bytes => { body += bytes; });
    request.on("end", () => {
      asked.push({url: request.url, method: request.method, body, agent: request.headers["user-agent"]});
      const [status, json] = answer(request.url, body);
      reply.writeHead(status, {"Content-Type": "application/json"});
      reply.end(JSON.stringify(json));
    });
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  return {asked, url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close()};
}

describe("routes, places and tracks", () => {
  let stack, routes, places, ferry = false, broken = false;
  before(async () => {
    routes = await service((url, body) => {
      if (broken) return [503, {error: "away"}];
      const {locations} = JSON.parse(body);
      return [200, {trip: {legs: locations.slice(1).map(() => ({summary: {length: 100, time: 5400, has_toll: ferry},
        maneuvers: ferry ? [{type: 28, street_names: ["Sound Ferry"]}] : []}))}}];
    });
    places = await service(url => [200, url.includes("Nowhere") ? [] : [{lat: "-28.65", lon: "153.61", display_name: "Zzyzx Station", importance: 0.5}]]);
    stack = await Stack.start({double: false, settings: {"valhalla.url": routes.url, "geocode.url": places.url, "geocode.interval": "100ms"}});
  });
  after(async () => { await stack?.stop(); routes?.stop(); places?.stop(); });
  const call = async (tool, args, user) => {
    const r = await stack.post(`/tools/${tool}`, args, {headers: {"X-Dev-User": user}});
    return {...r, result: r.json?.result ?? r.json};
  };
  const way = {origin: "-33.87,151.2", destination: "-34.9,150.6"};

  test("the size of the vehicle goes to the routing service, and its ferries are named", async () => {
    const user = uuid();
    assert.equal((await call("create_vehicle", {name: "Rig", height_m: 3.4}, user)).status, 200);
    assert.equal((await call("update_vehicle_size", {weight_t: 4.5}, user)).status, 200);
    ferry = true;
    const r = await call("calculate_distance", {...way, avoid: ["tolls"]}, user);
    ferry = false;
    assert.equal(r.status, 200, r.text);
    assert.equal(r.result.route.distance_km, 100);
    const question = JSON.parse(routes.asked.at(-1).body);
    assert.equal(question.costing, "truck");
    assert.deepEqual(question.costing_options.truck, {height: 3.4, weight: 4.5, use_tolls: 0});
    assert.match(r.result.notes.join("\n"), /Sound Ferry.*tolls on the way.*height 3\.40 m/s);
  });

  test("without the routing service it is an estimate that says so", async () => {
    broken = true;
    const r = await call("estimate_travel_time", way, uuid());
    broken = false;
    assert.equal(r.status, 200, r.text);
    assert.match(r.result.notes.join("\n"), /could not be asked; this is an estimate/);
  });

  test("the site asks the geocoder once for a name, whoever asks", async () => {
    for (const name of ["Zzyzx Station", "zzyzx  STATION"]) {
      const r = await call("get_current_time", {timezone: name}, uuid());
      assert.equal(r.status, 200, r.text);
      assert.equal(r.result.time.timezone.startsWith("Australia/"), true, r.text);
    }
    const nothing = await call("calculate_distance", {origin: "Nowhere Qqq", destination: "-30,150"}, uuid());
    assert.equal(nothing.status, 422, nothing.text);
    assert.equal(places.asked.filter(({url}) => /zzyzx/i.test(url)).length, 1);
    assert.match(places.asked[0].agent, /turnpike/);
  });

  test("a GPX file is summed up in a tool process, and a bomb harms nobody", async () => {
    const user = uuid();
    const gpx = "<gpx version=\"1.1\"><trk><trkseg><trkpt lat=\"0\" lon=\"0\"><ele>1</ele></trkpt><trkpt lat=\"0\" lon=\"1\"><ele>301</ele></trkpt></trkseg></trk></gpx>";
    const r = await call("import_gpx", {gpx, store: "track"}, user);
    assert.equal(r.status, 200, r.text);
    assert.ok(Math.abs(r.result.track.distance_km - 111.2) < 0.1, r.text);
    assert.equal(r.result.track.ascent_m, 300);
    const bomb = await call("import_gpx", {gpx: "<!DOCTYPE a [<!ENTITY b \"&b;&b;\">]><gpx>&b;</gpx>"}, user);
    assert.equal(bomb.status, 422, bomb.text);
    assert.match(bomb.json.detail, /document type/);
    assert.equal((await call("plan_trip", way, user)).status, 200);
    const file = await call("export_trip_gpx", {}, user);
    assert.equal(file.status, 200, file.text);
    assert.match(file.result.file.text, /<rtept lat="-33\.870000" lon="151\.200000">/);
  });
});
