// SPDX-License-Identifier: BSD-2-Clause
// Voice: listens, reads answers out, and both by turns (hands-free). Knows nothing of the page: it is told of answers and says
// what was heard.
import {sentences} from "./voice-text.js";
import {Listener, VoiceError} from "./voice-in.js";
import {Speaker} from "./voice-out.js";
import {t} from "./words.js";

const KEY = "turnpike-voice";
const ERRORS = {
  denied: () => t("The microphone may not be used. Allow it in the browser's settings for this page."),
  "no-microphone": () => t("No microphone was found."),
  "not-configured": () => t("Nothing here understands this language."),
  nothing: () => t("Nothing was understood."),
  failed: () => t("What was said could not be understood just now."),
  speech: () => t("It could not be read aloud."),
};

function settings() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
}

export class Voice {
  #listener; #speaker; #abort = null; #listening = null; #state = "off"; #follows = null; #settings = settings();
  handsFree = false;

  /**
   * request(path, init): of TurnpikeClient.fetch. siteInfo(): what GET /page said. locale(): BCP 47 tag.
   * onText(text, {send}): was said; send: it is a message. onState({state, handsFree, level?, error?}): off, starting, listening,
   * transcribing, waiting, speaking.
   */
  constructor({request, siteInfo, onText, onState, locale}) {
    Object.assign(this, {siteInfo, onText, onState, locale});
    this.#listener = new Listener({request, site: siteInfo});
    this.#speaker = new Speaker({request, site: siteInfo, options: () => this.#settings, on: {
      start: () => this.#tell("speaking"), end: () => this.#spoken(), error: error => this.#failed("speech", error),
    }});
    globalThis.speechSynthesis?.addEventListener?.("voiceschanged", () => this.#tell(this.#state)); // some are known late
  }

  get state() { return this.#state; }
  get canListen() { return this.#listener.can(this.locale()); }
  get canSpeak() { return this.#speaker.can(this.locale()); }

  /** {voice, siteVoice, speed}, remembered in this browser. */
  get settings() { return this.#settings; }
  set settings(values) {
    this.#settings = {...this.#settings, ...values};
    try { localStorage.setItem(KEY, JSON.stringify(this.#settings)); } catch { /* for this visit alone */ }
  }

  /** The button of the microphone: begins to listen, or ends the phrase. Whatever speaks is still. */
  toggle() {
    if (this.#listening && this.#state !== "speaking") this.#listener.finish();
    else this.listen();
  }

  /** Listens for one phrase. */
  async listen({armed = false} = {}) {
    if (!armed) this.hush();
    this.#end();
    const abort = this.#abort = new AbortController(), mine = this.#listening = {};
    if (!armed) this.#tell("starting");
    try {
      const text = await this.#listener.listen({language: this.locale(), armed, signal: abort.signal, on: {
        state: state => (state !== "listening" || !this.#speaker.busy) && this.#tell(state),
        level: level => this.onState({state: this.#state, handsFree: this.handsFree, level}),
        speech: () => this.#interrupted(),
      }});
      if (this.#listening !== mine) return;
      this.#listening = null;
      this.#heard(text);
    } catch (error) {
      if (this.#listening !== mine) return;
      this.#listening = null;
      this.#failed(error instanceof VoiceError ? error.code : "failed", error);
    }
  }

  /** By turns: listens, sends, reads the answer out, listens again. Ends with silence, or stop(). */
  startHandsFree() {
    this.handsFree = true;
    this.listen();
  }

  /** Everything ends: listening, speaking, hands-free. Returns whether there was anything. */
  stop() {
    const was = this.#state !== "off" || this.handsFree;
    this.handsFree = false;
    this.#end();
    this.hush();
    this.#tell("off");
    return was;
  }

  /** Speaks no more. */
  hush() {
    this.#follows = null;
    this.#speaker.stop();
  }

  /** Reads a whole text out. */
  read(markdown) {
    this.stop();
    for (const sentence of sentences(markdown, {language: this.locale()})) this.#speaker.say(sentence, this.locale());
  }

  /** The answer to what was said last, as far as it is there. over: nothing more comes. asks: it waits for an approval. */
  answer({id, text, over, asks = false}) {
    const follows = this.#follows;
    if (!this.handsFree || !follows || follows.past?.has(id)) return;
    const before = follows.said.get(id) ?? 0;
    const all = sentences(text, {open: !over, language: this.locale()});
    for (const sentence of all.slice(before)) this.#speaker.say(sentence, this.locale());
    follows.said.set(id, Math.max(before, all.length));
    if (!over) return;
    follows.past = new Set([...follows.past ?? [], id]);
    if (asks) {
      this.handsFree = false;
      this.#speaker.say(t("This waits for your answer on the screen."), this.locale());
    } else if (!this.#speaker.busy) this.#spoken();
  }

  // ---- what happens -------------------------------------------------------------------------------------

  #heard(text) {
    if (this.handsFree) this.#follows = {said: new Map()};
    this.#tell(this.handsFree ? "waiting" : "off");
    this.onText(text, {send: this.handsFree});
  }

  /** Somebody speaks into it. */
  #interrupted() {
    if (!["speaking", "waiting"].includes(this.#state)) return;
    this.hush();
    this.#tell("listening");
  }

  /** The speaker has nothing more to say. */
  #spoken() {
    if (this.handsFree && this.#follows?.past) {
      if (this.#listening) {
        this.#listener.expect();
        this.#tell("listening");
      } else this.listen();
    } else if (this.handsFree && this.#follows) this.#tell("waiting");
    else if (!this.#listening) this.#tell("off");
  }

  #failed(code, error) {
    this.handsFree = false;
    this.#end();
    this.#speaker.stop();
    this.#tell("off", {error: ERRORS[code]?.() ?? ERRORS.failed(), code, cause: error});
  }

  #end() {
    this.#listening = null;
    this.#abort?.abort();
    this.#abort = null;
  }

  #tell(state, more = {}) {
    this.#state = state;
    this.onState({state, handsFree: this.handsFree, ...more});
    // While it speaks hands-free it listens, so that the user may break in; by the site alone: a browser's own hears the loudspeaker.
    if (state === "speaking" && this.handsFree && !this.#listening && this.siteInfo()?.voice?.transcribe) this.listen({armed: true});
  }
}
