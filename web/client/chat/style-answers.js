// SPDX-License-Identifier: BSD-2-Clause
// How answers and cards look, for the style sheets of whoever shows them. Colours are the custom properties of the place; those of
// code and of maps follow its `color-scheme`.
export const ANSWERS = `
.text { --c-red: light-dark(#a3221a, #ff9d94); --c-violet: light-dark(#7a2c9d, #d7a6ff); --c-green: light-dark(#1a6b33, #8ddb8c);
  --c-brown: light-dark(#854500, #f0b060); --c-blue: light-dark(#0550ae, #8cc4ff); --c-teal: light-dark(#0b5f70, #7fd1e8); }
.text :is(p, li, th, td, h3, h4, h5, h6) { unicode-bidi: plaintext; }
.text img { max-width: 100%; max-height: 60vh; height: auto; border-radius: 8px; }
.text .code { margin-block: .6em; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); overflow: hidden; }
.text .code-head { display: flex; align-items: center; justify-content: space-between; gap: 8px; padding: 2px 4px 2px 12px; font-size: .75rem; color: var(--soft); user-select: none; }
.text .copy { font: inherit; padding: 6px 10px; border: 0; border-radius: 6px; background: none; color: var(--accent); cursor: pointer; }
.text .code pre { margin: 0; padding: 4px 12px 10px; border: 0; border-radius: 0; background: none; overflow-x: auto; tab-size: 4; }
.text .code pre code { padding: 0; background: none; unicode-bidi: normal; }
.text .code textarea { position: absolute; opacity: 0; }
.text :is(.c-keyword, .c-doctag, .c-section, .c-template-tag) { color: var(--c-violet); }
.text :is(.c-string, .c-regexp, .c-addition, .c-char) { color: var(--c-green); }
.text :is(.c-number, .c-literal, .c-symbol, .c-bullet, .c-meta) { color: var(--c-brown); }
.text :is(.c-title, .c-function, .c-link, .c-selector-id, .c-selector-class) { color: var(--c-blue); }
.text :is(.c-attr, .c-attribute, .c-property, .c-name, .c-tag, .c-built_in, .c-type, .c-class) { color: var(--c-teal); }
.text :is(.c-deletion, .c-variable, .c-template-variable, .c-selector-tag, .c-subst) { color: var(--c-red); }
.text :is(.c-comment, .c-quote) { color: var(--soft); font-style: italic; }
.text .c-strong { font-weight: 700; }
.text .c-emphasis { font-style: italic; }

.card { --sea: light-dark(#dbe8ee, #16262d); --land: light-dark(#f3efe2, #2b332c); --shore: light-dark(#8fa4ad, #55707a); --mark: light-dark(#0b6e5d, #4cc4a9);
  container-type: inline-size; min-width: 0; margin-block: 8px; padding: 12px 14px; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); color: var(--ink);
  font-size: .92rem; line-height: 1.4; overflow-wrap: anywhere; }
.card-place { border: 0; margin: 0; padding: 0; background: none; }
.card > :first-child { margin-top: 0; }
.card > :last-child { margin-bottom: 0; }
.card .card-title { margin: 0 0 6px; font-weight: 650; font-size: 1.02rem; unicode-bidi: plaintext; }
.card .soft { color: var(--soft); }
.card p { margin: 6px 0; }
.card dl { display: grid; grid-template-columns: fit-content(45%) 1fr; gap: 2px 12px; margin: 6px 0; }
.card dt { color: var(--soft); }
.card dd { margin: 0; font-variant-numeric: tabular-nums; unicode-bidi: plaintext; }
.card :is(ul, ol) { list-style: none; margin: 6px 0; padding: 0; display: grid; gap: 6px; }
.card li { min-width: 0; }
.card .line { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 12px; }
.card .line > :last-child:not(:first-child) { margin-inline-start: auto; text-align: end; font-variant-numeric: tabular-nums; }
.card .big { font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.card .number { display: inline-grid; place-items: center; min-width: 1.6em; height: 1.6em; margin-inline-end: 8px; border-radius: 1em; background: var(--mark); color: var(--panel); font-size: .78em; font-weight: 700; }
.card .over { color: var(--bad); font-weight: 600; }
.card .near { color: var(--warn); font-weight: 600; }
.card svg { display: block; width: 100%; height: auto; overflow: hidden; }
.card .bar { height: 8px; margin-top: 3px; border-radius: 4px; background: var(--line); }
.card .bar .fill { fill: var(--mark); }
.card .bar.near .fill { fill: var(--warn); }
.card .bar.over .fill { fill: var(--bad); }
.card .bar .limit { stroke: var(--ink); stroke-width: 1; vector-effect: non-scaling-stroke; }
.card .plot { max-width: 520px; margin: 10px 0 4px; }
.card .plot text, .card .map text { font: 13px system-ui, sans-serif; fill: var(--soft); }
.card .plot .fill { fill: var(--mark); }
.card .plot .axis { stroke: var(--line); stroke-width: 1; }
.card .plot .course { fill: none; stroke: var(--mark); stroke-width: 2; }
.card .map { max-width: 560px; margin: 10px 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; background: var(--sea); }
.card .map .sea { fill: var(--sea); }
.card .map .land { fill: var(--land); stroke: var(--shore); stroke-width: .7; }
.card .map .course { fill: none; stroke: var(--mark); stroke-width: 2.5; stroke-linejoin: round; }
.card .map .dashed { stroke-dasharray: 1 5; stroke-linecap: round; }
.card .map circle { fill: var(--mark); stroke: var(--panel); stroke-width: 1.5; }
.card .map .count { fill: var(--panel); font-weight: 700; font-size: 9px; text-anchor: middle; }
.card .map .place { fill: var(--ink); stroke: var(--land); stroke-width: 3; paint-order: stroke; stroke-linejoin: round; font-size: 13px; }
.card .map .scale { stroke: var(--ink); stroke-width: 1.5; fill: none; }
.card .map .measure { fill: var(--ink); stroke: var(--land); stroke-width: 3; paint-order: stroke; }
.card .map figcaption { padding: 3px 8px; font-size: .72rem; color: var(--soft); background: var(--panel); }
.card .days { display: grid; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
.card .day { display: grid; justify-items: center; gap: 1px; padding: 8px 4px; text-align: center; border: 1px solid var(--line); border-radius: 10px; align-content: start; }
.card .day .icon { width: 34px; margin: 2px 0; }
.card .icon .sun { fill: light-dark(#d98200, #ffc54d); }
.card .icon .ray { stroke: light-dark(#d98200, #ffc54d); stroke-width: 1.6; stroke-linecap: round; }
.card .icon .cloud { fill: light-dark(#b9c6cc, #8297a0); stroke: var(--panel); stroke-width: 1; }
.card .icon .drop { stroke: light-dark(#2476b8, #79bdf2); fill: none; stroke-width: 2; stroke-linecap: round; }
.card .icon .flake { fill: light-dark(#5b8fb5, #cfe4f3); }
.card .day small { font-size: .78rem; }
.card .day small:not(.over, .near) { color: var(--soft); }
.card .wide { overflow-x: auto; }
.card table { border-collapse: collapse; width: 100%; font-size: .95em; overflow-wrap: normal; }
.card :is(th, td) { padding: 4px 8px; border-bottom: 1px solid var(--line); text-align: start; font-variant-numeric: tabular-nums; white-space: nowrap; }
.card th { color: var(--soft); font-weight: 600; }
.card .end { text-align: end; }
.card summary { cursor: pointer; color: var(--accent); }
.card s { color: var(--soft); }
`;
