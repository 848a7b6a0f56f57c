// SPDX-License-Identifier: BSD-2-Clause
// The looks of the message field and of files; a part of style.js.

export const COMPOSER = `
.composer { position: relative; border-top: 1px solid var(--line); background: var(--panel); padding: 10px max(16px, env(safe-area-inset-left)) calc(10px + env(safe-area-inset-bottom)); }
.composer form { display: flex; flex-wrap: wrap; align-items: flex-end; gap: 8px; max-width: var(--width); margin-inline: auto; }
.composer textarea { min-width: 8em; }
.attached { display: flex; flex-wrap: wrap; gap: 6px; flex-basis: 100%; margin: 0; padding: 0; list-style: none; max-height: 30vh; overflow-y: auto; }
.chip { display: flex; align-items: center; gap: 6px; max-width: 100%; padding: 3px 3px 3px 10px; border: 1px solid var(--line); border-radius: 12px; overflow-wrap: anywhere; font-size: .88rem; }
.chip:has(.thumb) { padding-inline-start: 3px; }
.chip .name { order: 1; min-width: 0; max-width: 16em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.chip > :is(.note, progress, button) { order: 2; }
.chip .note { color: var(--soft); font-size: .82rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.chip.failed { border-color: var(--bad); }
.chip.failed .note { color: var(--bad); }
.chip progress { width: 5em; accent-color: var(--accent); }
.chip button.quiet { border: 0; padding: 6px 8px; }
img.thumb { width: 44px; height: 44px; object-fit: cover; border-radius: 9px; }
.count { flex-basis: 100%; display: flex; flex-wrap: wrap; align-items: center; gap: 8px; font-size: .82rem; color: var(--soft); }
.count.over { color: var(--bad); }
.attach, button.camera { position: relative; display: flex; align-items: center; justify-content: center; min-width: 44px; min-height: 44px; padding: 0 10px; border: 1px solid var(--line); border-radius: 12px; color: var(--accent); font: inherit; font-weight: 600; cursor: pointer; }
.attach:focus-within { outline: 3px solid var(--accent); outline-offset: 2px; }
.dropzone { position: absolute; inset: 8px; z-index: 3; display: grid; place-items: center; border: 3px dashed var(--accent); border-radius: var(--radius); background: color-mix(in srgb, var(--ground) 88%, transparent); font-weight: 600; pointer-events: none; }
.camera-dialog { max-width: min(720px, 92vw); border: 1px solid var(--line); border-radius: var(--radius); background: var(--panel); color: var(--ink); padding: 14px; }
.camera-dialog::backdrop { background: rgb(0 0 0 / .6); }
.camera-dialog video { display: block; width: 100%; max-height: 70vh; border-radius: 9px; background: #000; }
.files { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 6px; }
.files:not([hidden]) + .text:not([hidden]) { margin-top: 6px; }
.file { min-width: 0; max-width: 100%; }
button.file-button { display: flex; align-items: center; gap: 4px; max-width: 100%; padding: 5px 9px; white-space: normal; overflow-wrap: anywhere; text-align: start; color: inherit; border-color: var(--line); }
button.file-button:has(.picture) { padding: 3px; flex-direction: column; align-items: start; }
:is(.file-button, .camera) svg { flex: none; display: block; }
button.file-button .picture + span { font-size: .78rem; padding-inline: 4px; }
.picture { display: block; width: auto; height: auto; max-width: min(240px, 100%); max-height: 200px; border-radius: 9px; }
@media (max-width: 480px) {
  .composer textarea { order: -1; flex-basis: 100%; }
  .attached, .count { order: -2; }
  #stop, #send { margin-inline-start: auto; }
  #stop:not([hidden]) + #send { margin-inline-start: 0; }
}
`;
