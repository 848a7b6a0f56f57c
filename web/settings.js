// SPDX-License-Identifier: BSD-2-Clause
// The settings: a dialog whose every change is stored at once.
import {button, element, sentence, visible} from "./client/chat/elements.js";
import {languages, region, t} from "./client/chat/words.js";
import {THEMES, setTheme, theme} from "./theme.js";

const EXPORT_WITHIN = 300000, ERASE_WITHIN = 120000;
const COMMON = ["EUR", "USD", "GBP", "AUD", "CAD", "NZD", "CHF"];

/** An object as words: "city: Sydney, country: Australia". */
function told(value) {
  if (Array.isArray(value)) return value.map(told).join(", ");
  if (value && typeof value === "object") return Object.entries(value).map(([key, v]) => `${sentence(key)}: ${told(v)}`).join(", ");
  return String(value);
}

const named = (kind, code) => {
  try {
    return new Intl.DisplayNames([region()], {type: kind}).of(code) ?? code;
  } catch {
    return code;
  }
};

export class Settings {
  #drawn = 0; // fields have ids

  /**
   * dialog: a <dialog>. preferences: Preferences. request: client.fetch. push: Push of push.js, or null. chat: has an attribute theme.
   * signedIn(): whether there is somebody to sign out. onLanguage(tag): another one was chosen; onSignOut();
   * onErased(): nothing of the user is left.
   */
  constructor(dialog, parts) {
    Object.assign(this, {dialog, ...parts});
    dialog.addEventListener("click", event => event.target === dialog && dialog.close()); // beside it
  }

  async open() {
    this.#draw();
    this.dialog.showModal();
    try {
      await this.preferences.load();
    } catch (error) {
      return this.#tell(error.message, true);
    }
    if (this.dialog.open) this.#draw();
  }

  // ---- the fields ----------------------------------------------------------------------------------------

  #draw() {
    const focused = this.dialog.querySelector(":focus"), field = focused?.dataset.field;
    const head = element("div", "head"), title = element("h2", "", t("Settings")), body = element("div", "fields");
    title.id = "settings-title";
    this.status = element("p", "status");
    this.status.setAttribute("role", "status");
    head.append(title, this.status, button(t("Close"), "quiet close", () => this.dialog.close()));
    body.append(this.#about(), this.#look(), this.#reminders(), this.#memory(), this.#data());
    this.dialog.replaceChildren(head, body);
    if (focused) (this.dialog.querySelector(`[data-field="${field}"]`) ?? this.dialog.querySelector(".close")).focus();
  }

  #group(heading, ...rows) {
    const section = element("section", "group"), h3 = element("h3", "", heading);
    h3.id = `settings-${++this.#drawn}`;
    section.setAttribute("aria-labelledby", h3.id);
    section.append(h3, ...rows);
    return section;
  }

  #row(name, text, field) {
    const row = element("div", "field"), label = element("label", "", text);
    field.id = label.htmlFor = `setting-${name}`;
    field.dataset.field = name;
    row.append(label, field);
    return row;
  }

  /** options: [value, text]. */
  #select(name, text, options, value, store) {
    const field = element("select");
    for (const [code, words] of options) field.append(new Option(words, code, false, code === value));
    field.addEventListener("change", () => store(field.value));
    return this.#row(name, text, field);
  }

  #check(name, text, on, store) {
    const field = element("input");
    field.type = "checkbox";
    field.checked = on;
    field.addEventListener("change", () => store(field.checked, field));
    const row = this.#row(name, text, field);
    row.classList.add("check");
    row.prepend(field);
    return row;
  }

  #about() {
    const {preferences} = this, units = preferences.units, device = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const name = element("input");
    name.type = "text";
    name.maxLength = 100;
    name.autocomplete = "name";
    name.dir = "auto";
    name.value = preferences.name;
    name.addEventListener("change", () => this.#store({name: name.value.trim()}));
    const currencies = Intl.supportedValuesOf("currency").filter(code => !COMMON.includes(code));
    const zones = Intl.supportedValuesOf("timeZone");
    return this.#group(t("About you"),
      this.#row("name", t("What you are called"), name),
      this.#select("distance", t("Distances in"), [["km", t("Kilometres")], ["mi", t("Miles")]], units.distance, distance => this.#store({units: {...preferences.units, distance}})),
      this.#select("temperature", t("Temperatures in"), [["C", t("Degrees Celsius")], ["F", t("Degrees Fahrenheit")]], units.temperature, temperature => this.#store({units: {...preferences.units, temperature}})),
      this.#select("currency", t("Money in"), [["", t("As the site has it")], ...[...COMMON, ...currencies].map(code => [code, `${code} – ${named("currency", code)}`])],
        preferences.currency, currency => this.#store({currency})),
      this.#select("timezone", t("Time zone"), [["", t("As this device has it ({zone})", {zone: device})], ...zones.map(zone => [zone, zone.replaceAll("_", " ")])],
        preferences.timezone, timezone => this.#store({timezone})));
  }

  #look() {
    const own = tag => new Intl.DisplayNames([tag], {type: "language"}).of(tag);
    const words = {auto: t("As this device has it"), light: t("Light"), dark: t("Dark")};
    return this.#group(t("How it looks"),
      this.#select("language", t("Language"), [["", t("As this browser has it")], ...languages.map(tag => [tag, own(tag)])], this.preferences.language, async language => {
        if (!await this.#store({language})) return;
        await this.onLanguage();
        this.#draw();
        this.#tell(t("Saved."));
      }),
      this.#select("theme", t("Colours"), THEMES.map(code => [code, words[code]]), theme(), choice => {
        setTheme(choice, this.chat);
        this.#tell(t("Saved."));
      }));
  }

  #reminders() {
    const rows = [this.#check("sound", t("Play a sound when a reminder comes"), this.preferences.sound, on => {
      this.preferences.sound = on;
      this.#tell(t("Saved."));
    })];
    const push = this.push?.();
    if (push && push.state !== "unsupported") {
      rows.push(this.#check("push", t("Notify this device, also when this page is closed"), push.state === "on", (on, field) => this.#push(push, on, field)));
    }
    return this.#group(t("Reminders"), ...rows);
  }

  async #push(push, on, field) {
    field.disabled = true;
    try {
      await (on ? push.enable() : push.disable());
      this.#tell(t("Saved."));
    } catch (error) {
      this.#tell(error.message, true);
    }
    field.disabled = false;
    field.checked = push.state === "on";
  }

  #memory() {
    const list = element("ul", "memory"), items = this.preferences.remembered;
    for (const [key, value] of items) {
      const li = element("li"), words = element("span", "", visible(`${sentence(key)}: ${told(value)}`));
      const forget = button(t("Forget"), "quiet", async () => await this.#store({[key]: null}) && this.#draw());
      words.dir = "auto";
      forget.setAttribute("aria-label", t("Forget: {what}", {what: visible(sentence(key))}));
      li.append(words, forget);
      list.append(li);
    }
    return this.#group(t("What the assistant remembers"),
      this.#check("memory", t("Remember facts about me for later chats"), this.preferences.memory, on => this.#store({memory: on ? null : false})),
      items.length ? list : element("p", "help", t("Nothing besides your chats, and what you told it to keep.")));
  }

  // ---- the user's data -------------------------------------------------------------------------------------

  #data() {
    const row = element("div", "row");
    row.append(button(t("Download everything"), "quiet", event => this.#export(event.target)), button(t("Erase everything"), "quiet danger", event => this.#erase(event.target)));
    if (this.signedIn()) {
      row.append(button(t("Sign out"), "quiet", () => {
        this.dialog.close();
        this.onSignOut();
      }));
    }
    return this.#group(t("Your data"), row, element("p", "help", t("Place names: GeoNames (CC BY 4.0). Coasts: Natural Earth.")));
  }

  async #export(pressed) {
    pressed.disabled = true;
    this.#tell(t("Everything is being collected ..."));
    try {
      const blob = await this.request("/export", {blob: true, signal: AbortSignal.timeout(EXPORT_WITHIN)});
      const link = element("a"), address = URL.createObjectURL(blob);
      link.href = address;
      link.download = "turnpike-export.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60000);
      this.#tell(t("The download has begun."));
    } catch (error) {
      this.#tell(error.message, true);
    }
    pressed.disabled = false;
  }

  /** The server says whose data it is, when nobody has confirmed: that is to be typed. */
  async #erase(pressed) {
    let user = "";
    try {
      await this.request("/user-data", {method: "DELETE"});
    } catch (error) {
      if (error.problem?.field !== "X-Confirm-Erase") return this.#tell(error.message, true);
      user = error.problem.expected;
    }
    const form = element("form", "erase"), field = element("input"), go = element("button", "danger", t("Erase everything"));
    form.append(element("p", "", t("All chats, trips, records and files are erased, on all devices. It cannot be undone.")),
      this.#row("erase", t("To erase everything, type {user}", {user: visible(user)}), field), go);
    field.autocomplete = "off";
    field.autocapitalize = "none";
    field.spellcheck = false;
    go.disabled = true;
    field.addEventListener("input", () => { go.disabled = field.value.trim() !== user; });
    form.addEventListener("submit", async event => {
      event.preventDefault();
      if (go.disabled) return;
      go.disabled = true;
      this.#tell(t("Everything is being erased ..."));
      try {
        await this.#eraseAll(user);
      } catch (error) {
        go.disabled = false;
        return this.#tell(error.message, true);
      }
      this.dialog.close();
      this.onErased();
    });
    pressed.closest(".group").append(form);
    pressed.disabled = true;
    field.focus();
  }

  /** What is large is erased in several steps. */
  async #eraseAll(user) {
    for (;;) {
      try {
        return await this.request("/user-data", {method: "DELETE", headers: {"X-Confirm-Erase": user}, signal: AbortSignal.timeout(ERASE_WITHIN)});
      } catch (error) {
        if (error.problem?.code !== "erasure_unfinished") throw error;
      }
    }
  }

  // ---- what happened ----------------------------------------------------------------------------------------

  async #store(values) {
    try {
      await this.preferences.store(values);
      this.#tell(t("Saved."));
      return true;
    } catch (error) {
      this.#tell(t("This could not be saved: {reason}", {reason: error.message}), true);
      return false;
    }
  }

  #tell(text, fault = false) {
    this.status.textContent = text;
    this.status.classList.toggle("fault", fault);
  }
}
