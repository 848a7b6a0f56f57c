// SPDX-License-Identifier: BSD-2-Clause
// In the thread of the sound: hands what the microphone gives to the page, in pieces of 20 to 50 ms.
const PIECE = 1024;

class Tap extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE);
  #filled = 0;

  process([input]) {
    const samples = input[0];
    for (let i = 0; samples && i < samples.length; i++) {
      this.#piece[this.#filled++] = samples[i];
      if (this.#filled < PIECE) continue;
      this.port.postMessage(this.#piece, [this.#piece.buffer]);
      this.#piece = new Float32Array(PIECE);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("turnpike-tap", Tap);
