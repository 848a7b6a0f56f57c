// SPDX-License-Identifier: BSD-2-Clause
// The message field: text, files, send and stop.
import {Attached} from "./attached.js";
import {cameraButton, hasCamera} from "./camera.js";
import {forgetDrafts, keepDraft, readDraft} from "./drafts.js";
import {takeDrops} from "./drop.js";
import {button, element} from "./elements.js";
import {n, region, t} from "./words.js";

const KINDS = "image/png,image/jpeg,image/webp,image/gif,application/pdf,text/*,.json,.csv,.md,.xml,.yaml,.yml,.log";
const LONGEST = 4000; // characters of a message, where the site does not say
const NEAR = 200; // characters to the end from which the rest is counted

export class Composer {
  #acts; #life = new AbortController(); #session = null; #pending = false; #keeping = 0;

  /**
   * send(text, files), stop(), upload(file, {name, signal, progress}), notice(text). limits(): `limits` of GET /page. The form sends the
   * event turnpike-edit-last when the user wants to write the last message anew.
   */
  constructor(acts) {
    this.#acts = {limits: () => ({}), ...acts};
    this.form = element("form");
    this.form.id = "form";
    this.#build();
    this.attached = new Attached({list: this.list, upload: acts.upload, tell: text => acts.notice(text),
      limits: () => this.#acts.limits()?.attachments ?? {}, changed: () => this.#changed()});
    this.#listen();
    this.#changed();
  }

  #build() {
    const named = (e, id) => Object.assign(e, {id});
    this.list = named(element("ul", "attached"), "attached");
    this.list.hidden = true;
    this.list.setAttribute("aria-label", t("Files of the message"));
    this.input = named(element("input", "hidden"), "files");
    Object.assign(this.input, {type: "file", multiple: true, accept: KINDS});
    const attach = element("label", "quiet attach"), plus = element("span", "", "+"), label = element("label", "hidden", t("Message"));
    plus.setAttribute("aria-hidden", "true");
    attach.append(this.input, plus, element("span", "hidden", t("Attach files")));
    label.htmlFor = "text";
    this.field = named(element("textarea"), "text");
    Object.assign(this.field, {rows: 1, placeholder: t("Write a message"), autocomplete: "off", enterKeyHint: "send", dir: "auto"});
    this.field.setAttribute("aria-describedby", "count");
    this.stopButton = named(button(t("Stop"), "stop", () => this.#acts.stop()), "stop");
    this.stopButton.hidden = true;
    this.sendButton = named(element("button", "", t("Send")), "send");
    this.sendButton.type = "submit";
    this.voice = element("span"); // a place for the buttons of voice-bar.js
    this.form.append(this.list, this.#countRow(), attach, ...this.#camera(), label, this.field, this.voice, this.stopButton, this.sendButton);
  }

  #countRow() {
    this.row = element("div", "count");
    this.count = element("span");
    this.count.id = "count";
    this.count.setAttribute("aria-live", "polite");
    this.asFile = button(t("Send it as a file"), "quiet", () => this.#toFile());
    this.row.append(this.count, this.asFile);
    return this.row;
  }

  #camera() {
    if (!hasCamera()) return [];
    return cameraButton({take: files => this.attached.add(files), tell: text => this.#acts.notice(text), place: () => this.form.parentNode});
  }

  #listen() {
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      this.#submit();
    });
    this.input.addEventListener("change", () => {
      this.attached.add([...this.input.files]);
      this.input.value = "";
    });
    this.field.addEventListener("input", () => {
      this.#pending = false; // what is written anew is not to go yet
      this.#grow();
      this.#changed();
    });
    this.field.addEventListener("paste", event => {
      const files = [...event.clipboardData.files];
      if (!files.length || event.clipboardData.getData("text/plain")) return; // of a table, text and picture: the text
      event.preventDefault();
      this.attached.add(files.map(named));
    });
    this.field.addEventListener("keydown", event => this.#key(event));
    addEventListener("pagehide", () => this.#keep(), {signal: this.#life.signal});
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // an input method is at work
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (event.key === "ArrowUp" && !this.field.value && this.attached.empty && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const wish = new CustomEvent("turnpike-edit-last", {bubbles: true, cancelable: true});
      if (!this.form.dispatchEvent(wish)) event.preventDefault();
    }
  }

  /** Files may be dropped anywhere on `target`; the zone is shown in `place`. */
  takeDrops(target, place) { takeDrops(target, place, files => this.attached.add(files), this.#life.signal); }

  /** It is replaced by another one. */
  end() {
    this.#keep();
    this.#session = null;
    this.#life.abort();
    this.attached.clear();
  }

  // ---- what stands there ------------------------------------------------------------------------------

  get text() { return this.field.value; }
  set text(text) {
    this.field.value = text;
    this.#grow();
    this.#changed();
  }
  set placeholder(text) { this.field.placeholder = text || t("Write a message"); }
  /** Is there something to stop? */
  set running(running) { this.stopButton.hidden = !running; }

  /** The session whose draft stands in the field; what stood there for another one is kept for that. */
  get session() { return this.#session; }
  set session(id) {
    if (id === this.#session) return;
    this.#keep();
    this.#session = null; // nothing is kept meanwhile
    this.#pending = false;
    this.attached.clear();
    const {text, files} = readDraft(id);
    this.text = text;
    this.attached.restore(files);
    this.#session = id;
  }

  /** What was taken back stands in the field again, before what has been written since. files: [{id, name}]. */
  restore(text, files) {
    this.text = [text, this.text].filter(Boolean).join("\n");
    this.attached.restore(files);
    this.field.focus();
  }

  /** Nothing stands in the field, of no session. */
  forgetAll() {
    this.text = "";
    this.attached.clear();
    forgetDrafts();
  }

  /** Another session: what is on its way belongs to the one before. */
  forget() { this.#pending = false; }

  #keep() {
    clearTimeout(this.#keeping);
    this.#keeping = 0;
    if (this.#session) keepDraft(this.#session, this.field.value, this.attached.stored);
  }

  // ---- what may go --------------------------------------------------------------------------------------

  /** By how many characters it is too long; below 0: so many are left. */
  get #over() {
    const most = this.#acts.limits()?.message ?? LONGEST, {value} = this.field;
    return (value.length > most - NEAR ? [...value.trim()].length : value.length) - most; // a pair of UTF-16 is one character
  }

  #changed() {
    if (!this.attached) return;
    const over = this.#over, near = over > -NEAR;
    this.row.hidden = !near && !this.#pending;
    this.asFile.hidden = over <= 0;
    this.row.classList.toggle("over", over > 0);
    const told = over > 0 ? n(over, "{n} character too long to be sent as a message.", "{n} characters too long to be sent as a message.")
      : near ? n(-over, "{n} character left", "{n} characters left") : this.#pending ? t("It is sent as soon as the files are uploaded.") : "";
    if (this.count.textContent !== told) this.count.textContent = told;
    this.sendButton.disabled = over > 0 || this.attached.failed;
    if (this.#session) this.#keeping ||= setTimeout(() => this.#keep(), 300);
    if (this.#pending && !this.attached.sending) this.#submit();
  }

  /** A text that is too long for a message goes along as one of its files. */
  #toFile() {
    this.attached.add([new File([this.field.value], "pasted.txt", {type: "text/plain"})]);
    if (this.attached.empty) return;
    this.text = "";
    this.field.focus();
  }

  #submit() {
    const text = this.field.value.trim();
    this.#pending = false;
    if ((!text && this.attached.empty) || this.sendButton.disabled) return;
    if (this.attached.sending) {
      this.#pending = true;
      this.#changed();
      return;
    }
    const files = this.attached.take();
    this.text = "";
    this.#keep();
    this.field.focus();
    this.#acts.send(text, files);
  }

  #grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}

/** A picture of the clipboard has the same name always: a moment tells them apart. */
function named(file) {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const time = new Date().toLocaleTimeString(region(), {hour12: false}).replaceAll(":", ".");
  return new File([file], file.name.replace("image", `${t("picture")} ${time}`), {type: file.type});
}
