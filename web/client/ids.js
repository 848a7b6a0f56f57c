// SPDX-License-Identifier: BSD-2-Clause
// Ids of messages and runs, and the order of cursors.

export function newId() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16)); // plain http on another host than localhost
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const h = [...b].map(x => x.toString(16).padStart(2, "0")).join("");
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** The chat of a shared trip: several users read and write it. */
export const isTripChat = session => String(session).startsWith("trip~");

/** Whether cursor a ("EPOCH-N") stands behind b. */
export function isAfter(a, b) {
  if (!b) return true;
  const [ae, an] = a.split("-").map(Number), [be, bn] = b.split("-").map(Number);
  return ae > be || (ae === be && an > bn);
}

/** The cursor that an offset of a durable stream names: it has zeros in front. */
export const cursorOf = offset => offset.split("-").map(Number).join("-");
