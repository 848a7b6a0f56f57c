// The buttons of voice beside the message field, the level of the microphone, and what is said about it.
import {button, element} from "./elements.js";
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
.voice button { padding: 9px 12px; background: none; color: var(--accent); border-color: var(--line); }
.voice button[aria-pressed=true] { background: var(--accent); color: var(--accent-ink); }
.voice-state { flex-basis: 100%; order: -1; display: flex; align-items: center; gap: 10px; margin: 0; font-size: .88rem; color: var(--soft); }
.voice-state.error { color: var(--bad); }
.voice-level { flex: none; inline-size: 72px; block-size: 6px; border-radius: 3px; background: var(--line); overflow: hidden; }
.voice-level > span { display: block; block-size: 100%; background: var(--accent); transform: scaleX(0); transform-origin: 0; }
[dir=rtl] .voice-level > span { transform-origin: 100%; }
`;

/** A drawing for a button; the path is ours. */
function drawing(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({viewBox: "0 0 24 24", width: "20", height: "20", fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "aria-hidden": "true"})) svg.setAttribute(name, value);
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
const MICROPHONE = "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3";
const HANDS_FREE = "M4 13v-1a8 8 0 0 1 16 0v1M4 13h3v6H5a1 1 0 0 1-1-1zM20 13h-3v6h2a1 1 0 0 0 1-1z";

export class VoiceBar {
  /** place: an element beside the message field. acts: {request, siteInfo(), locale(), text(text), send(text)}. */
  constructor(place, acts) {
    this.voice = new Voice({request: acts.request, siteInfo: acts.siteInfo, locale: acts.locale, onState: state => this.#show(state),
      onText: (text, {send}) => send ? acts.send(text) : acts.text(text)});
    this.mic = this.#button("mic", t("Speak"), MICROPHONE, () => this.voice.toggle());
    this.free = this.#button("hands-free", t("Talk hands-free"), HANDS_FREE, () => this.voice.handsFree ? this.voice.stop() : this.voice.startHandsFree());
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

  #button(id, label, path, act) {
    const e = button("", "", act);
    e.id = id;
    e.title = label;
    e.setAttribute("aria-label", label);
    e.setAttribute("aria-pressed", "false");
    e.append(drawing(path));
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
