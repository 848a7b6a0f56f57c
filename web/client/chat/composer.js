// The message field: text, files, send and stop.
import {Attached} from "./attached.js";
import {button, element} from "./elements.js";
import {t} from "./words.js";

const KINDS = "image/png,image/jpeg,image/webp,image/gif,application/pdf,text/*,.json,.csv,.md";

export class Composer {
  #acts; #sending = null;

  /** send(text, files), stop(), upload(file), notice(text). */
  constructor(acts) {
    this.#acts = acts;
    this.form = element("form");
    this.form.id = "form";
    this.#build();
    this.attached = new Attached({input: this.input, field: this.field, list: this.list, upload: file => acts.upload(file), fault: text => acts.notice(text)});
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("input", () => this.#grow());
    this.field.addEventListener("keydown", event => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    });
  }

  #build() {
    const named = (e, id) => Object.assign(e, {id});
    this.list = named(element("ul", "attached"), "attached");
    this.list.hidden = true;
    this.input = named(element("input", "hidden"), "files");
    Object.assign(this.input, {type: "file", multiple: true, accept: KINDS});
    const attach = element("label", "quiet attach"), plus = element("span", "", "+"), label = element("label", "hidden", t("Message"));
    plus.setAttribute("aria-hidden", "true");
    attach.append(this.input, plus, element("span", "hidden", t("Attach files")));
    label.htmlFor = "text";
    this.list.setAttribute("aria-label", t("Files of the message"));
    this.field = named(element("textarea"), "text");
    Object.assign(this.field, {rows: 1, placeholder: t("Write a message"), autocomplete: "off", enterKeyHint: "send", dir: "auto"});
    this.stopButton = named(button(t("Stop"), "stop", () => this.#acts.stop()), "stop");
    this.stopButton.hidden = true;
    this.sendButton = named(element("button", "", t("Send")), "send");
    this.sendButton.type = "submit";
    this.form.append(this.list, attach, label, this.field, this.stopButton, this.sendButton);
  }

  get text() { return this.field.value; }
  set text(text) {
    this.field.value = text;
    this.#grow();
  }
  set placeholder(text) { this.field.placeholder = text || t("Write a message"); }
  /** Is there something to stop? */
  set running(running) { this.stopButton.hidden = !running; }

  /** What was taken back stands in the field again, before what has been written since. files: [{id, name}]. */
  restore(text, files) {
    this.text = [text, this.text].filter(Boolean).join("\n");
    this.attached.restore(files);
    this.field.focus();
  }

  /** Another session: what is on its way belongs to the one before. */
  forget() { this.#sending = null; }

  async #submit() {
    const text = this.field.value.trim();
    if (!text && this.attached.empty) return;
    this.text = "";
    this.field.focus();
    if (this.attached.empty) return this.#acts.send(text, []);
    const mine = this.#sending = {}, files = await this.attached.take();
    if (this.#sending === mine && (text || files.length)) this.#acts.send(text, files);
  }

  #grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}
