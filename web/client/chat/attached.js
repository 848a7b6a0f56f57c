// Files that go along with the next message: chosen, dropped into the field or pasted, uploaded at once.
import {button, element, visible} from "./elements.js";

/** How a file stands in a message: its name, and that of its kind when it has none. */
export const fileLine = part => `📎 ${visible(part.metadata?.name ?? part.name ?? part.type ?? "file")}`;

export class Attached {
  #files = []; #upload; #list; #fault;

  /** upload(file): what POST /attachments tells. fault(text): something for the user. */
  constructor({input, field, list, upload, fault}) {
    this.#upload = upload;
    this.#list = list;
    this.#fault = fault;
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    field.addEventListener("paste", event => {
      if (event.clipboardData.files.length) event.preventDefault();
      this.add(event.clipboardData.files);
    });
    field.addEventListener("dragover", event => event.preventDefault());
    field.addEventListener("drop", event => {
      if (event.dataTransfer.files.length) event.preventDefault();
      this.add(event.dataTransfer.files);
    });
  }

  /** Does one wait, or is one on its way? */
  get empty() { return this.#files.length === 0; }

  /** Files that are stored already: [{id, name}]. */
  restore(files) {
    for (const {id, name} of files) this.#put(name ?? "file", false).stored = Promise.resolve({id, name});
  }

  #put(name, loading) {
    const item = {name, chip: element("li", loading ? "chip loading" : "chip", visible(name))};
    item.chip.append(button("✕", "quiet", () => this.#remove(item)));
    item.chip.lastChild.setAttribute("aria-label", `Remove ${name}`);
    this.#files.push(item);
    this.#list.append(item.chip);
    this.#list.hidden = false;
    return item;
  }

  add(files) {
    for (const file of files) {
      const item = this.#put(file.name, true);
      item.stored = this.#upload(file).then(told => {
        item.chip.classList.remove("loading");
        return {id: told.id, name: file.name};
      }, error => {
        this.#remove(item);
        this.#fault(`${file.name} could not be sent: ${error.message}`);
        return null;
      });
    }
  }

  #remove(item) {
    this.#files = this.#files.filter(f => f !== item);
    item.chip.remove();
    this.#list.hidden = this.empty;
  }

  /** All of them, once they are stored; the list is empty then. */
  async take() {
    const files = this.#files.slice(), stored = (await Promise.all(files.map(f => f.stored))).filter(Boolean);
    for (const item of files) this.#remove(item);
    return stored;
  }
}
