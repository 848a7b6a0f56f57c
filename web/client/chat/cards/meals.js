// SPDX-License-Identifier: BSD-2-Clause
// Cards of meals: recipes, the pantry, plans, the shopping list.
import {element} from "../elements.js";
import {n, t} from "../words.js";
import {amount, card, day, facts, hours, items, line, more, number, record, records, row, text, texts} from "./kit.js";

const SHOWN = 20;

const total = r => number(r.total_minutes) ?? ((number(r.prep_minutes) ?? 0) + (number(r.cook_minutes) ?? 0) || undefined);
const minutes = value => value === undefined ? "" : hours(value / 60);
const quantity = item => [amount(item.quantity, 2), text(item.unit, 20)].filter(Boolean).join(" ");

function folded(title, content) {
  if (!content) return null;
  const e = element("details");
  e.append(element("summary", "", title), content);
  return e;
}

function recipe(result) {
  const r = record(result.recipe);
  if (!text(r.name)) return null;
  const steps = items(texts(r.instructions).slice(0, 40).map((step, i) => `${amount(i + 1)}. ${step}`), "ol");
  return card("recipe", text(r.name, 120), facts([[t("Servings"), amount(r.servings)], [t("Time"), minutes(total(r))], [t("Diet"), texts(r.dietary_tags).slice(0, 8).join(", ")]]),
    folded(t("Ingredients"), items(texts(r.ingredients).slice(0, 60))), folded(t("Instructions"), steps));
}

function recipes(result) {
  const all = records(result.recipes).filter(r => text(r.name)), shown = all.slice(0, SHOWN);
  if (!shown.length) return null;
  return card("recipes", n(all.length, "{n} recipe", "{n} recipes"),
    items(shown.map(r => [row(text(r.name, 120), minutes(total(r))), line(texts(r.dietary_tags).slice(0, 6).join(", "), "soft")])), more(number(result.total) ?? all.length, shown.length));
}

function pantry(result) {
  const all = records(result.pantry).filter(i => text(i.ingredient_name)), shown = all.slice(0, SHOWN);
  if (!shown.length) return null;
  const states = {expired: t("past its date"), soon: t("use soon"), good: ""}, marks = {expired: "over", soon: "near"};
  return card("pantry", t("Pantry"), items(shown.map(i => [row(text(i.ingredient_name, 80), quantity(i)),
    i.expiry_date ? row(element("span", "soft", day(i.expiry_date)), Object.hasOwn(states, i.status) ? states[i.status] : "", Object.hasOwn(marks, i.status) ? marks[i.status] : "") : null])), more(number(result.count) ?? all.length, shown.length));
}

function plan(result) {
  const days = records(record(result.meal_plan).days).slice(0, 14);
  const kinds = {breakfast: t("Breakfast"), lunch: t("Lunch"), dinner: t("Dinner"), snack: t("Snack")};
  const rows = days.map(d => [element("strong", "", day(d.date)), ...records(d.meals).slice(0, 8).map(m => row(text(m.name, 100), Object.hasOwn(kinds, m.meal_type) ? kinds[m.meal_type] : text(m.meal_type, 20), "soft"))]);
  return rows.length ? card("meals", t("Meals"), items(rows)) : null;
}

function shopping(result) {
  const list = record(result.shopping_list), all = records(list.items).filter(i => text(i.name)), shown = all.slice(0, 60);
  const there = records(list.from_pantry).map(i => text(i.name, 60)).filter(Boolean).slice(0, SHOWN);
  if (!shown.length) return null;
  return card("shopping", text(list.name, 80) || t("Shopping list"), items(shown.map(i => [row(text(i.name, 80), quantity(i)), line(text(i.note, 120), "soft")])), more(all.length, shown.length),
    there.length ? line(t("In the pantry: {names}", {names: there.join(", ")}), "soft") : null);
}

export default {
  save_recipe: recipe,
  share_recipe: recipe,
  search_recipes: recipes,
  manage_pantry: pantry,
  plan_meals: plan,
  generate_shopping_list: shopping,
};
