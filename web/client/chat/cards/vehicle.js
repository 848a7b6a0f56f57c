// SPDX-License-Identifier: BSD-2-Clause
// Cards of the vehicle: fuel and maintenance.
import {n, t} from "../words.js";
import {amount, card, day, facts, items, line, money, more, number, period, record, records, row, table, text, unit, distance} from "./kit.js";
import {course} from "./plot.js";

const SHOWN = 10;

const usage = litres => number(litres) === undefined ? "" : t("{litres} l/100 km", {litres: amount(litres)});
const sums = list => records(list).slice(0, 5).map(s => money(s.total, s.currency)).filter(Boolean).join(", ");
const short = {day: "numeric", month: "short"};

function entry(result, gone = false) {
  const e = record(result.entry);
  if (number(e.volume) === undefined && number(e.total) === undefined) return null;
  return card("fuel", gone ? t("Fill-up deleted") : t("Fill-up"), line(money(e.total, e.currency), "big"),
    facts([[t("Date"), day(e.entry_date)], [t("Fuel"), unit(e.volume, "liter", 2)], [t("Price of a litre"), money(e.price, e.currency, 3)], [t("Odometer"), amount(e.odometer, 0)],
      [t("Consumption"), usage(e.consumption_l_per_100km)], [t("Where"), text(e.station, 80)], [t("Notes"), text(e.notes)]]));
}

function log(result) {
  const all = records(result.entries).filter(e => number(e.volume) !== undefined), shown = all.slice(0, SHOWN);
  if (!shown.length) return null;
  const measured = all.filter(e => number(e.consumption_l_per_100km) !== undefined && number(e.time_ms) !== undefined).sort((a, b) => a.time_ms - b.time_ms);
  return card("fuel", n(all.length, "{n} fill-up", "{n} fill-ups"),
    measured.length > 1 ? course(measured.map(e => ({x: e.time_ms, y: e.consumption_l_per_100km, label: amount(e.consumption_l_per_100km)})), {
      label: t("Consumption from {first} to {last}", {first: usage(measured[0].consumption_l_per_100km), last: usage(measured.at(-1).consumption_l_per_100km)}),
      first: day(measured[0].entry_date, short), last: day(measured.at(-1).entry_date, short)}) : null,
    table(t("Fill-ups"), [t("Date"), t("Fuel"), t("Amount"), t("Consumption")],
      shown.map(e => [day(e.entry_date, short), unit(e.volume, "liter", 1), money(e.total, e.currency), usage(e.consumption_l_per_100km) || "–"]), [1, 2, 3]), more(all.length, shown.length));
}

function stats(result, args, ctx) {
  const s = record(result.stats);
  if (number(s.fills) === undefined) return null;
  return card("fuel", t("Fuel"), line(sums(s.spent), "big"), line(period(s.from, s.to), "soft"),
    facts([[t("Fill-ups"), amount(s.fills)], [t("Fuel"), unit(s.volume, "liter", 1)], [t("Distance"), distance(s.distance_km, ctx)], [t("Consumption"), usage(s.consumption_l_per_100km)],
      [t("Best"), usage(s.best_l_per_100km)], [t("Worst"), usage(s.worst_l_per_100km)], [t("Price of a litre"), money(s.average_price, s.currency, 3)], [t("Cost of 100 km"), money(s.cost_per_100km, s.currency)]]));
}

const states = {completed: () => t("done"), scheduled: () => t("planned"), overdue: () => t("overdue")};
const state = r => Object.hasOwn(states, r.status) ? states[r.status]() : "";

function service(result, gone = false) {
  const r = record(result.record);
  if (!text(r.task)) return null;
  return card("service", text(r.task, 120), gone ? line(t("Deleted"), "soft") : null,
    facts([[t("Date"), day(r.service_date)], [t("State"), state(r)], [t("Odometer"), amount(r.mileage, 0)], [t("Cost"), money(r.cost, r.currency)], [t("Notes"), text(r.notes)]]));
}

function services(result) {
  const all = records(result.records).filter(r => text(r.task)), shown = all.slice(0, SHOWN);
  if (!shown.length) return null;
  return card("service", t("Maintenance"), items(shown.map(r => [row(text(r.task, 120), day(r.service_date)),
    row(money(r.cost, r.currency), state(r), r.status === "overdue" ? "over" : "soft")])),
  sums(result.total_cost) && line(t("Total: {amount}", {amount: sums(result.total_cost)})), more(number(result.total) ?? all.length, shown.length));
}

function vehicle(result) {
  const v = record(result.vehicle);
  if (!text(v.name)) return null;
  return card("vehicle", text(v.name, 80), facts([[t("Make"), [text(v.make, 40), text(v.model, 40)].filter(Boolean).join(" ")], [t("Year"), number(v.year) === undefined ? "" : String(v.year)],
    [t("Fuel"), text(v.fuel_type, 30)], [t("Consumption"), usage(v.l_per_100km)]]));
}

export default {
  get_fuel_log: log,
  get_fuel_stats: stats,
  add_fuel_entry: result => entry(result),
  update_fuel_entry: result => entry(result),
  delete_fuel_entry: result => entry(result, true),
  create_maintenance_record: result => service(result),
  update_maintenance_record: result => service(result),
  delete_maintenance_record: result => service(result, true),
  get_maintenance_schedule: services,
  get_maintenance_history: services,
  create_vehicle: vehicle,
  update_vehicle_fuel_consumption: vehicle,
};
