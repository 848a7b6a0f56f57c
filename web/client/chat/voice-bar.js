// SPDX-License-Identifier: BSD-2-Clause
// The buttons of voice beside the message field, the level of the microphone, and what is said about it.
import {button, element} from "./elements.js";
import {icon} from "./icons.js";
import {t} from "./words.js";
import {Voice} from "./voice.js";

const STATES = {
  off: () => "",
  starting: () => t("Opening the microphone ..."),
  listening: () => t("Listening"),
  transcribing: () => t("Writing down what was said ..."),
  waiting: () => t("Waiting for the answer ..."),
  speaking: () => t("Speaking"),
};

export const VOICE_STYLE = `
.voice { display: contents; }
.voice button { padding: 11px 10px; background: none; color: var(--accent); border-color: var(--line); }
.voice svg { display: block; }
.voice button[aria-pressed=true] { background: var(--accent); color: var(--accent-ink); }
.voice-state { flex-basis: 100%; order: -1; display: flex; align-items: center; gap: 10px; margin: 0; font-size: .88rem; color: var(--soft); }
.voice-state.error { color: var(--bad); }
.voice-level { flex: none; inline-size: 72px; block-size: 6px; border-radius: 3px; background: var(--line); overflow: hidden; }
.voice-level > span { display: block; block-size: 100%; background: var(--accent); transform: scaleX(0); transform-origin: 0; }
[dir=rtl] .voice-level > span { transform-origin: 100%; }
@media (max-width: 480px) { .voice button { padding-inline: 8px; } .voice-state { order: -2; } }
`;

export class VoiceBar {
  /** place: an element beside the message field. acts: {request, siteInfo(), locale(), text(text), send(text)}. */
  constructor(place, acts) {
    this.voice = new Voice({request: acts.request, siteInfo: acts.siteInfo, locale: acts.locale, onState: state => this.#show(state),
      onText: (text, {send}) => send ? acts.send(text) : acts.text(text)});
    this.mic = this.#button("mic", t("Speak"), "microphone", () => this.voice.toggle());
    this.free = this.#button("hands-free", t("Talk hands-free"), "headphones", () => this.voice.handsFree ? this.voice.stop() : this.voice.startHandsFree());
    this.line = element("p", "voice-state");
    this.line.id = "voice-state";
    this.words = element("span");
    this.words.setAttribute("role", "status");
    this.level = element("span", "voice-level");
    this.level.setAttribute("aria-hidden", "true");
    this.level.append(element("span"));
    this.line.append(this.level, this.words);
    this.line.hidden = true;
    place.classList.add("voice");
    place.append(this.mic, this.free, this.line);
    this.refresh(true);
  }

  #button(id, label, drawing, act) {
    const e = button("", "", act);
    e.id = id;
    e.title = label;
    e.setAttribute("aria-label", label);
    e.setAttribute("aria-pressed", "false");
    e.append(icon(drawing));
    return e;
  }

  /** The site or the language is another one. on: the element wants voice at all. */
  refresh(on = this.on) {
    this.on = on;
    this.mic.hidden = !on || !this.voice.canListen;
    this.free.hidden = !on || !this.voice.canListen || !this.voice.canSpeak;
    if (!on) this.voice.stop();
  }

  /** The conversation has changed: reads the answer to what was said, hands-free. */
  follow({messages, run, approvals}) {
    if (!this.voice.handsFree || this.voice.state === "listening") return;
    const last = messages.at(-1);
    if (last?.role !== "assistant") return;
    const text = last.parts.filter(p => p.type === "text").map(p => p.text).join("\n\n");
    this.voice.answer({id: last.id, text, over: !last.open && !run, asks: approvals.length > 0});
  }

  #show({state, handsFree, level, error}) {
    if (!this.line) return;
    if (level !== undefined) {
      this.level.firstChild.style.transform = `scaleX(${Math.min(1, level * 6)})`;
      return;
    }
    const text = error ?? STATES[state]();
    this.mic.setAttribute("aria-pressed", String(["starting", "listening"].includes(state)));
    this.free.setAttribute("aria-pressed", String(handsFree));
    this.words.textContent = text;
    this.line.dataset.state = state;
    this.line.classList.toggle("error", Boolean(error));
    this.line.hidden = text === "";
    this.level.hidden = state !== "listening";
    this.mic.hidden = !this.on || !this.voice.canListen;
    this.free.hidden = this.mic.hidden || !this.voice.canSpeak;
  }
}
