// SPDX-License-Identifier: BSD-2-Clause
// Speech in: by the browser's recogniser where it works, else recorded and sent to the site.

const START_WITHIN = 4000; // ms for the browser's recogniser to say anything at all
const TRANSCRIBE_WITHIN = 120000;
const BROKEN = new Set(["network", "service-not-allowed", "silent"]); // it will not work later either, in this visit
const KEY = "turnpike-voice-recogniser";

/** code: denied, no-microphone, not-configured, nothing, failed. */
export class VoiceError extends Error {
  constructor(code, message = code) {
    super(message);
    this.code = code;
  }
}

const stored = () => { try { return globalThis.sessionStorage?.getItem(KEY); } catch { return null; } };
function store(value) {
  try { sessionStorage.setItem(KEY, value); } catch { /* it is found out again next time */ }
}

export class Listener {
  #recogniser = null; #recorder = null; #broken = stored() === "broken";

  /** request(path, init): of TurnpikeClient.fetch. site(): of GET /page. */
  constructor({request, site}) {
    this.request = request;
    this.site = site;
  }

  get #Recognition() { return this.#broken ? null : globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition ?? null; }
  #records(language) {
    const {transcribe} = this.site()?.voice ?? {};
    return Boolean(transcribe && globalThis.navigator?.mediaDevices?.getUserMedia)
      && (!transcribe.languages || transcribe.languages.includes(language.toLowerCase().split("-")[0]));
  }
  /** Can it hear at all? */
  can(language) { return Boolean(this.#Recognition) || this.#records(language); }

  /**
   * What is said next, as text. armed: something speaks meanwhile (see Recorder). on: {state(name), level(0 to 1), speech()}.
   * Throws a VoiceError, or the signal's reason.
   */
  async listen({language, armed = false, on, signal}) {
    if (this.#Recognition && !armed) { // the browser's own hears the loudspeaker
      try {
        return await this.#recognise({language, on, signal});
      } catch (error) {
        if (!(error instanceof VoiceError) || error.code === "nothing" || !this.#records(language)) throw error;
        if (BROKEN.has(error.code)) {
          this.#broken = true;
          store("broken");
        }
      }
    }
    if (!this.#records(language)) throw new VoiceError("not-configured");
    return this.#record({language, armed, on, signal});
  }

  /** Silence counts from now on. */
  expect() { this.#recorder?.expect(); }
  /** The phrase is over. */
  finish() {
    this.#recogniser?.stop();
    this.#recorder?.finish();
  }

  #recognise({language, on, signal}) {
    return new Promise((done, fail) => {
      const recogniser = this.#recogniser = new this.#Recognition();
      Object.assign(recogniser, {lang: language, interimResults: false, continuous: false});
      let text = "", silent = setTimeout(() => end(fail, new VoiceError("silent")), START_WITHIN);
      const end = (how, what) => {
        clearTimeout(silent);
        this.#recogniser = null;
        recogniser.onerror = recogniser.onend = null;
        how(what);
        recogniser.abort();
      };
      recogniser.onaudiostart = () => {
        clearTimeout(silent);
        on.state("listening");
      };
      recogniser.onspeechstart = () => on.speech();
      recogniser.onresult = event => { text = [...event.results].map(r => r[0].transcript).join(" ").trim(); };
      recogniser.onerror = ({error}) => {
        const code = {"not-allowed": "denied", "audio-capture": "no-microphone", "no-speech": "nothing"}[error] ?? error;
        end(fail, new VoiceError(code));
      };
      recogniser.onend = () => text ? end(done, text) : end(fail, new VoiceError("nothing"));
      signal?.addEventListener("abort", () => end(fail, signal.reason), {once: true});
      recogniser.start();
    });
  }

  async #record({language, armed, on, signal}) {
    const {Recorder} = await import("./voice-recorder.js");
    signal?.throwIfAborted();
    const recorder = this.#recorder = new Recorder(), limit = this.site().voice.transcribe.duration_max_ms ?? 60000;
    let sound;
    try {
      sound = await recorder.record({armed, longest: Math.min(limit, 60000), signal, onLevel: on.level, onSpeech: on.speech, onOpen: () => on.state("listening")});
    } catch (error) {
      signal?.throwIfAborted();
      throw new VoiceError({NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "no-microphone", NotReadableError: "no-microphone"}[error.name] ?? "failed", error.message);
    } finally {
      this.#recorder = null;
    }
    if (!sound) throw new VoiceError("nothing");
    on.state("transcribing");
    return this.#transcribe(sound, language, signal);
  }

  async #transcribe(sound, language, signal) {
    const late = AbortSignal.timeout(TRANSCRIBE_WITHIN);
    let text;
    try {
      ({text} = await this.request(`/voice/transcribe?${new URLSearchParams({language})}`, {method: "POST", body: sound, signal: signal ? AbortSignal.any([signal, late]) : late}));
    } catch (error) {
      signal?.throwIfAborted();
      throw new VoiceError(error.status === 501 ? "not-configured" : "failed", error.message);
    }
    if (!text.trim()) throw new VoiceError("nothing");
    return text.trim();
  }
}
