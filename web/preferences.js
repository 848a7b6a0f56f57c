// SPDX-License-Identifier: BSD-2-Clause
// What the user has chosen. On this device: theme (theme.js), language, sound. For the user, in the stored context, which the model
// and the tools are told with every message: name, units, currency, timezone, language,
// and whether facts about them are remembered.

const STORED = ["name", "units", "currency", "timezone", "language", "memory"];
const MILES = ["US", "GB", "LR", "MM"], FAHRENHEIT = ["US", "BS", "BZ", "KY", "LR", "PW"];

/** What people usually count in where this browser's language is from. */
export function usualUnits(tag = navigator.language) {
  let region;
  try {
    region = new Intl.Locale(tag).maximize().region;
  } catch { /* no tag */ }
  return {distance: MILES.includes(region) ? "mi" : "km", temperature: FAHRENHEIT.includes(region) ? "F" : "C"};
}

/** The stored `units`: an object of single ones, or the name of a system. */
function unitsOf(stored) {
  if (typeof stored === "object") return stored;
  return stored === "metric" ? {distance: "km", temperature: "C"} : stored === "us" || stored === "imperial" ? {distance: "mi", temperature: "F"} : null;
}

export class Preferences extends EventTarget {
  #request; #context = {};

  /** request: client.fetch. `change` tells that something is another now. */
  constructor(request) {
    super();
    this.#request = request;
  }

  get name() { return this.#text("name"); }
  get currency() { return this.#text("currency"); }
  /** The zone that was chosen; "": that of the device. */
  get timezone() { return this.#text("timezone"); }
  /** The language that was chosen here, else by this user anywhere; "": that of the browser. */
  get language() { return localStorage.getItem("language") ?? this.#text("language"); }
  get units() { return {...usualUnits(), ...unitsOf(this.#context.units)}; }
  /** Whether facts are remembered; on unless it was turned off. */
  get memory() { return this.#context.memory !== false; }
  get sound() { return localStorage.getItem("sound") === "on"; }
  set sound(on) {
    if (on) localStorage.setItem("sound", "on");
    else localStorage.removeItem("sound");
    this.#changed();
  }

  /** What the assistant remembers besides: [key, value]. */
  get remembered() { return Object.entries(this.#context).filter(([key]) => !STORED.includes(key)); }

  async load() {
    this.#context = await this.#request("/context") ?? {};
    this.#changed();
  }

  /** Stores what is given; null or "" forgets it. */
  async store(values) {
    const patch = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value === "" ? null : value]));
    this.#context = await this.#request("/context", {method: "PUT", body: patch}) ?? {};
    if ("language" in values) {
      if (values.language) localStorage.setItem("language", values.language);
      else localStorage.removeItem("language");
    }
    this.#changed();
  }

  /** Another user has others. */
  forget() {
    this.#context = {};
    this.#changed();
  }

  #text(name) {
    const value = this.#context[name];
    return typeof value === "string" ? value : "";
  }

  #changed() { this.dispatchEvent(new Event("change")); }
}
