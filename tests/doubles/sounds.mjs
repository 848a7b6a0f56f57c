// SPDX-License-Identifier: BSD-2-Clause
// Sounds for tests: WAVE files of samples, and speech made by flite.
import {execFileSync} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";

/** A WAVE file of 16-bit samples (interleaved). */
export function wav(samples, {rate = 16000, channels = 1} = {}) {
  const out = Buffer.alloc(44 + 2 * samples.length);
  out.write("RIFF", 0);
  out.writeUInt32LE(36 + 2 * samples.length, 4);
  out.write("WAVEfmt ", 8);
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
  out.writeUInt16LE(channels, 22);
  out.writeUInt32LE(rate, 24);
  out.writeUInt32LE(rate * channels * 2, 28);
  out.writeUInt16LE(channels * 2, 32);
  out.writeUInt16LE(16, 34);
  out.write("data", 36);
  out.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((s, i) => out.writeInt16LE(s, 44 + 2 * i));
  return out;
}

/** {rate, channels, samples} of a WAVE file as we write it. */
export function unwav(bytes) {
  if (bytes.toString("latin1", 0, 4) !== "RIFF" || bytes.toString("latin1", 8, 16) !== "WAVEfmt " || bytes.toString("latin1", 36, 40) !== "data"
    || bytes.readUInt32LE(40) !== bytes.length - 44) throw new Error("no WAVE file with its samples at 44");
  return {rate: bytes.readUInt32LE(24), channels: bytes.readUInt16LE(22),
    samples: Array.from({length: (bytes.length - 44) / 2}, (_, i) => bytes.readInt16LE(44 + 2 * i))};
}

export const silence = (seconds, rate = 16000) => new Array(Math.round(seconds * rate)).fill(0);

/** Speech as samples at 16 kHz. */
export function spoken(text) {
  const dir = mkdtempSync(join(tmpdir(), "tp-sound-"));
  try {
    execFileSync("flite", ["-voice", "slt", "-t", text, "-o", join(dir, "a.wav")], {timeout: 60000});
    return unwav(readFileSync(join(dir, "a.wav"))).samples;
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
}

/** The same samples at `factor` times the rate, with straight lines between them. */
export function stretched(samples, factor) {
  return samples.flatMap((s, i) => Array.from({length: factor}, (_, k) => Math.round(s + ((samples[i + 1] ?? s) - s) * k / factor)));
}
