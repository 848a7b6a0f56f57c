// SPDX-License-Identifier: BSD-2-Clause
// The looks of <turnpike-chat>. Colours and the typeface can be set from outside by custom properties
// --turnpike-NAME, for each NAME below: docs/chat-element.md.

import {ANSWERS} from "./style-answers.js";
import {APPROVALS} from "./style-approvals.js";
import {COMPOSER} from "./style-composer.js";
import {VOICE_STYLE} from "./voice-bar.js";

const LIGHT = {ground: "#f7f6f2", panel: "#ffffff", ink: "#1c2321", soft: "#5b6763", line: "#dcdfd9", accent: "#0b6e5d", "accent-ink": "#ffffff",
  mine: "#dff0ea", warn: "#9a4b00", bad: "#b3261e", good: "#1f8a4c"};
const DARK = {ground: "#121715", panel: "#1b2220", ink: "#e7ece9", soft: "#9db0a9", line: "#2f3a36", accent: "#4cc4a9", "accent-ink": "#06231c",
  mine: "#1f3c34", warn: "#f0b060", bad: "#ff8a80", good: "#5fd08c"};
const FIXED = {radius: "14px", font: "16px/1.5 system-ui, -apple-system, \"Segoe UI\", Roboto, \"Noto Sans\", sans-serif", width: "748px"};

const declared = table => Object.entries(table).map(([name, value]) => `--${name}: var(--turnpike-${name}, ${value});`).join(" ");

const CSS = `
:host { ${declared(FIXED)} ${declared(LIGHT)} color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :host { ${declared(DARK)} } }
:host([theme=light]) { ${declared(LIGHT)} color-scheme: light; }
:host([theme=dark]) { ${declared(DARK)} color-scheme: dark; }
:host { position: relative; display: grid; grid-template: minmax(0, 1fr) auto / minmax(0, 1fr); height: 100%; min-height: 240px; min-width: 0; box-sizing: border-box;
  background: var(--ground); color: var(--ink); font: var(--font); text-align: start; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.scroll { overflow-y: auto; overflow-anchor: none; overscroll-behavior: contain; min-height: 0; padding: 8px max(16px, env(safe-area-inset-left)) 24px; position: relative; }
.content { max-width: var(--width); margin-inline: auto; display: flow-root; }
#older { display: block; margin-block: 4px 12px; }
#log, #approvals { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px; list-style: none; margin: 0; padding: 0; }
#approvals:not(:empty) { margin-top: 14px; }
.message { min-width: 0; overflow-wrap: anywhere; }
.user .text, .text.plain, .thought { white-space: pre-wrap; }
.user { justify-self: end; max-width: 85%; background: var(--mine); border-radius: var(--radius) var(--radius) 4px var(--radius); padding: 9px 14px; }
.user.waiting { opacity: .75; }
.user .note { display: block; font-size: .78rem; color: var(--soft); }
.user .author { font-size: .78rem; font-weight: 600; color: var(--soft); }
.user.lost .note { color: var(--bad); }
.assistant { background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius) var(--radius) var(--radius) 4px; padding: 11px 15px; }
.parts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px; }
.text.open:empty::after, .text.open.plain::after, .text.open:not(.plain) > :last-child:not(pre, .wide, ul, ol)::after { content: ""; display: inline-block; width: .5em; height: 1.05em; margin-left: 2px; vertical-align: -0.15em; background: var(--accent); animation: blink 1s steps(2) infinite; }
.assistant .text > :first-child { margin-block-start: 0; }
.assistant .text > :last-child { margin-block-end: 0; }
.text :is(p, ul, ol, pre, blockquote) { margin-block: .6em; }
.text :is(h3, h4, h5, h6) { margin-block: 1em .4em; line-height: 1.3; font-size: 1rem; }
.text h3 { font-size: 1.2rem; }
.text h4 { font-size: 1.08rem; }
.text :is(ul, ol) { padding-inline-start: 1.5em; }
.text ul { list-style: disc; }
.text li > :is(ul, ol, p) { margin-block: .2em; }
.text li + li { margin-block-start: .2em; }
.text blockquote { margin-inline: 0; padding-inline-start: 12px; border-inline-start: 3px solid var(--line); color: var(--soft); }
.text hr { border: 0; border-top: 1px solid var(--line); }
.text a { color: var(--accent); }
.text code { font: .88em/1.45 ui-monospace, "Cascadia Mono", Menlo, monospace; background: var(--ground); border-radius: 5px; padding: .1em .3em; }
.text pre { padding: 10px 12px; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; overflow-wrap: normal; }
.text pre code { padding: 0; background: none; }
.text .wide { overflow-x: auto; margin-block: .6em; }
.text table { border-collapse: collapse; font-size: .93em; overflow-wrap: normal; }
.text :is(th, td) { border: 1px solid var(--line); padding: 5px 10px; text-align: start; vertical-align: top; min-width: 4em; }
.text th { background: var(--ground); }
.text .center { text-align: center; }
.text .right { text-align: end; }
.tool, .reasoning { font-size: .88rem; color: var(--soft); border-inline-start: 3px solid var(--line); padding: 2px 0 2px 11px; }
.tool summary, .reasoning summary { cursor: pointer; list-style: none; display: flex; align-items: baseline; gap: 8px; }
.tool summary::-webkit-details-marker, .reasoning summary::-webkit-details-marker { display: none; }
.reasoning.silent summary { cursor: default; }
.reasoning.open { border-color: var(--accent); }
.thought { margin-top: 6px; overflow-wrap: anywhere; }
.tool .name { color: var(--ink); min-width: 0; }
.tool .status { flex: none; max-width: 50%; }
.tool .mark { width: 1em; flex: none; display: inline-block; text-align: center; }
.tool.running { border-color: var(--accent); }
.tool.running .mark { animation: turn 1.1s linear infinite; color: var(--accent); }
.tool.failed .mark { color: var(--bad); }
.tool.done .mark { color: var(--good); }
.tool.asked { border-color: var(--warn); }
.tool.asked .mark { color: var(--warn); }
.tool pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 6px 0; padding: 8px 10px; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; max-height: 240px; overflow: auto; font-size: .8rem; }
.notice-part { margin: 0; font-size: .85rem; color: var(--soft); }
.approval { min-width: 0; background: var(--panel); border: 1px solid var(--warn); border-radius: var(--radius); padding: 11px 15px; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-top: 8px; }
.row button { padding: 6px 14px; }
.message .text { overflow: clip; overflow-clip-margin: 8px; }
.ending { margin: 8px 0 0; font-size: .85rem; color: var(--soft); }
.ending.error { color: var(--bad); }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; margin-top: 6px; }
.user .actions { justify-content: flex-end; }
.user .actions:not(:has(> :not([hidden]))) { display: none; }
.busy .at-rest { display: none; }
button.small, button.thumb { font-size: .8rem; font-weight: 500; padding: 3px 8px; border-radius: 8px; background: none; color: var(--soft); }
button.small:hover, button.thumb:hover { color: var(--ink); background: var(--ground); }
button.thumb { padding: 3px 6px; }
button.thumb[aria-pressed=true] { color: var(--accent-ink); background: var(--accent); }
button:is(.small, .thumb) svg { display: block; flex: none; }
button.drawn { display: inline-flex; align-items: center; gap: 4px; }
.ending:not([hidden]) + .actions .retry { color: var(--accent); border-color: var(--line); font-size: .88rem; }
.versions { display: inline-flex; align-items: center; font-size: .8rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.edit { display: grid; gap: 6px; min-width: min(480px, 70vw); }
.editing { width: 85%; }
.edit .row { margin: 0; justify-content: flex-end; }
.reason { margin-top: 8px; padding-top: 8px; border-top: 1px solid var(--line); display: grid; gap: 6px; font-size: .9rem; }
.reason fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 14px; }
.reason legend { padding: 0; margin-bottom: 4px; }
.reason label { display: flex; gap: 6px; align-items: baseline; }
.strip { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; justify-content: center; margin: 14px 0 0; color: var(--soft); font-size: .9rem; }
.composer .strip { margin: 0 auto 10px; max-width: var(--width); }
#to-end { position: absolute; inset-block-end: calc(100% + 10px); inset-inline-start: calc(50% - 20px); width: 40px; height: 40px; padding: 0; border-radius: 50%; background: var(--panel); color: var(--accent); border: 1px solid var(--line); box-shadow: 0 2px 8px rgb(0 0 0 / .18); }
.working { margin: 14px 0 0; font-size: .88rem; color: var(--soft); }
.notice { color: var(--bad); margin-block: 12px 0; }
textarea { flex: 1; min-width: 0; resize: none; max-height: 40vh; padding: 10px 12px; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: 12px; }
button { font: inherit; font-weight: 600; padding: 10px 18px; border: 1px solid transparent; border-radius: 12px; background: var(--accent); color: var(--accent-ink); cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
button.quiet { white-space: nowrap; background: none; color: var(--accent); padding: 6px 10px; font-size: .88rem; font-weight: 500; border-color: var(--line); }
button.stop { background: none; color: var(--bad); border-color: var(--bad); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@keyframes blink { 50% { opacity: 0; } }
@keyframes turn { to { transform: rotate(360deg); } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
@media (max-width: 480px) { button { padding-inline: 14px; } button:is(.small, .thumb) { padding: 7px 9px; } .user { max-width: 92%; } .drawn .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; } }
`;

let sheet = null;

/** The style sheet of every element of this page. It is made by script, so no policy of the page has to allow it. */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS + ANSWERS + APPROVALS + COMPOSER + VOICE_STYLE);
  }
  return sheet;
}
