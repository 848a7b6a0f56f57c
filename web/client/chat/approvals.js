// Cards for what the assistant may do only when the user says yes: the exact arguments, and the answer.
import {button, element, legible, sentence, visible} from "./elements.js";

export class Approvals {
  #cards = new Map(); // tool call id -> card

  /** place(element): puts a card at the log's end. answer(id, body): sends it; rejects when refused. */
  constructor({place, answer}) {
    this.place = place;
    this.answer = answer;
  }

  get calls() { return [...this.#cards.keys()]; }
  has(call) { return this.#cards.has(call); }
  clear() { this.#cards.clear(); }

  /** Of a run's end (AG-UI interrupts) or of GET /approvals. */
  show(list) {
    for (const a of list) {
      const call = a.toolCallId ?? a.tool_call_id;
      if (call && !this.#cards.has(call)) this.#add(call, a);
    }
  }
  /** After the log was written anew. */
  again() {
    for (const card of this.#cards.values()) this.place(card.element);
  }
  /** The call has its result: the question is over. */
  settle(call) {
    this.#cards.get(call)?.element.remove();
    this.#cards.delete(call);
  }

  #add(call, a) {
    const args = a.metadata?.arguments ?? a.arguments ?? {};
    const li = element("li", "approval"), note = element("p", "note"), pre = element("pre", "", legible(args));
    const edit = element("textarea"), row = element("div", "row");
    li.setAttribute("role", "group");
    li.setAttribute("aria-label", "Approval needed");
    pre.setAttribute("aria-label", "Arguments");
    edit.setAttribute("aria-label", "Edited arguments");
    edit.hidden = note.hidden = true;
    note.setAttribute("role", "alert");
    const card = {element: li, id: a.id, args, pre, edit, note, buttons: []};
    const change = button("Edit", "quiet", () => this.#edit(card));
    card.buttons = [button("Approve", "yes", () => this.#say(card, true)), button("Deny", "stop", () => this.#say(card, false)), change];
    row.append(...card.buttons);
    li.append(element("strong", "", visible(sentence(a.metadata?.tool ?? a.tool ?? "tool"))), element("p", "text", visible(a.message ?? "May I do this?")), pre, edit, row, note);
    this.#cards.set(call, card);
    this.place(li);
  }

  #edit(card) {
    card.edit.value = card.pre.textContent;
    card.edit.rows = Math.min(12, card.edit.value.split("\n").length + 1);
    card.pre.hidden = true;
    card.edit.hidden = false;
    card.edit.focus();
  }

  async #say(card, approved) {
    const body = {approved};
    try {
      if (approved && !card.edit.hidden) body.edited_args = JSON.parse(card.edit.value);
    } catch {
      return this.#tell(card, "The arguments are not valid JSON.");
    }
    for (const b of card.buttons) b.disabled = true;
    this.#tell(card, approved ? "Approved." : "Denied.");
    try {
      await this.answer(card.id, body);
    } catch (error) {
      this.#tell(card, error.message);
      const over = [404, 409, 410].includes(error.status);
      if (!over) for (const b of card.buttons) b.disabled = false;
    }
  }

  #tell(card, text) {
    card.note.textContent = text;
    card.note.hidden = false;
  }
}
