// SPDX-License-Identifier: BSD-2-Clause
// Cards: results of tools as a person reads them. A table tool name -> function(result, args, ctx) that makes an element, or null when
// it has nothing to show; pure, and safe with any input. The cards of a family are loaded with the first result of it.
import {element} from "./elements.js";

const FAMILIES = {
  calendar: "create_calendar_event delete_calendar_event get_calendar_events set_timer_or_alarm update_calendar_event",
  meals: "generate_shopping_list manage_pantry plan_meals save_recipe search_recipes share_recipe",
  money: "analyze_budget compare_vs_budget create_expense export_budget_report find_savings_opportunities get_spending_summary manage_finances predict_end_of_month track_savings update_budget",
  travel: "calculate_distance calculate_gas_cost estimate_travel_time find_attractions find_cheap_gas find_longstay_parks find_rv_parks get_road_conditions mapbox_navigator optimize_route plan_trip save_favorite_spot suggest_seasonal_route",
  vehicle: "add_fuel_entry create_maintenance_record create_vehicle delete_fuel_entry delete_maintenance_record get_fuel_log get_fuel_stats get_maintenance_history get_maintenance_schedule update_fuel_entry update_maintenance_record update_vehicle_fuel_consumption",
  weather: "get_weather_forecast seasonal_weather_check weather_advisor",
};

const loading = new Map(), loaded = new Map();

/** Gets the cards of a family, once; again when they could not be had. */
function load(family) {
  if (!loading.has(family)) {
    loading.set(family, import(`./cards/${family}.js`).then(module => loaded.set(family, module.default)).catch(() => loading.delete(family)));
  }
  return loading.get(family);
}

/** Gets all cards: from then on each is made at once. */
export const loadCards = () => Promise.all(Object.keys(FAMILIES).map(load));

function made(toolName, make) {
  try {
    const e = make();
    return e instanceof Element ? e : null;
  } catch (error) {
    console.warn(`turnpike: the card of ${toolName} failed`, error);
    return null;
  }
}

/** A place for a card that is still to be loaded; it stays hidden when there is none. */
function place(family, name, values) {
  const e = element("div", "card-place");
  e.hidden = true;
  load(family).then(() => {
    const content = made(name, () => loaded.get(family)?.[name](...values));
    if (!content) return;
    e.append(content);
    e.hidden = false;
  });
  return e;
}

const entry = (family, name) => [name, (...values) => loaded.has(family) ? loaded.get(family)[name](...values) : place(family, name, values)];

export const CARDS = Object.fromEntries(Object.entries(FAMILIES).flatMap(([family, names]) => names.split(" ").map(name => entry(family, name))));

/**
 * The card of a result, or null. A card that fails is none.
 *   ctx     {t, locale, site, currency, units, ask(text)}; units: "metric", "imperial" or {distance, temperature}; site: the answer of GET /page
 *   cards   the table to look in
 */
export function card(toolName, result, args = {}, ctx = {}, cards = CARDS) {
  if (!Object.hasOwn(cards, toolName) || !result || typeof result !== "object" || Array.isArray(result)) return null;
  if (result.success === false || result.error !== undefined) return null;
  return made(toolName, () => cards[toolName](result, args ?? {}, ctx ?? {}));
}
