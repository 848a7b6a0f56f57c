// SPDX-License-Identifier: BSD-2-Clause
// Speech out: sentence after sentence, by a voice of the browser, else by the site. The next one is fetched while one is heard.
const AHEAD = 2; // sentences that are fetched before it is their turn
const SPEAK_WITHIN = 90000;

export class Speaker {
  #queue = []; #playing = null; #abort = null;

  /** request(path, init): of TurnpikeClient.fetch. site(): of GET /page. on: {start(), end(), error(error)}. options(): {voice, speed}. */
  constructor({request, site, on, options = () => ({})}) {
    Object.assign(this, {request, site, on, options});
  }

  /** The browser's voice for a language: the one that was chosen, else the first. */
  #voiceFor(language) {
    const tag = language.toLowerCase().split("-")[0], all = globalThis.speechSynthesis?.getVoices() ?? [];
    const fit = all.filter(v => v.lang.toLowerCase().replace("_", "-").split("-")[0] === tag);
    return fit.find(v => v.name === this.options().voice) ?? fit.find(v => v.lang.toLowerCase() === language.toLowerCase()) ?? fit[0] ?? null;
  }
  #bySite(language) {
    const {speak} = this.site()?.voice ?? {};
    return Boolean(speak && (!speak.languages || speak.languages.includes(language.toLowerCase().split("-")[0])));
  }
  can(language) { return Boolean(this.#voiceFor(language)) || this.#bySite(language); }
  get busy() { return this.#playing !== null; }

  /** Says it behind what is being said. */
  say(text, language) {
    this.#queue.push({text, language});
    if (!this.#playing) this.#run();
    else this.#fetchAhead();
  }

  /** At once, whatever is being said. */
  stop() {
    this.#queue = [];
    this.#abort?.abort();
    this.#playing?.halt?.();
    globalThis.speechSynthesis?.cancel();
  }

  async #run() {
    const abort = this.#abort = new AbortController();
    this.#playing = {};
    this.on.start();
    try {
      for (let next; !abort.signal.aborted && (next = this.#queue.shift());) {
        this.#fetchAhead(next);
        await this.#say(next, abort.signal);
      }
    } catch (error) {
      this.#queue = [];
      if (!abort.signal.aborted) this.on.error(error);
    }
    abort.abort();
    this.#playing = null;
    this.on.end();
    if (this.#queue.length) this.#run(); // said while it was being stopped
  }

  #fetchAhead(...first) {
    for (const piece of [...first, ...this.#queue].slice(0, AHEAD)) {
      if (piece.sound || this.#voiceFor(piece.language)) continue;
      piece.sound = this.#fetch(piece, this.#abort.signal);
      piece.sound.catch(() => {}); // told when it is its turn
    }
  }

  #fetch({text, language}, signal) {
    const {speed, siteVoice} = this.options();
    return this.request("/voice/speak", {method: "POST", blob: true, signal: AbortSignal.any([signal, AbortSignal.timeout(SPEAK_WITHIN)]),
      body: {text, language, ...speed && speed !== 1 && {speed}, ...siteVoice && {voice: siteVoice}}});
  }

  async #say(piece, signal) {
    const voice = this.#voiceFor(piece.language);
    if (voice && !piece.sound) return this.#byBrowser(piece, voice, signal);
    const url = URL.createObjectURL(await piece.sound);
    try {
      if (!signal.aborted) await this.#play(url, signal);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  #play(url, signal) {
    return new Promise((done, fail) => {
      const audio = new Audio(url);
      this.#playing = {halt: () => {
        audio.pause();
        done();
      }};
      audio.onended = () => done();
      audio.onerror = () => fail(new Error("the sound cannot be played"));
      if (signal.aborted) done();
      else audio.play().catch(error => signal.aborted ? done() : fail(error));
    });
  }

  #byBrowser({text, language}, voice, signal) {
    return new Promise((done, fail) => {
      const utterance = new SpeechSynthesisUtterance(text);
      Object.assign(utterance, {voice, lang: language, rate: this.options().speed ?? 1});
      this.#playing = {halt: done};
      utterance.onend = () => done();
      utterance.onerror = ({error}) => signal.aborted || ["canceled", "interrupted"].includes(error) ? done() : fail(new Error(error));
      speechSynthesis.speak(utterance);
    });
  }
}
