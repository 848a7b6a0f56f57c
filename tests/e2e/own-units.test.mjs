// SPDX-License-Identifier: BSD-2-Clause
// Currency and units of a person: PUT /context changes what all tools take and show and what the model is told; exchange
// rates of a provider in the form of the European Central Bank.
import {after, before, describe, test} from "node:test";
import assert from "node:assert/strict";
import {once} from "node:events";
import http from "node:http";
import {eventually, Stack} from "./harness.mjs";

const day = ms => new Date(ms).toISOString().slice(0, 10);
const DAY = 86400e3;
/** As eurofxref-hist-90d.xml is. */
const feed = (...days) => `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
	<gesmes:subject>Reference rates</gesmes:subject>
	<gesmes:Sender>
		<gesmes:name>European Central Bank</gesmes:name>
	</gesmes:Sender>
	<Cube>
${days.map(([date, rates]) => `		<Cube time="${date}">${Object.entries(rates).map(([code, rate]) => `<Cube currency="${code}" rate="${rate}"/>`).join("")}</Cube>`).join("\n")}
	</Cube>
</gesmes:Envelope>
`;

describe("money and units of a person", () => {
  let stack, bank, broken = true, asked = 0;
  before(async () => {
    bank = http.createServer((request, response) => {
      asked++;
      response.writeHead(200, {"Content-Type": "text/xml"});
      response.end(broken ? "<html>come back later</html>" : feed([day(Date.now() - DAY), {USD: "1.15", AUD: "1.725", JPY: "180"}], [day(Date.now() - 2 * DAY), {USD: "1.1", AUD: "1.76"}]));
    }).listen(0, "127.0.0.1");
    await once(bank, "listening");
    stack = await Stack.start({settings: {"rates.url": `http://127.0.0.1:${bank.address().port}/eurofxref-hist-90d.xml`, "rates.refresh": "1m"}});
  });
  after(async () => {
    await stack.stop();
    bank.close();
  });

  const call = (user, tool, args, headers = {}) => stack.post(`/tools/${tool}`, args, {headers: {"X-Dev-User": user, ...headers}});
  const put = (user, context) => stack.request("PUT", "/context", {body: context, headers: {"X-Dev-User": user}});

  test("one value for tools and model", async () => {
    assert.equal((await put("bo", {currency: "USD", units: "imperial"})).status, 200);
    const spent = await call("bo", "create_expense", {amount: 12, category: "food"});
    assert.equal(spent.json.expense.currency, "USD");
    const fuel = await call("bo", "add_fuel_entry", {odometer: 1000, volume: 10, total: 40});
    assert.equal(fuel.status, 200, fuel.text);
    assert.ok(Math.abs(fuel.json.entry.volume - 45.4609) < 0.001, fuel.text);
    assert.ok(Math.abs(fuel.json.entry.odometer - 1609.344) < 0.001, fuel.text);
    assert.match(fuel.json.message, /10\.00 imperial gal/);
    await stack.post("/chat", {message: "hello"}, {headers: {"X-Dev-User": "bo"}});
    const told = JSON.stringify(stack.double.requests.at(-1).body);
    assert.match(told, /Currency: USD/);
    assert.match(told, /Units: miles, degrees Fahrenheit, imperial gallons/);
    assert.doesNotMatch(told, /Currency: AUD/);
  });

  test("what is no choice is refused with its field, and nothing is stored", async () => {
    for (const [context, field] of [[{currency: "XXX"}, "currency"], [{currency: "DEM"}, "currency"], [{units: {fuel: "mpg"}}, "units/fuel"], [{timezone: "Mars/Base"}, "timezone"], [{week_start: 1}, "week_start"]]) {
      const reply = await put("cy", {note: "kept?", ...context});
      assert.equal(reply.status, 422, `${JSON.stringify(context)} ${reply.text}`);
      assert.equal(reply.json.field, field, reply.text);
    }
    assert.match((await put("cy", {currency: "DEM"})).json.detail, /EUR/);
    assert.deepEqual((await stack.get("/context", {headers: {"X-Dev-User": "cy"}})).json, {});
  });

  test("the browser's language at first", async () => {
    const american = await call("di", "create_expense", {amount: 5, category: "food"}, {"Accept-Language": "en-US,en;q=0.8"});
    assert.equal(american.json.expense.currency, "USD");
    const german = await call("di", "create_expense", {amount: 5, category: "food"}, {"Accept-Language": "de-DE"});
    assert.equal(german.json.expense.currency, "EUR");
    assert.equal((await call("di", "create_expense", {amount: 5, category: "food"}, {"Accept-Language": "*"})).json.expense.currency, "AUD");
  });

  test("a tool sets what PUT /context sets", async () => {
    const set = await call("ed", "update_settings", {currency: "EUR", units: "us", fuel_economy_unit: "km_per_l"});
    assert.equal(set.status, 200, set.text);
    const context = (await stack.get("/context", {headers: {"X-Dev-User": "ed"}})).json;
    assert.equal(context.currency, "EUR");
    assert.equal(context.units.fuel, "km_per_l");
    assert.equal((await call("ed", "convert_units", {value: 1, from: "gallon", to: "litre"})).json.conversion.from, "gallon_us");
  });

  test("rates are fetched beside the turns; a wrong answer changes nothing", async () => {
    await eventually(() => asked > 0, "the provider is asked");
    const none = await call("fi", "convert_currency", {amount: 10, from: "EUR"});
    assert.notEqual(none.status, 200);
    broken = false;
    const reply = await eventually(async () => {
      const tried = await call("fi", "convert_currency", {amount: 10, from: "EUR"});
      return tried.status === 200 && tried;
    }, "rates are there", 60000);
    assert.equal(reply.json.conversion.result, 17.25);
    assert.equal(reply.json.conversion.rate_date, day(Date.now() - DAY));
    assert.match(reply.json.message, /127\.0\.0\.1/);
    const spent = await call("fi", "create_expense", {amount: 20, category: "food", currency: "USD"});
    assert.equal(spent.json.expense.converted, 30);
    assert.equal((await call("fi", "get_spending_summary", {})).json.summary.total, 30);
  });
});
