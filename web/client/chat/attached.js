// SPDX-License-Identifier: BSD-2-Clause
// Files that go along with the next message: checked at once, uploaded with a percentage, tried again when that failed.
import {button, element, visible} from "./elements.js";
import {isPicture, kindTaken, sizeText} from "./files.js";
import {t} from "./words.js";

const STALLED = 60000; // ms without a byte that goes, after which an upload has failed
const REFUSED = new Set([400, 413, 415, 422]); // the file itself is not taken: trying again is of no use

let count = 0;

/** One file and what is shown of it. */
class Item {
  #acts; #abort = null; #timer = 0; #picture = null;
  state = "stored"; // or "sending", "failed"
  id = null; // once it is stored

  /** file: a File; or what is stored already, {id, name}. */
  constructor(file, acts) {
    this.file = file;
    this.name = file.name || t("file");
    this.id = file instanceof Blob ? null : file.id;
    this.#acts = acts;
    this.#build(`tp-file-${++count}`);
    if (!this.id) this.send();
  }

  #build(id) {
    const name = element("span", "name", visible(this.name));
    name.dir = "auto";
    name.id = id;
    this.chip = element("li", "chip");
    this.bar = element("progress");
    this.bar.max = 1;
    this.bar.setAttribute("aria-labelledby", id);
    this.note = element("span", "note");
    this.retry = button(t("Try again"), "quiet", () => this.send());
    const away = button("✕", "quiet away", () => this.#acts.remove(this));
    away.setAttribute("aria-label", t("Remove {name}", {name: visible(this.name)}));
    if (this.file instanceof Blob && isPicture(this.file.type)) this.#showPicture();
    this.chip.append(name, this.note, this.bar, this.retry, away);
    this.#enter(this.state);
  }

  #showPicture() {
    const picture = element("img", "thumb");
    this.#picture = URL.createObjectURL(this.file);
    picture.src = this.#picture;
    picture.alt = "";
    picture.onload = picture.onerror = () => this.#forgetPicture();
    this.chip.append(picture);
  }
  #forgetPicture() {
    if (this.#picture) URL.revokeObjectURL(this.#picture);
    this.#picture = null;
  }

  #enter(state) {
    this.state = state;
    this.chip.classList.toggle("loading", state === "sending");
    this.chip.classList.toggle("failed", state === "failed");
    this.bar.hidden = state !== "sending";
    this.retry.hidden = state !== "failed";
    this.note.textContent = state === "failed" ? t("not uploaded") : this.file instanceof Blob ? sizeText(this.file.size) : "";
    this.#acts.changed();
  }

  async send() {
    const abort = this.#abort = new AbortController();
    this.bar.removeAttribute("value");
    this.#enter("sending");
    this.#watch();
    try {
      const told = await this.#acts.upload(this.file, {name: this.name, signal: abort.signal, progress: (sent, of) => this.#went(abort, sent, of)});
      this.id = told.id;
      if (this.#abort === abort) this.#enter("stored");
    } catch (error) {
      if (this.#abort === abort) this.#failed(error);
    }
    if (this.#abort === abort) clearTimeout(this.#timer);
  }

  #watch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(new Error(t("Nothing went for a minute."))), STALLED);
  }

  #went(abort, sent, of) {
    if (this.#abort !== abort || this.state !== "sending") return;
    this.#watch();
    this.bar.value = sent / of;
    this.note.textContent = t("{percent} of {size}", {percent: Math.floor(100 * sent / of) + " %", size: sizeText(of)});
  }

  #failed(error) {
    this.#enter("failed");
    const name = visible(this.name), {status, problem} = error;
    if (REFUSED.has(status)) this.#acts.remove(this);
    if (status === 413 && problem?.limit && problem.code !== "attachments_full") this.#acts.tell(tooLarge(name, this.file.size, problem.limit));
    else this.#acts.tell(t("{name} could not be uploaded: {why}", {name, why: error.message}));
  }

  /** It is not wanted any more. */
  drop() {
    clearTimeout(this.#timer);
    const abort = this.#abort;
    this.#abort = null;
    abort?.abort();
    this.#forgetPicture();
    this.chip.remove();
  }
}

const tooLarge = (name, size, limit) => t("{name} is too large: it has {size}, and at most {limit} are possible.", {name, size: sizeText(size), limit: sizeText(limit)});

export class Attached {
  #items = []; #acts;

  /**
   * list: the element of the chips. upload(file, {name, signal, progress}): what POST /attachments tells. tell(text): says something to
   * the user. limits(): {count, bytes, kinds} of GET /page, as far as they are known. changed(): there are more files, or fewer, or one has come.
   */
  constructor({list, upload, tell, limits = () => ({}), changed = () => {}}) {
    this.list = list;
    this.#acts = {upload, tell, limits, changed: () => this.#changed(changed), remove: item => this.#remove(item)};
  }

  get empty() { return this.#items.length === 0; }
  /** Is one on its way? */
  get sending() { return this.#items.some(i => i.state === "sending"); }
  get failed() { return this.#items.some(i => i.state === "failed"); }
  /** Those that are stored: [{id, name}]. */
  get stored() { return this.#items.filter(i => i.state === "stored").map(({id, name, file}) => ({id, name, ...file.type && {mimeType: file.type}, ...file.size && {bytes: file.size}})); }

  add(files) {
    const faults = [];
    for (const file of files) {
      const fault = this.#fault(file);
      if (fault) faults.push(fault);
      else this.#put(file);
    }
    this.#acts.tell(faults.join(" "));
  }

  /** Files that are stored already: [{id, name}]. */
  restore(files) {
    for (const file of files) if (file?.id && !this.#items.some(i => i.id === file.id)) this.#put({...file, name: file.name ?? ""});
  }

  /** The stored ones; the list is empty then. */
  take() {
    const files = this.stored;
    this.clear();
    return files;
  }

  clear() {
    for (const item of this.#items.splice(0)) item.drop();
    this.#acts.changed();
  }

  /** Why it is not taken, or "". */
  #fault(file) {
    const {count: most = Infinity, bytes = Infinity, kinds} = this.#acts.limits() ?? {}, name = visible(file.name || t("file"));
    if (most === 0) return t("Files are not taken here.");
    if (this.#items.length >= most) return t("{name} is one too many: at most {count} files go with a message.", {name, count: most});
    if (file.size === 0) return t("{name} is empty.", {name});
    if (file.size > bytes) return tooLarge(name, file.size, bytes);
    return kindTaken(file, kinds) ? "" : t("{name} cannot be read here: pictures (PNG, JPEG, WebP, GIF), PDF and texts can.", {name});
  }

  #put(file) {
    const item = new Item(file, this.#acts);
    this.#items.push(item);
    this.list.append(item.chip);
    this.#acts.changed();
  }

  #remove(item) {
    const at = this.#items.indexOf(item), held = item.chip.contains(item.chip.getRootNode().activeElement);
    if (at < 0) return;
    this.#items.splice(at, 1);
    item.drop();
    this.#acts.changed();
    if (held) (this.#items[Math.min(at, this.#items.length - 1)]?.chip.querySelector(".away") ?? this.list.closest("form")?.querySelector("textarea"))?.focus();
  }

  #changed(changed) {
    this.list.hidden = this.empty;
    changed();
  }
}
