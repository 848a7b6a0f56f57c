// SPDX-License-Identifier: BSD-2-Clause
// The looks of questions to the user and of their forms; a part of style.js.

export const APPROVALS = `
.approval h3 { font-size: 1.02rem; margin: 0; }
.approval h3:focus { outline: none; }
.approval:has(h3:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.approval .head { display: flex; align-items: baseline; justify-content: space-between; gap: 12px; }
.approval .place, .approval .left { font-size: .82rem; color: var(--soft); white-space: nowrap; }
.approval .left { margin: 8px 0 0; font-variant-numeric: tabular-nums; }
.approval :is(.left, .note):empty { display: none; }
.approval .what { margin-top: 6px; overflow-wrap: anywhere; }
.approval .what p { margin: 2px 0; }
.approval .title { font-weight: 600; font-size: 1.05rem; }
.approval .changes { border-collapse: collapse; width: 100%; margin-top: 8px; font-size: .92rem; }
.approval .changes :is(th, td) { text-align: start; vertical-align: top; padding: 4px 12px 4px 0; border-top: 1px solid var(--line); white-space: pre-wrap; }
.approval .changes thead :is(th, td) { border: 0; color: var(--soft); font-weight: 400; }
.approval .changes tbody th { color: var(--soft); font-weight: 400; width: 30%; min-width: min(8.5em, 40vw); }
.approval .changes del { color: var(--bad); }
.approval .changes ins { text-decoration: none; }
.approval .changes .none { color: var(--soft); }
.approval .effects { margin: 8px 0 0; padding-inline-start: 1.2em; }
.approval .warning, .approval .caution { color: var(--warn); }
.approval blockquote { margin: 4px 0; padding: 2px 10px; border-inline-start: 3px solid var(--line); white-space: pre-wrap; }
.field .choice { display: flex; align-items: center; gap: 8px; }
.field.choices .choice input { width: 20px; height: 20px; flex: none; }
.approval .exact { margin-top: 8px; font-size: .88rem; color: var(--soft); }
.approval .exact summary { cursor: pointer; }
.approval :is(pre, .json) { width: 100%; font: .82rem/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 6px 0; padding: 8px 10px; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; max-height: 300px; overflow: auto; }
.approval.over { border-color: var(--line); }
.approval.over :is(.row, .fields) { display: none; }
.fields { display: grid; gap: 10px; margin-top: 10px; }
.fields fieldset { display: grid; gap: 10px; border: 1px solid var(--line); border-radius: 8px; margin: 0; min-width: 0; }
.field { display: grid; gap: 2px; min-width: 0; }
.field label { font-size: .88rem; font-weight: 600; }
.field :is(input, select, textarea) { width: 100%; padding: 8px 10px; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; max-height: none; }
.field.switch { grid-template-columns: auto 1fr; align-items: center; column-gap: 8px; }
.field.switch input { grid-row: 1; grid-column: 1; width: 20px; height: 20px; }
.field.switch p { grid-column: 1 / -1; }
.field.time { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr) minmax(0, 2fr); column-gap: 8px; }
.field.time :is(label, p) { grid-column: 1 / -1; }
.field [aria-invalid=true] { border-color: var(--bad); }
.field p, .fields > .fault { margin: 2px 0 0; font-size: .82rem; color: var(--soft); }
.field .fault, .fields > .fault { color: var(--bad); }
`;
