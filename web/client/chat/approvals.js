// Cards for what the assistant may do only when the user says yes: the exact arguments, and the answer.
import {button, element, legible, sentence, visible} from "./elements.js";

export class Approvals {
  #cards = new Map(); // tool call id -> card

  /** place(element): puts a card at the log's end. answer(id, body): sends it; rejects when refused. */
  constructor({place, answer}) {
    this.place = place;
    this.answer = answer;
  }

  /** Shows these, approvals of a conversation, and no others. */
  show(list) {
    for (const [call, card] of this.#cards) {
      if (list.some(a => a.toolCallId === call && a.id === card.id)) continue;
      card.element.remove();
      this.#cards.delete(call);
    }
    for (const a of list) if (!this.#cards.has(a.toolCallId)) this.#add(a.toolCallId, a);
  }

  #add(call, a) {
    const {args} = a;
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
    li.append(element("strong", "", visible(sentence(a.tool || "tool"))), element("p", "text", visible(a.message || "May I do this?")), pre, edit, row, note);
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
