// SPDX-License-Identifier: BSD-2-Clause
// Cards: what tools found, as a person reads it. Results are those of the real tools; of tools that ask a service outside, made by hand.
import {describe, test} from "node:test";
import assert from "node:assert/strict";
import {answers, say, screenshot, served} from "./browser.mjs";
import {barePage} from "./answers.mjs";
import {SLOW, uuid} from "./harness.mjs";

const PLACE = {name: "Byron Bay, New South Wales, Australia", latitude: -28.64, longitude: 153.61, timezone: "Australia/Sydney"};
const OUTSIDE = { // by hand, after the tools' result schemas
  get_weather_forecast: {weather: {place: PLACE, timezone: "Australia/Sydney", source: "Open-Meteo", retrieved_at: "2026-11-30T00:00:00Z",
    current: {temperature_c: 24.4, feels_like_c: 25.1, conditions: "partly cloudy", wind_kmh: 18, humidity_percent: 61},
    days: ["clear sky", "partly cloudy", "rain", "thunderstorm", "fog", "snow"].map((conditions, i) => ({date: `2026-12-0${i + 1}`, conditions, high_c: 27.6 - i, low_c: 18.2 - i,
      rain_chance_percent: 12 * i, travel: i === 3 ? "poor" : i === 2 ? "caution" : "good", ...i === 3 && {warnings: ["Gusts of 90 km/h"]}}))}},
  weather_advisor: {weather: {days: [{date: "2026-12-01", conditions: "rain", high_c: 20, low_c: 11}], source: "x", retrieved_at: "",
    along_route: [{place: PLACE, days: [{date: "2026-12-02", conditions: "clear sky", high_c: 30, low_c: 21}]}]}},
  find_rv_parks: {parks: [{name: "First Sun Holiday Park", kind: "caravan site", latitude: -28.642, longitude: 153.607, distance_km: 0.6, distance_miles: 0.4, fee: "yes", amenities: ["water", "power"]},
    {name: "Suffolk Beachfront", latitude: -28.69, longitude: 153.61, distance_km: 5.4, distance_miles: 3.4}], place: PLACE, found: 14, source: "OpenStreetMap", retrieved_at: "", attribution: "© OpenStreetMap contributors"},
  find_attractions: {attractions: [{name: "Cape Byron Lighthouse", kind: "lighthouse", latitude: -28.638, longitude: 153.636, distance_km: 2.6, distance_miles: 1.6}], place: PLACE, found: 1, source: "", retrieved_at: "", attribution: "©"},
  find_cheap_gas: {stations: [{name: "Corner Fuel", price: 1.859, currency: "AUD", unit: "L", latitude: -28.65, longitude: 153.6, distance_km: 1.1, distance_miles: 0.7, address: "1 Main St"}], place: PLACE, fuel_type: "diesel", source: "", retrieved_at: ""},
  get_road_conditions: {road_conditions: [{road: "Pacific Highway", headline: "Road works, one lane", severity: "MINOR", updated_at: "2026-11-29T10:00:00Z"}], found: 1, source: "", retrieved_at: ""},
  save_recipe: {recipe: {id: "r", name: "Camp pasta", ingredients: ["200 g pasta", "1 onion"], instructions: ["Boil.", "Mix."], servings: 2, prep_minutes: 5, cook_minutes: 15, dietary_tags: ["vegetarian"]}},
  search_recipes: {recipes: [{id: "r", name: "Camp pasta", total_minutes: 75, ingredients: [], source: "own"}], count: 1, total: 4, left_out_by_diet: 0},
  plan_meals: {meal_plan: {id: "p", start_date: "2026-12-01", end_date: "2026-12-02", timezone: "UTC", method: "", days: [{date: "2026-12-01", meals: [{meal_type: "dinner", recipe_id: "r", name: "Camp pasta", source: "own"}]}]}, unfilled: 0},
  generate_shopping_list: {shopping_list: {id: "s", name: "Week in Byron", items: [{name: "pasta", quantity: 0.5, unit: "kg", recipes: 2}, {name: "onions", quantity: 3, recipes: 1, note: "red"}], from_pantry: [{name: "salt", recipes: 1}]}, missing_recipes: 0},
};

/** Calls real tools; the results by name. */
async function realResults(stack) {
  const out = {};
  async function call(name, args = {}) {
    const {status, json, text} = await stack.post(`/tools/${name}`, args);
    assert.equal(status, 200, `${name}: ${text}`);
    out[name] = json;
    return json;
  }
  const month = new Date().toISOString().slice(0, 7);
  await call("plan_trip", {origin: "Sydney", destination: "Brisbane", waypoints: ["Port Macquarie", "Coffs Harbour", "Byron Bay"], start_date: "2030-12-10", end_date: "2030-12-14", budget: 1500});
  await call("calculate_distance", {origin: "Hobart", destination: "Melbourne"});
  await call("mapbox_navigator", {action: "plan_route", origin: "Auckland", destination: "Wellington"});
  await call("estimate_travel_time", {origin: "Sydney", destination: "Perth", departure_time: "2030-12-10T08:00"});
  await call("optimize_route", {waypoints: ["Sydney", "Adelaide", "Melbourne", "Canberra"]});
  await call("suggest_seasonal_route", {origin: "Melbourne", destination_region: "Cairns"});
  await call("seasonal_weather_check", {region: "Cairns", month: "january"});
  await call("calculate_gas_cost", {distance_km: 500});
  await call("save_favorite_spot", {location_name: "The Pass", location_address: "Byron Bay"});
  const {event} = await call("create_calendar_event", {title: "Dentist", start_date: "2030-12-03T10:30", end_date: "2030-12-03T11:15", event_type: "personal", reminder_minutes: [1440, 60, 10], location_name: "Sydney"});
  await call("create_calendar_event", {title: "Leave for Byron Bay", start_date: "2030-12-12", event_type: "trip"});
  await call("get_calendar_events", {start_date: "2030-12-01", end_date: "2030-12-31"});
  await call("update_calendar_event", {event_id: event.id, title: "Dentist (moved)", start_date: "2030-12-04T11:00"});
  out.delete_calendar_event = {event}; // asks first
  await call("set_timer_or_alarm", {action: "create", type: "timer", duration_seconds: 600, label: "Tea"});
  for (const [amount, category, d] of [[82.5, "diesel", "01"], [45, "groceries", "01"], [38, "campground", "01"], [120.4, "groceries", "01"], [60, "restaurant", "01"]])
    await call("create_expense", {amount, category, date: `${month}-${d}`, currency: "AUD", description: `some ${category}`, location: "Ballina"});
  for (const [category, amount] of [["groceries", 150], ["diesel", 300], ["campground", 45]]) await call("update_budget", {category, amount, currency: "AUD", period: "monthly"});
  for (const name of ["get_spending_summary", "analyze_budget", "compare_vs_budget", "predict_end_of_month", "find_savings_opportunities"]) await call(name);
  await call("track_savings", {amount: 12, currency: "AUD", category: "groceries", event_type: "campground"});
  await call("export_budget_report", {format: "json"});
  await call("manage_finances", {action: "fetch_summary"});
  const {vehicle} = await call("create_vehicle", {name: "Van", make: "VW", model: "Crafter", year: 2019, fuel_type: "diesel"});
  await call("update_vehicle_fuel_consumption", {vehicle_id: vehicle.id, l_per_100km: 9.5});
  let entry;
  for (const [odometer, volume, price, date] of [[1000, 60, 1.9, "2026-10-01"], [1600, 62, 1.95, "2026-10-11"], [2150, 58, 1.99, "2026-10-21"]])
    ({entry} = await call("add_fuel_entry", {odometer, volume, price, currency: "AUD", entry_date: date}));
  await call("get_fuel_log");
  await call("get_fuel_stats", {period: "all"});
  out.update_fuel_entry = out.delete_fuel_entry = {entry};
  await call("create_maintenance_record", {task: "Oil change", service_date: "2030-12-20", mileage: 3000});
  await call("get_maintenance_schedule");
  out.get_maintenance_history = {...out.get_maintenance_schedule, total_cost: [{currency: "AUD", total: 240, total_minor: 24000, count: 1}]};
  out.update_maintenance_record = out.delete_maintenance_record = {record: out.create_maintenance_record.record};
  await call("manage_pantry", {action: "add", ingredient_name: "milk", quantity: 1, unit: "l", expiry_date: "2030-12-02"});
  const spread = out.export_budget_report.report.expenses.map((e, i) => ({...e, date: `${month}-${String(3 + 5 * i).padStart(2, "0")}`})); // as it is later in a month
  out.export_budget_report.report = {...out.export_budget_report.report, expenses: spread, from: `${month}-01`, to: `${month}-28`};
  return {...out, ...OUTSIDE, share_recipe: OUTSIDE.save_recipe, find_longstay_parks: OUTSIDE.find_rv_parks};
}

/** Runs in the page: shows the cards of results; what each is. */
async function show({results, ctx, language}) {
  const {card, loadCards} = await import("/client/chat/cards.js"), {setLanguage, t} = await import("/client/chat/words.js");
  await setLanguage(language ?? "en");
  await loadCards();
  const main = document.querySelector("main"), out = {};
  main.replaceChildren();
  for (const [name, result] of Object.entries(results)) {
    const e = card(name, result, {}, {t, ...ctx});
    if (e) main.append(e);
    out[name] = e && e.innerText.replaceAll("\u202f", " ").replaceAll("\u00a0", " ").replace(/\n+/g, "\n");
  }
  for (const figure of document.querySelectorAll(".map")) {
    for (let i = 0; i < 500 && !figure.dataset.coast && !figure.querySelector("image"); i++) await new Promise(go => setTimeout(go, 20));
  }
  return out;
}

describe("cards", () => {
  const site = served({double: false});
  let results;

  async function open(t, options = {}) {
    results ??= await realResults(site.stack);
    const context = await site.browser.newContext({viewport: {width: 360, height: 800}, locale: "en-AU", ...options});
    t.after(() => context.close());
    return barePage(site, context);
  }

  test("each tool that has a card is there, and its real result makes one", async t => {
    const page = await open(t), shown = await page.evaluate(show, {results, ctx: {}});
    const names = await page.evaluate(async () => Object.keys((await import("/client/chat/cards.js")).CARDS));
    const tools = (await site.stack.get("/tools")).json.tools.map(tool => tool.name);
    assert.deepEqual(names.filter(name => !tools.includes(name)), []);
    assert.deepEqual(names.filter(name => !shown[name]), [], "no card");
    for (const [name, words] of Object.entries({
      plan_trip: /Sydney to Brisbane[\s\S]*Distance\n[\d,]+ km[\s\S]*Budget\n(A?\$)1,500/, calculate_distance: /Ferry|Melbourne/, create_calendar_event: /Leave for Byron Bay\nWhen\nThu, 12 Dec 2030/,
      update_calendar_event: /4 Dec 2030/, delete_calendar_event: /Deleted/, get_spending_summary: /\$345\.90[\s\S]*Groceries\n\$165\.40/, analyze_budget: /Groceries\n\$165\.40 of \$150\.00[\s\S]*over the limit/,
      get_weather_forecast: /Weather in Byron Bay[\s\S]*24°C, partly cloudy[\s\S]*better not to drive[\s\S]*⚠ Gusts/, get_fuel_log: /3 fill-ups[\s\S]*10\.\d l\/100 km/, generate_shopping_list: /Week in Byron\npasta\n0\.5 kg/,
    })) assert.match(shown[name], words);
    assert.deepEqual([page.outside, page.said], [[], []]);
  });

  test("money, dates, distances and degrees are those of the user's language, units, the result's currency and zone", async t => {
    const page = await open(t), event = {id: "e", title: "Flight", start_ms: Date.UTC(2030, 11, 3, 22, 30), all_day: false, timezone: "Pacific/Auckland"};
    const pick = {...results, create_calendar_event: {event}, create_expense: {expense: {amount: 1234.5, currency: "JPY", category: "diesel", date: "2030-12-24"}}};
    const german = await page.evaluate(show, {results: pick, ctx: {units: "metric"}, language: "de"});
    assert.match(german.create_calendar_event, /4\. Dez\. 2030[\s\S]*11:30/);
    assert.match(german.create_expense, /1\.235 ¥[\s\S]*24\. Dez\. 2030/);
    assert.match(german.plan_trip, /\d(\.\d{3})? km/);
    const english = await page.evaluate(show, {results: pick, ctx: {units: "imperial"}});
    assert.match(english.plan_trip, /\d mi/);
    assert.match(english.get_weather_forecast, /76°F/);
    const odd = await page.evaluate(show, {results: {create_expense: {expense: {amount: 5, currency: "NOT A CODE", category: "x_y", date: "soon"}}, create_calendar_event: {event: {...event, timezone: "No/Where"}}}, ctx: null});
    assert.match(odd.create_expense, /X y\n5\nDate\nsoon/);
    assert.match(odd.create_calendar_event, /2030/);
  });

  test("each card fits a small screen, light and dark, and says what it draws", {timeout: 120000 * SLOW}, async t => {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(t, {colorScheme});
      for (const width of [320, 360, 780]) {
        await page.setViewportSize({width, height: 800});
        const shown = await page.evaluate(show, {results, ctx: {}}), count = Object.values(shown).filter(Boolean).length;
        assert.ok(count >= 40, `${count} cards`);
        const faults = await page.evaluate(() => [
          ...document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} wide`] : [],
          ...[...document.querySelectorAll(".card")].filter(e => e.scrollWidth > e.clientWidth).map(e => `${e.ariaLabel} is ${e.scrollWidth} wide`),
          ...[...document.querySelectorAll(".card svg")].filter(e => e.getAttribute("aria-hidden") !== "true" && !(e.getAttribute("role") === "img" && e.getAttribute("aria-label"))).map(e => e.outerHTML.slice(0, 100)),
          ...[...document.querySelectorAll(".card")].filter(e => !e.getAttribute("aria-label")).map(() => "a card without a name"),
          ...[...document.querySelectorAll(".card table")].filter(e => !e.getAttribute("aria-label") || [...e.querySelectorAll("th")].some(th => th.scope !== "col")).map(() => "a table without names"),
        ]);
        assert.deepEqual(faults, [], `${colorScheme}, ${width}`);
        if (width === 320) continue;
        const kinds = await page.evaluate(() => [...new Set([...document.querySelectorAll(".card")].map(e => e.classList[1]))]);
        if (width === 360) assert.deepEqual(kinds.sort(), ["budget", "cost", "event", "events", "expense", "fuel", "meals", "pantry", "places", "recipe", "recipes", "roads", "savings", "service", "shopping", "spending", "timers", "trip", "vehicle", "weather"]);
        for (const [name, tools] of Object.entries({trips: ["plan_trip", "calculate_distance", "mapbox_navigator", "find_rv_parks"], money: ["create_expense", "get_spending_summary", "analyze_budget", "export_budget_report"],
          days: ["get_weather_forecast", "get_calendar_events", "update_calendar_event", "set_timer_or_alarm"], things: ["get_fuel_log", "get_maintenance_schedule", "save_recipe", "generate_shopping_list", "manage_pantry", "plan_meals"]})) {
          await page.evaluate(show, {results: Object.fromEntries(tools.map(tool => [tool, results[tool]])), ctx: {}});
          await page.setViewportSize({width, height: await page.evaluate(() => document.documentElement.scrollHeight)});
          await screenshot(page, `cards-${name}-${width}-${colorScheme}`);
          await page.setViewportSize({width, height: 800});
        }
      }
      await page.close();
    }
  });

  test("any result is harmless", {timeout: 120000 * SLOW}, async t => {
    const page = await open(t);
    const found = await page.evaluate(async results => {
      const {CARDS, card, loadCards} = await import("/client/chat/cards.js");
      await loadCards();
      console.warn = () => {};
      let seed = 11, made = 0, empty = 0;
      const random = n => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n, faults = [];
      const nasty = ["", "<img src=x onerror=hurt()>", "javascript:hurt()", "\u202Eevil", "__proto__", "constructor", "2026-13-99", "2026-02-30", "AUD", "a".repeat(5000), "\ud800", "😀".repeat(200), "1e999", "over", "toString"];
      const numbers = [0, -1, 1e308, -1e308, 1e-300, 0.1, 2 ** 53, 180, -180.5, 90, 1e21, 1793577600000, 8.64e15 + 1];
      const names = [...new Set(JSON.stringify(results).match(/"(\w+)":/g).map(k => k.slice(1, -2)))];
      function junk(depth) {
        const kind = random(depth > 3 ? 5 : 8);
        if (kind < 2) return nasty[random(nasty.length)];
        if (kind < 4) return numbers[random(numbers.length)];
        if (kind === 4) return [null, true, false, [], {}][random(5)];
        if (kind === 5) return Array.from({length: random(6)}, () => junk(depth + 1));
        return Object.fromEntries(Array.from({length: random(8)}, () => [random(8) ? names[random(names.length)] : nasty[random(nasty.length)], junk(depth + 1)]));
      }
      /** A real result in which some values are others. */
      function spoilt(value, rate) {
        if (random(rate) === 0) return junk(2);
        if (Array.isArray(value)) return random(40) ? value.map(v => spoilt(v, rate)) : Array.from({length: 300}, () => spoilt(value[0], rate));
        if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, spoilt(v, rate)]));
        return value;
      }
      const allowed = /^(SECTION|P|DIV|SPAN|STRONG|SMALL|S|DL|DT|DD|UL|OL|LI|FIGURE|FIGCAPTION|DETAILS|SUMMARY|TABLE|THEAD|TBODY|TR|TH|TD|svg|g|rect|line|text|circle|polyline|path)$/;
      for (const name of Object.keys(CARDS)) {
        for (let i = 0; i < 120; i++) {
          const result = i % 3 ? spoilt(results[name], 5 + 15 * (i % 4)) : junk(0);
          let e;
          try {
            e = card(name, result, junk(2), i % 5 ? {units: junk(3), site: junk(2)} : undefined);
            const plain = CARDS[name](result && typeof result === "object" ? result : {}, {}, {});
            if (plain !== null && !(plain instanceof Element)) faults.push([name, "is no element"]);
          } catch (error) {
            if (!/Cannot convert object to primitive/.test(error.message)) faults.push([name, error.stack.slice(0, 300), JSON.stringify(result).slice(0, 300)]);
          }
          if (e === null) {
            empty++;
            continue;
          }
          if (!e) continue;
          made++;
          const all = [e, ...e.querySelectorAll("*")];
          for (const x of all) {
            if (!allowed.test(x.tagName)) faults.push([name, x.tagName]);
            for (const a of x.attributes) if (/^on|^style$|href|src/i.test(a.name) || /NaN|Infinity|undefined/.test(a.value) && a.name !== "aria-label") faults.push([name, a.name, a.value.slice(0, 100)]);
          }
          if (/NaN|undefined|\[object|[\u202A-\u202E\u2066-\u2069]/.test(e.textContent)) faults.push([name, e.textContent.slice(0, 200)]);
          if (all.length > 3000) faults.push([name, `${all.length} elements`]);
        }
      }
      for (const odd of [null, undefined, 7, "x", [], {success: false}, {error: {}}]) for (const name of [...Object.keys(CARDS), "none", "__proto__"]) if (card(name, odd) !== null) faults.push([name, "has a card of nothing"]);
      return {faults: faults.slice(0, 10), made, empty};
    }, results);
    t.diagnostic(`${found.made} cards, ${found.empty} results without one`);
    assert.deepEqual(found.faults, []);
    assert.ok(found.made > 1000 && found.empty > 500);
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.deepEqual(page.outside, []);
  });

  test("cards are loaded with the first result of their family", async t => {
    const page = await open(t), asked = [];
    page.on("request", r => asked.push(new URL(r.url()).pathname.split("/").at(-1)));
    const shown = await page.evaluate(async results => {
      const {card} = await import("/client/chat/cards.js"), main = document.querySelector("main"), first = card("create_expense", results.create_expense), none = card("create_expense", {});
      main.append(first, none);
      first.classList.add("card");
      const before = [first.hidden, none.hidden];
      while (first.hidden) await new Promise(go => setTimeout(go, 5));
      const next = card("create_expense", results.create_expense);
      return {before, none: none.hidden, same: first.firstChild.outerHTML === next.outerHTML, gone: card("create_expense", {}), border: getComputedStyle(first).borderTopWidth};
    }, results);
    assert.deepEqual(shown, {before: [true, true], none: true, same: true, gone: null, border: "0px"});
    assert.deepEqual(asked.filter(name => name.endsWith(".js")).sort(), ["cards.js", "elements.js", "kit.js", "money.js", "plot.js", "words.js"]);
    const own = await page.evaluate(async () => {
      const out = {};
      for (const family of ["calendar", "meals", "money", "travel", "vehicle", "weather"]) out[family] = Object.keys((await import(`/client/chat/cards/${family}.js`)).default);
      return Object.values(out).flat().sort();
    });
    assert.deepEqual(own, await page.evaluate(async () => Object.keys((await import("/client/chat/cards.js")).CARDS).sort()));
  });

  test("a page may add a card of its own, and one that fails is none", async t => {
    const page = await open(t);
    assert.deepEqual(await page.evaluate(async () => {
      const {CARDS, card} = await import("/client/chat/cards.js"), own = {...CARDS};
      own.mine = (result, args, ctx) => Object.assign(document.createElement("p"), {textContent: `${result.a} ${args.b} ${ctx.currency}`});
      own.broken = () => { throw new Error("x"); };
      own.text = () => "<b>x</b>";
      return [card("mine", {a: 1}, {b: 2}, {currency: "EUR"}, own).textContent, card("broken", {}, {}, {}, own), card("text", {}, {}, {}, own), card("mine", {a: 1})];
    }), ["1 2 EUR", null, null, null]);
  });
});

describe("maps", () => {
  const site = served({double: false});
  const stop = (name, latitude, longitude) => ({name, latitude, longitude});

  async function open(t) {
    const context = await site.browser.newContext({viewport: {width: 400, height: 500}});
    t.after(() => context.close());
    return barePage(site, context);
  }
  /** What a map has, once its coast is drawn. */
  const draw = (page, stops, ctx = {}, options = {}) => page.evaluate(async ({stops, ctx, options}) => {
    const {map, places} = await import("/client/chat/cards/map.js"), card = document.createElement("div"), figure = map(places(stops), ctx, options);
    if (!figure) return null;
    card.className = "card";
    card.append(figure);
    document.querySelector("main").replaceChildren(card);
    for (let i = 0; i < 500 && !figure.dataset.coast && !figure.querySelector("image"); i++) await new Promise(go => setTimeout(go, 10));
    const at = [...figure.querySelectorAll("circle")].map(c => [Number(c.getAttribute("cx")), Number(c.getAttribute("cy"))]);
    const boxes = [...figure.querySelectorAll("text.place")].map(e => e.getBBox());
    return {at, names: [...figure.querySelectorAll("text.place")].map(e => e.textContent), measure: figure.querySelector(".measure").textContent,
      overlapping: boxes.filter((a, i) => boxes.some((b, k) => k < i && a.x < b.x + b.width && b.x < a.x + a.width && a.y + 2 < b.y + b.height && b.y + 2 < a.y + a.height)).length,
      outside: boxes.filter(b => b.x < 0 || b.x + b.width > 402 || b.y < 0 || b.y + b.height > 262).length,
      land: figure.querySelector(".land")?.getAttribute("d").length ?? 0, coast: figure.dataset.coast, label: figure.querySelector("svg").getAttribute("aria-label"),
      images: [...figure.querySelectorAll("image")].map(i => i.getAttribute("href")), course: figure.querySelectorAll(".course").length};
  }, {stops, ctx, options});

  test("the way lies on a map with a coast, the stops' names and a scale", async t => {
    const page = await open(t);
    const seen = await draw(page, [stop("Sydney, New South Wales", -33.87, 151.21), stop("Port Macquarie", -31.43, 152.91), stop("Coffs Harbour", -30.3, 153.11), stop("Byron Bay", -28.64, 153.61), stop("Brisbane", -27.47, 153.03)]);
    await screenshot(page, "map-coast");
    assert.deepEqual(seen.names, ["Sydney", "Port Macquarie", "Coffs Harbour", "Byron Bay", "Brisbane"]);
    assert.ok(seen.land > 200 && seen.land < 20000, `${seen.land}`);
    assert.match(seen.measure, /^\d+ km$/);
    assert.match(seen.label, /Sydney.*Brisbane/);
    assert.deepEqual([seen.overlapping, seen.outside, seen.course], [0, 0, 1]);
    assert.ok(seen.at[0][1] > seen.at[4][1], "north is above");
    for (const [x, y] of seen.at) assert.ok(x > 10 && x < 390 && y > 10 && y < 250);
    assert.deepEqual(page.outside, []);
  });

  test("ways over the date line, to the poles, around the earth and to the same place are drawn", async t => {
    const page = await open(t);
    const ways = {
      "date line": [stop("Suva", -18.14, 178.44), stop("Apia", -13.83, -171.76)], "same place": [stop("A", 10, 10), stop("A", 10, 10)], one: [stop("Reykjavik", 64.15, -21.94)],
      poles: [stop("N", 90, 0), stop("S", -90, 179)], "around": [-170, -100, -30, 40, 110, 170, -150].map((lon, i) => stop(`Stop ${i}`, 10 * (i % 3), lon)), zero: [stop("Null", 0, 0), stop("Isle", 0.0001, 0.0001)],
      far: [stop("x", 10, 539), stop("y", 11, -539)],
      crowd: Array.from({length: 60}, (_, i) => stop(`Crowded stop ${i}`, -33 + (i % 8) * 0.01, 151 + (i % 7) * 0.01)),
    };
    for (const [name, stops] of Object.entries(ways)) {
      const seen = await draw(page, stops);
      assert.equal(seen.at.length, stops.length, name);
      for (const [x, y] of seen.at) assert.ok(x >= 0 && x <= 400 && y >= 0 && y <= 260, `${name}: ${x}, ${y}`);
      assert.deepEqual([seen.overlapping, seen.outside, seen.coast], [0, 0, "drawn"], name);
      if (name === "date line") {
        assert.ok(seen.land > 100, "islands on both sides");
        await screenshot(page, "map-date-line");
      }
      if (name === "around") await screenshot(page, "map-world");
    }
    assert.equal(await draw(page, []), null);
    assert.equal(await draw(page, [{name: "x", latitude: "1", longitude: null}]), null);
  });

  test("an island is not hidden: the coast goes around places on land, and not around those at sea", async t => {
    const page = await open(t);
    const on = await page.evaluate(async () => {
      const {map, places} = await import("/client/chat/cards/map.js"), out = {};
      for (const [name, lat, lon] of [["Alice Springs", -23.7, 133.88], ["Zurich", 47.37, 8.54], ["Denver", 39.74, -104.99], ["Honshu", 36.2, 138.2], ["Tasmania", -42.2, 146.6], ["Iceland", 64.8, -18.6], ["Chukotka", 67, -175], ["Norwegian Sea", 68, 1], ["Atlantic", 30, -40], ["Tasman Sea", -38, 160], ["Pacific", 0, -140]]) {
        const figure = map(places([{name, latitude: lat, longitude: lon}]), {});
        document.querySelector("main").replaceChildren(figure);
        for (let i = 0; i < 500 && !figure.dataset.coast; i++) await new Promise(go => setTimeout(go, 10));
        const point = Object.assign(figure.querySelector("svg").createSVGPoint(), {x: 200, y: 130});
        out[name] = figure.querySelector(".land")?.isPointInFill(point) ?? false;
      }
      return out;
    });
    assert.deepEqual(on, {"Alice Springs": true, Zurich: true, Denver: true, Honshu: true, Tasmania: true, Iceland: true, Chukotka: true, "Norwegian Sea": false, Atlantic: false, "Tasman Sea": false, Pacific: false});
  });

  test("without the coast's file there is a map all the same", async t => {
    const page = await open(t);
    await page.route("**/coast.js", route => route.fulfill({contentType: "text/javascript", body: "export default null; // made without world-atlas"}));
    const seen = await draw(page, [stop("Sydney", -33.87, 151.21), stop("Brisbane", -27.47, 153.03)]);
    assert.deepEqual([seen.coast, seen.land, seen.names], ["none", 0, ["Sydney", "Brisbane"]]);
  });

  test("tiles come only from where the operator says", async t => {
    const page = await open(t);
    await page.context().route("https://tiles.example.org/**", route => route.fulfill({contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg' width='256' height='256'><rect width='256' height='256' fill='#cde' stroke='#89a'/></svg>"}));
    const stops = [stop("Sydney", -33.87, 151.21), stop("Brisbane", -27.47, 153.03)];
    const seen = await draw(page, stops, {site: {tiles: {url: "https://tiles.example.org/{z}/{x}/{y}.svg", attribution: "© <b>Somebody</b>"}}});
    assert.ok(seen.images.length >= 2 && seen.images.length <= 40, `${seen.images.length} tiles`);
    for (const href of seen.images) assert.match(href, /^https:\/\/tiles\.example\.org\/\d+\/\d+\/\d+\.svg$/);
    assert.equal(await page.locator("figcaption").textContent(), "© <b>Somebody</b>");
    await page.waitForFunction(count => performance.getEntriesByType("resource").filter(r => r.name.includes("tiles.example.org")).length === count, seen.images.length);
    await screenshot(page, "map-tiles");
    for (const url of ["javascript:hurt()", "data:image/png,{z}{x}{y}", "https://tiles.example.org/static.png", 7, null]) {
      assert.deepEqual((await draw(page, stops, {site: {tiles: {url}}})).images, []);
    }
    assert.ok(page.outside.every(url => url.startsWith("https://tiles.example.org/")));
    const fiji = await draw(page, [stop("Suva", -18.14, 178.44), stop("Apia", -13.83, -171.76)], {site: {tiles: {url: "https://tiles.example.org/{z}/{x}/{y}.svg"}}});
    for (const href of fiji.images) {
      const [z, x, y] = href.match(/\d+/g).map(Number);
      assert.ok(x >= 0 && x < 2 ** z && y >= 0 && y < 2 ** z, href);
    }
  });
});

describe("a conversation with cards", () => {
  const site = served({settings: {"page.images": "https://pictures.example.org", "page.tiles_url": "https://tiles.example.org/{z}/{x}/{y}.svg", "page.tiles_attribution": "© Somebody"}});

  test("pictures and tiles are shown from where the operator's settings allow, and from nowhere else", async t => {
    const context = await site.browser.newContext(), asked = new Set(), faults = [];
    t.after(() => context.close());
    await context.route(/example\.org/, route => {
      asked.add(new URL(route.request().url()).origin);
      return route.fulfill({contentType: "image/svg+xml", body: "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'/>"});
    });
    const page = await context.newPage();
    page.on("console", m => m.type() === "error" && !/404/.test(m.text()) && faults.push(m.text()));
    await page.goto(`${site.stack.url}/#${uuid()}`);
    await page.locator("#state[data-state=live]").waitFor();
    site.stack.double.texts.set("boats", "![a boat](https://pictures.example.org/a.svg) ![other](https://other.example.org/b.svg)");
    await say(page, "x [[tool name=calculate_distance args={\"origin\":\"Sydney\",\"destination\":\"Canberra\"} | text named=boats]]");
    const picture = page.locator(".assistant img");
    await picture.waitFor();
    await picture.evaluate(image => image.decode());
    assert.equal(await page.locator(".assistant .text a").textContent(), "🖼 other");
    await page.locator(".map image").first().waitFor();
    await page.waitForFunction(() => performance.getEntriesByType("resource").some(r => r.name.includes("tiles.example.org")));
    assert.deepEqual([...asked].sort(), ["https://pictures.example.org", "https://tiles.example.org"]);
    assert.deepEqual(faults, []);
  });
});

describe("a conversation with maps", () => {
  const site = served();

  test("what a tool found stands in the conversation, also after a reload", async t => {
    for (const colorScheme of ["light", "dark"]) {
      const context = await site.browser.newContext({viewport: {width: 420, height: 1000}, colorScheme}), faults = [];
      t.after(() => context.close());
      const page = await context.newPage();
      page.on("console", m => m.type() === "error" && !/404/.test(m.text()) && faults.push(m.text()));
      await page.goto(`${site.stack.url}/#${uuid()}`);
      await page.locator("#state[data-state=live]").waitFor();
      site.stack.double.texts.set("plan", "Here is **the plan**, as code:\n\n```json\n{\"from\": \"Sydney\", \"days\": 2}\n```\n");
      await say(page, "Plan it [[tool name=plan_trip args={\"origin\":\"Sydney\",\"destination\":\"Brisbane\",\"waypoints\":[\"Byron\\u0020Bay\"]} | text named=plan]]");
      await answers(page).filter({hasText: "the plan"}).waitFor();
      const card = page.locator("section.card.trip");
      await card.locator(".map[data-coast=drawn]").waitFor();
      await page.locator(".code .c-attr").first().waitFor();
      assert.equal(await card.count(), 1);
      assert.match(await card.getAttribute("aria-label"), /^Sydney to Brisbane$/);
      const copy = page.locator(".code .copy");
      assert.deepEqual(await copy.evaluate(e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).fontSize]), ["rgba(0, 0, 0, 0)", "12px"]);
      await screenshot(page, `conversation-${colorScheme}`);
      await page.reload();
      await card.locator(".map[data-coast=drawn]").waitFor();
      assert.deepEqual(faults, []);
    }
  });
});
