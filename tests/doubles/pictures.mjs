// SPDX-License-Identifier: BSD-2-Clause
// Small files of each kind, and what they are: by themselves, not by the program under test.
import {deflateSync} from "node:zlib";

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]), out = Buffer.alloc(8 + data.length + 4);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), 8 + data.length);
  return out;
}

/** A grey picture; `seed` makes it another one, `bytes` as long as that (by a chunk that readers pass over). */
export function png(width = 4, height = 3, {seed = 0, bytes = 0} = {}) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head[8] = 8; // bits of a grey value
  const rows = Buffer.alloc((width + 1) * height, seed);
  for (let y = 0; y < height; y++) rows[y * (width + 1)] = 0;
  const parts = [Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  const missing = bytes - Buffer.concat(parts).length - 12;
  if (missing > 0) parts.splice(2, 0, chunk("prVt", Buffer.alloc(missing, seed)));
  return Buffer.concat(parts);
}

export const gif = (frames = 1) => Buffer.concat([Buffer.from("GIF89a\x02\0\x01\0\x80\0\0\0\0\0\xff\xff\xff", "latin1"),
  ...Array.from({length: frames}, () => Buffer.from("\x2c\0\0\0\0\x02\0\x01\0\0\x02\x02\x4c\x50\0", "latin1")), Buffer.from(";")]);
export const webp = () => Buffer.from("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==", "base64");
export const jpeg = (width = 3, height = 2) => Buffer.from(`\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x0b\x08${
  String.fromCharCode(height >> 8, height & 255, width >> 8, width & 255)}\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0?\0\xd2\xcf\xff\xd9`, "latin1");
export const pdf = (text = "Hello") => Buffer.from(`%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj
% ${text}
trailer<</Root 1 0 R>>
%%EOF
`);

/** {type, width, height, frames}, or null for what is none of the pictures that vendors take. */
export function pictureOf(b) {
  if (b.subarray(0, 8).equals(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"))) return {type: "image/png", width: b.readUInt32BE(16), height: b.readUInt32BE(20), frames: 1};
  if (/^GIF8[79]a/.test(b.subarray(0, 6).toString("latin1"))) return {type: "image/gif", width: b.readUInt16LE(6), height: b.readUInt16LE(8), frames: b.toString("latin1").split("\x2c\0\0\0\0").length - 1};
  if (b.subarray(0, 4).toString() === "RIFF" && b.subarray(8, 12).toString() === "WEBP") return {type: "image/webp", width: 1, height: 1, frames: 1};
  if (b[0] !== 0xff || b[1] !== 0xd8) return null;
  for (let at = 2; at + 9 < b.length && b[at] === 0xff; at += 2 + b.readUInt16BE(at + 2)) {
    if (b[at + 1] >= 0xc0 && b[at + 1] <= 0xc3) return {type: "image/jpeg", width: b.readUInt16BE(at + 7), height: b.readUInt16BE(at + 5), frames: 1};
  }
  return null;
}

/** Strictly base64, or null. */
export function base64Of(text) {
  const bytes = typeof text === "string" ? Buffer.from(text, "base64") : null;
  return bytes?.toString("base64") === text ? bytes : null;
}
