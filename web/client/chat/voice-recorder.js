// SPDX-License-Identifier: BSD-2-Clause
// Records one phrase: from the microphone to a WAVE file of 16 kHz. It ends by itself after a silence.
const RATE = 16000, PIECE = 1024;
const QUIET_MS = 1200; // silence behind a phrase that ends it
const NOTHING_MS = 7000; // so long it waits for the first word
const BEFORE_MS = 500; // kept of what was before the first word
const FLOOR = 0.006, ABOVE = 3, ABOVE_SPEECH = 6; // loudness that counts: of full scale, and as a multiple of the room's
const SURE_MS = 120;

/** Samples (-1 to 1) of one channel as a WAVE file. */
export function wave(samples, rate = RATE) {
  const out = new DataView(new ArrayBuffer(44 + 2 * samples.length)), text = (at, s) => [...s].forEach((c, i) => out.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  out.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  out.setUint32(16, 16, true);
  out.setUint16(20, 1, true);
  out.setUint16(22, 1, true);
  out.setUint32(24, rate, true);
  out.setUint32(28, 2 * rate, true);
  out.setUint16(32, 2, true);
  out.setUint16(34, 16, true);
  text(36, "data");
  out.setUint32(40, 2 * samples.length, true);
  samples.forEach((s, i) => out.setInt16(44 + 2 * i, Math.round(Math.max(-1, Math.min(1, s)) * 32767), true));
  return new Blob([out], {type: "audio/wav"});
}

const loudness = piece => Math.sqrt(piece.reduce((sum, s) => sum + s * s, 0) / piece.length);

/** Where speech begins and ends, by loudness. Pure: fed with loudness and milliseconds. */
export class Ear {
  floor = 0.02; heard = false; #loudMs = 0; #quietMs = 0; #waitedMs = 0;

  /** above: what counts as speech, as a multiple of the room's noise. Returns "begin", "end", "nothing" or "". waits: silence has no end. */
  hear(level, ms, {waits = false, above = ABOVE} = {}) {
    const loud = level > Math.max(FLOOR, this.floor * above);
    this.floor = level < this.floor ? level + (this.floor - level) * 0.7 : this.floor + (level - this.floor) * (loud ? 0.0005 : 0.02) * ms / 20;
    this.#loudMs = loud ? this.#loudMs + ms : Math.max(0, this.#loudMs - ms);
    this.#quietMs = loud ? 0 : this.#quietMs + ms;
    if (!this.heard) {
      this.#waitedMs = waits ? 0 : this.#waitedMs + ms;
      this.heard = this.#loudMs >= SURE_MS * (waits ? 2 : 1);
      return this.heard ? "begin" : this.#waitedMs >= NOTHING_MS ? "nothing" : "";
    }
    return this.#quietMs >= QUIET_MS ? "end" : "";
  }
}

export class Recorder {
  #pieces = []; #kept = 0; #ear = new Ear(); #armed = false; #stop = null; #context = null; #stream = null;

  /** Records until the phrase is over. armed: something speaks meanwhile; silence does not end it before expect(). Gives a Blob; null: nothing was said. */
  async record({armed = false, longest = 60000, onLevel = () => {}, onSpeech = () => {}, onOpen = () => {}, signal} = {}) {
    signal?.throwIfAborted();
    this.#armed = armed;
    const stream = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true}});
    this.#stream = stream;
    try {
      signal?.throwIfAborted();
      const context = this.#context = new AudioContext(), rate = context.sampleRate;
      const whole = await new Promise((done, fail) => {
        this.#stop = () => done(true);
        signal?.addEventListener("abort", () => fail(signal.reason), {once: true});
        stream.getAudioTracks()[0].addEventListener("ended", () => done(true));
        let ms = 0;
        this.#tap(context, stream, piece => {
          const each = piece.length / rate * 1000, level = loudness(piece);
          this.#keep(piece, each);
          onLevel(level);
          const told = this.#ear.hear(level, each, {waits: this.#armed, above: this.#armed ? ABOVE_SPEECH : ABOVE});
          if (told === "begin") onSpeech();
          if (this.#ear.heard) ms += each;
          if (told === "nothing") done(false);
          else if (told === "end" || ms > longest - 1000) done(true);
        }).then(onOpen, fail);
      });
      return whole && this.#pieces.length ? await this.#file(rate) : null;
    } finally {
      this.close();
    }
  }

  /** From now on silence counts. */
  expect() { this.#armed = false; }
  /** The phrase is over. */
  finish() { this.#stop?.(); }
  close() {
    this.#stream?.getTracks().forEach(track => track.stop());
    this.#context?.close().catch(() => {});
    this.#stream = this.#context = null;
  }

  /** Before the first word only the last moment is kept. */
  #keep(piece, ms) {
    this.#pieces.push(piece);
    if (this.#ear.heard) return;
    this.#kept += ms;
    while (this.#kept > BEFORE_MS + ms) {
      this.#pieces.shift();
      this.#kept -= ms;
    }
  }

  async #tap(context, stream, hear) {
    const source = context.createMediaStreamSource(stream);
    let node;
    try {
      await context.audioWorklet.addModule(new URL("./voice-worklet.js", import.meta.url));
      node = new AudioWorkletNode(context, "turnpike-tap", {numberOfOutputs: 1});
      node.port.onmessage = event => hear(event.data);
    } catch { // an old browser, or a page that allows no worklet of ours
      node = context.createScriptProcessor(PIECE, 1, 1);
      node.onaudioprocess = event => hear(event.inputBuffer.getChannelData(0).slice());
    }
    source.connect(node);
    node.connect(context.destination); // it is silent there, and runs for it
    await context.resume();
  }

  async #file(rate) {
    const length = this.#pieces.reduce((sum, p) => sum + p.length, 0), all = new Float32Array(length);
    this.#pieces.reduce((at, p) => (all.set(p, at), at + p.length), 0);
    if (rate === RATE) return wave(all);
    const offline = new OfflineAudioContext(1, Math.max(1, Math.floor(length * RATE / rate)), RATE), buffer = offline.createBuffer(1, length, rate);
    buffer.copyToChannel(all, 0);
    const source = offline.createBufferSource();
    source.buffer = buffer;
    source.connect(offline.destination);
    source.start();
    return wave((await offline.startRendering()).getChannelData(0));
  }
}
