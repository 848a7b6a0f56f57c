// SPDX-License-Identifier: BSD-2-Clause
// Cards of trips, distances, places on the way.
import {n, t} from "../words.js";
import {element} from "../elements.js";
import {amount, card, day, distance, facts, hours, items, line, listed, moment, money, more, number, period, record, records, row, text, texts, unit} from "./kit.js";
import {map, places} from "./map.js";

const SHOWN = 8;

const name = place => text(record(place).name, 80).split(",")[0];
const estimated = route => record(route).estimate === true ? line(t("Estimated; the roads themselves were not looked up."), "soft") : null;
const notes = result => items([...texts(result.notes), ...texts([result.note])].slice(0, 4).map(note => element("span", "soft", note)));

function crossings(route) {
  return items(records(route.crossings).slice(0, 4).map(c => t("Ferry: {name}, {from} to {to} (not counted)", {name: text(c.name, 60), from: text(c.from, 60), to: text(c.to, 60)})));
}

/** The stops by number, with the way to each. */
function stops(list, legs, ctx) {
  if (list.length < 2) return null;
  return items(list.slice(0, 20).map((place, i) => {
    const leg = record(legs[i - 1]), start = element("span");
    start.append(element("span", "number", amount(i + 1)), name(place));
    return row(start, i ? [distance(leg.distance_km, ctx), hours(leg.drive_hours)].filter(Boolean).join(" · ") : "");
  }), "ol");
}

function route(title, r, result, ctx, pairs = []) {
  const list = [r.origin, ...records(r.waypoints ?? r.stops), r.destination].filter(p => name(p));
  if (list.length < 2) return null;
  const dashed = r.estimate !== false || records(r.crossings).length > 0;
  return card("trip", title,
    facts([[t("Distance"), distance(r.distance_km, ctx)], [t("Driving"), hours(r.drive_hours)], ...pairs]),
    map(places(list), ctx, {dashed}), stops(list, records(r.legs), ctx), crossings(r), estimated(r), notes(result));
}

function trip(result, args, ctx) {
  const r = record(result.trip), cost = record(r.cost_estimate);
  if (!name(r.origin) || !name(r.destination)) return null;
  return route(t("{from} to {to}", {from: name(r.origin), to: name(r.destination)}), r, result, ctx, [
    [t("When"), period(r.start_date, r.end_date)],
    [t("Days of driving"), amount(r.driving_days)],
    [t("Fuel"), cost.fuel_cost === undefined ? unit(cost.fuel_litres, "liter") : t("about {amount}", {amount: money(cost.fuel_cost, cost.currency, 0)})],
    [t("Budget"), money(r.budget, r.currency)],
  ]);
}

function way(result, args, ctx) {
  const r = record(result.route), cost = record(result.cost);
  if (!result.route) return result.cost ? gas(result) : found(result.parks ?? result.fuel_stops, t("Places"), result, ctx);
  return route(t("{from} to {to}", {from: name(r.origin), to: name(r.destination)}), r, result, ctx, [[t("Fuel"), money(cost.total, cost.currency)]]);
}

function time(result, args, ctx) {
  const r = record(result.travel_time);
  return route(t("{from} to {to}", {from: name(r.origin), to: name(r.destination)}), r, result, ctx, [
    [t("Breaks"), hours(number(r.break_minutes) / 60)],
    [t("Days of driving"), amount(r.driving_days)],
    [t("Leave"), r.departure ? moment(r.departure, record(r.origin).timezone) : ""],
    [t("Arrive"), r.arrival ? moment(r.arrival, r.arrival_timezone) : ""],
  ]);
}

function order(result, args, ctx) {
  const r = record(result.route), best = record(r.optimized);
  const list = records(r.stops).filter(p => name(p));
  if (list.length < 2) return null;
  return card("trip", t("The best order"),
    facts([[t("Distance"), distance(best.distance_km, ctx)], [t("Driving"), hours(best.drive_hours)],
      [t("Fuel"), money(best.fuel_cost, best.currency, 0)], [t("Saved"), distance(r.saved_km, ctx)]]),
    map(places(list), ctx, {dashed: r.estimate !== false}), stops(list, [], ctx), crossings(r), estimated(r));
}

function season(result, args, ctx) {
  const r = record(result.route), list = [r.origin, ...records(r.stops), r.destination].filter(p => name(p)).filter((p, i, all) => i === 0 || name(p) !== name(all[i - 1]));
  if (list.length < 2) return null;
  const there = record(r.season_at_destination);
  return card("trip", t("{from} to {to}", {from: name(list[0]), to: name(list.at(-1))}),
    facts([[t("Distance"), distance(r.distance_km, ctx)], [t("Weeks"), amount(r.weeks)], [t("Season there"), text(there.expect)], [t("Budget for a week"), money(r.budget_per_week, r.currency)]]),
    map(places(list), ctx, {dashed: true}),
    items(list.slice(0, 20).map((p, i) => {
      const start = element("span");
      start.append(element("span", "number", amount(i + 1)), name(p));
      return row(start, number(p.nights) ? n(p.nights, "{n} night", "{n} nights") : "");
    }), "ol"), crossings(r), estimated(r));
}

/** Places around a place, on a map. */
function found(list, title, result, ctx, describe = () => "") {
  const all = records(list), shown = all.slice(0, SHOWN).filter(p => text(p.name));
  if (!shown.length) return null;
  return card("places", title, map(places(shown), ctx, {way: false}),
    items(shown.map((p, i) => {
      const start = element("span");
      start.append(element("span", "number", amount(i + 1)), text(p.name, 80));
      return [row(start, distance(p.distance_km, ctx)), line(describe(p), "soft")];
    }), "ol"), more(number(result.found) ?? all.length, shown.length), line(text(result.attribution, 160), "soft"));
}
const near = (result, words) => name(result.place) ? words(name(result.place)) : "";
const price = p => p.fee === "yes" ? t("with a fee") : p.fee === "no" ? t("free") : text(p.charge, 60) || text(p.fee, 60);
const described = p => listed([text(p.kind, 40), price(p), text(p.opening_hours, 80), ...texts(p.amenities).slice(0, 4)].filter(Boolean));

const parks = (result, args, ctx) => found(result.parks, near(result, place => t("Places to stay near {place}", {place})) || t("Places to stay"), result, ctx, described);
const sights = (result, args, ctx) => found(result.attractions, near(result, place => t("Sights near {place}", {place})) || t("Sights"), result, ctx, described);
const stations = (result, args, ctx) => found(result.stations, near(result, place => t("Fuel near {place}", {place})) || t("Fuel"), result, ctx,
  p => [money(p.price, p.currency, 3), text(p.unit, 20), text(p.address, 80)].filter(Boolean).join(" · "));

function spot(result, args, ctx) {
  const f = record(result.favorite);
  if (!text(f.location_name)) return null;
  return card("places", text(f.location_name, 80), map(places([{...f, name: f.location_name}]), ctx, {way: false}),
    facts([[t("Address"), text(f.location_address)], [t("Notes"), text(f.notes)]]));
}

function gas(result) {
  const c = record(result.cost);
  if (number(c.total) === undefined) return null;
  return card("cost", t("Cost of fuel"), line(money(c.total, c.currency), "big"),
    facts([[t("Distance"), distance(c.distance_km)], [t("Fuel"), unit(c.litres, "liter")], [t("Price of a litre"), money(c.price_per_litre, c.currency)],
      [t("Consumption"), number(c.consumption_l_per_100km) === undefined ? "" : t("{litres} l/100 km", {litres: amount(c.consumption_l_per_100km)})]]),
    items(texts(c.assumptions).slice(0, 4).map(a => element("span", "soft", a))));
}

function roads(result) {
  const all = records(result.road_conditions), shown = all.slice(0, SHOWN).filter(c => text(c.headline) || text(c.description));
  if (!shown.length) return null;
  return card("roads", t("Roads"), items(shown.map(c => [row(text(c.road, 60) || text(c.headline, 120), text(c.severity, 30)),
    line(text(c.headline ?? c.description), "soft"), line(c.updated_at ? day(c.updated_at) : "", "soft")])), more(number(result.found) ?? all.length, shown.length));
}

export default {
  plan_trip: trip,
  calculate_distance: way,
  mapbox_navigator: way,
  estimate_travel_time: time,
  optimize_route: order,
  suggest_seasonal_route: season,
  find_rv_parks: parks,
  find_longstay_parks: parks,
  find_attractions: sights,
  find_cheap_gas: stations,
  save_favorite_spot: spot,
  calculate_gas_cost: gas,
  get_road_conditions: roads,
};
