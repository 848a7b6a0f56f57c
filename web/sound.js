// SPDX-License-Identifier: BSD-2-Clause
// A short chime for reminders, made here: no file, nothing to load. Browsers play it once the page has been touched.
let context = null;

export async function chime() {
  try {
    context ??= new AudioContext();
    await context.resume();
    const now = context.currentTime;
    for (const [at, hertz] of [[0, 660], [0.16, 880]]) {
      const tone = context.createOscillator(), volume = context.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0.0001, now + at);
      volume.gain.exponentialRampToValueAtTime(0.15, now + at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, now + at + 0.4);
      tone.connect(volume).connect(context.destination);
      tone.start(now + at);
      tone.stop(now + at + 0.45);
    }
  } catch { /* no sound here: the toast tells */ }
}
