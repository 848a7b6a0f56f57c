// SPDX-License-Identifier: BSD-2-Clause
// Tool calls in words: what each tool is doing and what it has done, and why a call has failed.
import {t} from "./words.js";

// Tools that do the same for the eye share a sentence: [while it runs, when it has run].
const DOINGS = {
  tools: [() => t("Looking for the right tool"), () => t("Looked for the right tool")],
  readon: [() => t("Reading on"), () => t("Read on")],
  clock: [() => t("Looking at the clock"), () => t("Looked at the clock")],
  calendar: [() => t("Looking at your calendar"), () => t("Looked at your calendar")],
  calendarAdd: [() => t("Adding to your calendar"), () => t("Added to your calendar")],
  calendarChange: [() => t("Changing your calendar"), () => t("Changed your calendar")],
  calendarDelete: [() => t("Removing from your calendar"), () => t("Removed from your calendar")],
  timer: [() => t("Setting a timer"), () => t("Set a timer")],
  inbox: [() => t("Putting a message into your inbox"), () => t("Put a message into your inbox")],
  expense: [() => t("Writing down an expense"), () => t("Wrote down an expense")],
  spending: [() => t("Adding up your spending"), () => t("Added up your spending")],
  budget: [() => t("Looking at your budget"), () => t("Looked at your budget")],
  budgetChange: [() => t("Changing your budget"), () => t("Changed your budget")],
  finances: [() => t("Looking after your finances"), () => t("Looked after your finances")],
  savings: [() => t("Looking for savings"), () => t("Looked for savings")],
  category: [() => t("Sorting an expense"), () => t("Sorted an expense")],
  report: [() => t("Making a report"), () => t("Made a report")],
  trip: [() => t("Planning your trip"), () => t("Planned your trip")],
  distance: [() => t("Measuring the way"), () => t("Measured the way")],
  route: [() => t("Finding the best route"), () => t("Found the best route")],
  parks: [() => t("Looking for places to stay"), () => t("Looked for places to stay")],
  season: [() => t("Looking at the seasons"), () => t("Looked at the seasons")],
  weather: [() => t("Looking at the weather"), () => t("Looked at the weather")],
  gas: [() => t("Comparing fuel prices"), () => t("Compared fuel prices")],
  gasCost: [() => t("Working out the fuel"), () => t("Worked out the fuel")],
  roads: [() => t("Checking the roads"), () => t("Checked the roads")],
  sights: [() => t("Looking for things to see"), () => t("Looked for things to see")],
  map: [() => t("Looking at the map"), () => t("Looked at the map")],
  spot: [() => t("Keeping a favourite place"), () => t("Kept a favourite place")],
  videos: [() => t("Looking for videos"), () => t("Looked for videos")],
  fuel: [() => t("Looking at your fuel log"), () => t("Looked at your fuel log")],
  fuelChange: [() => t("Writing into your fuel log"), () => t("Wrote into your fuel log")],
  fuelDelete: [() => t("Removing from your fuel log"), () => t("Removed from your fuel log")],
  receipt: [() => t("Reading your receipt"), () => t("Read your receipt")],
  maintenance: [() => t("Looking at your vehicle's maintenance"), () => t("Looked at your vehicle's maintenance")],
  maintenanceChange: [() => t("Writing down maintenance"), () => t("Wrote down maintenance")],
  maintenanceDelete: [() => t("Removing a maintenance record"), () => t("Removed a maintenance record")],
  vehicle: [() => t("Noting your vehicle"), () => t("Noted your vehicle")],
  recipes: [() => t("Looking at recipes"), () => t("Looked at recipes")],
  recipe: [() => t("Keeping a recipe"), () => t("Kept a recipe")],
  recipeShare: [() => t("Sharing a recipe"), () => t("Shared a recipe")],
  diet: [() => t("Noting what you eat"), () => t("Noted what you eat")],
  pantry: [() => t("Looking into your pantry"), () => t("Looked into your pantry")],
  meals: [() => t("Planning meals"), () => t("Planned meals")],
  shoppingList: [() => t("Writing a shopping list"), () => t("Wrote a shopping list")],
  posts: [() => t("Reading what others write"), () => t("Read what others write")],
  post: [() => t("Writing to the community"), () => t("Wrote to the community")],
  like: [() => t("Liking a post"), () => t("Liked a post")],
  follow: [() => t("Following somebody"), () => t("Followed somebody")],
  friend: [() => t("Writing to a friend"), () => t("Wrote to a friend")],
  nearby: [() => t("Looking who is near"), () => t("Looked who is near")],
  place: [() => t("Sharing your place"), () => t("Shared your place")],
  meetup: [() => t("Arranging a meetup"), () => t("Arranged a meetup")],
  knowledge: [() => t("Reading up on it"), () => t("Read up on it")],
  knowledgeAdd: [() => t("Writing down what is known"), () => t("Wrote down what is known")],
  medical: [() => t("Looking at your medical records"), () => t("Looked at your medical records")],
  profile: [() => t("Changing your profile"), () => t("Changed your profile")],
  settings: [() => t("Changing your settings"), () => t("Changed your settings")],
  privacy: [() => t("Looking after your privacy"), () => t("Looked after your privacy")],
  statistics: [() => t("Adding up your travels"), () => t("Added up your travels")],
  data: [() => t("Collecting your data"), () => t("Collected your data")],
  products: [() => t("Looking at products"), () => t("Looked at products")],
  web: [() => t("Searching the web"), () => t("Searched the web")],
  transition: [() => t("Looking at your move into the vehicle"), () => t("Looked at your move into the vehicle")],
  task: [() => t("Noting a task"), () => t("Noted a task")],
  taskDone: [() => t("Ticking off a task"), () => t("Ticked off a task")],
  shakedown: [() => t("Noting your test trip"), () => t("Noted your test trip")],
  equipment: [() => t("Looking at your equipment"), () => t("Looked at your equipment")],
  equipmentChange: [() => t("Noting your equipment"), () => t("Noted your equipment")],
};

const TOOLS = {
  find_tools: "tools", read_result: "readon", get_current_time: "clock",
  get_calendar_events: "calendar", create_calendar_event: "calendarAdd", update_calendar_event: "calendarChange", delete_calendar_event: "calendarDelete",
  set_timer_or_alarm: "timer", send_proactive_message: "inbox",
  create_expense: "expense", get_spending_summary: "spending", update_budget: "budgetChange", analyze_budget: "budget", compare_vs_budget: "budget",
  predict_end_of_month: "spending", find_savings_opportunities: "savings", categorize_transaction: "category", track_savings: "savings",
  export_budget_report: "report", manage_finances: "finances",
  plan_trip: "trip", calculate_distance: "distance", estimate_travel_time: "distance", find_rv_parks: "parks", find_longstay_parks: "parks",
  suggest_seasonal_route: "season", seasonal_weather_check: "season", get_weather_forecast: "weather", weather_advisor: "weather", find_cheap_gas: "gas",
  calculate_gas_cost: "gasCost", optimize_route: "route", get_road_conditions: "roads", find_attractions: "sights", mapbox_navigator: "map",
  save_favorite_spot: "spot", search_travel_videos: "videos",
  get_fuel_log: "fuel", get_fuel_stats: "fuel", add_fuel_entry: "fuelChange", update_fuel_entry: "fuelChange", delete_fuel_entry: "fuelDelete",
  scan_fuel_receipt_with_confidence: "receipt",
  create_maintenance_record: "maintenanceChange", get_maintenance_schedule: "maintenance", get_maintenance_history: "maintenance",
  update_maintenance_record: "maintenanceChange", delete_maintenance_record: "maintenanceDelete",
  save_recipe: "recipe", search_recipes: "recipes", share_recipe: "recipeShare", manage_dietary_prefs: "diet", manage_pantry: "pantry", plan_meals: "meals",
  generate_shopping_list: "shoppingList",
  create_post: "post", comment_on_post: "post", like_post: "like", get_feed: "posts", search_posts: "posts", follow_user: "follow", message_friend: "friend",
  find_nearby_rvers: "nearby", share_location: "place", create_event: "meetup", submit_community_tip: "post", search_tips: "posts",
  search_knowledge: "knowledge", get_knowledge_article: "knowledge", get_knowledge_by_category: "knowledge", add_knowledge: "knowledgeAdd",
  get_medical_records: "medical", search_medical_records: "medical", get_medications: "medical", get_emergency_info: "medical",
  update_profile: "profile", update_settings: "settings", manage_privacy: "privacy", get_user_stats: "statistics", export_data: "data",
  create_vehicle: "vehicle", update_vehicle_fuel_consumption: "vehicle",
  search_products: "products", get_product_details: "products", recommend_products: "products", compare_prices: "products", web_search: "web",
  enhanced_search: "web",
  get_transition_progress: "transition", get_transition_tasks: "transition", create_transition_task: "task", complete_transition_task: "taskDone",
  log_shakedown_trip: "shakedown", add_shakedown_issue: "shakedown", get_shakedown_summary: "transition", add_equipment_item: "equipmentChange",
  mark_equipment_purchased: "equipmentChange", get_equipment_list: "equipment", get_launch_week_status: "transition", complete_launch_task: "taskDone",
};

/** Whether there is a sentence for a tool. */
export const isKnownTool = name => Object.hasOwn(TOOLS, name);

/** The name of a tool of others, as words: "weather__get_forecast" is "weather get forecast". */
const words = name => name.replace(/[_\-./:]+/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").trim().toLowerCase();

/** What a call (a tool part of conversation.js) is doing, or has done. */
export function toolSentence({name, state}) {
  const doing = state === "running" || state === "asked";
  if (isKnownTool(name)) return DOINGS[TOOLS[name]][doing || state !== "done" ? 0 : 1]();
  return state === "done" ? t("Used “{tool}”", {tool: words(name)}) : t("Using “{tool}”", {tool: words(name)});
}

// What a failed tool call says to the user. Its own text is the model's, which tells the user what matters.
const FAULTS = {
  not_found: () => t("Not found."),
  ambiguous: () => t("More than one fits."),
  conflict: () => t("It has changed meanwhile."),
  forbidden: () => t("That is not allowed."),
  denied: () => t("You said no."),
  approval_denied: () => t("You said no."),
  approval_expired: () => t("The question was not answered in time."),
  approval_cancelled: () => t("You went on without it."),
  rate_limited: () => t("Too many at once."),
  limit_reached: () => t("There is no room for more."),
  no_route: () => t("There is no road between these places."),
  provider_not_configured: () => t("This service is not set up here."),
  provider_failed: () => t("The service behind it failed."),
  provider_unavailable: () => t("The service behind it cannot be reached."),
  timeout: () => t("It took too long."),
  unknown_outcome: () => t("It is not known whether it was done."),
};

/** Why a call has failed, for the user. */
export const faultOf = code => Object.hasOwn(FAULTS, code ?? "") ? FAULTS[code]() : t("That did not work.");
