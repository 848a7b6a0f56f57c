// SPDX-License-Identifier: BSD-2-Clause
// Parts of a chat whose files come when they are needed first.

/** Approvals (approvals.js), which come with the first question. */
export class LateApprovals {
  #options; #approvals = null; #list = []; #loading = false;

  constructor(options) { this.#options = options; }

  /** These questions are open, and no others. */
  show(list) {
    this.#list = list;
    if (this.#approvals) this.#approvals.show(list);
    else if (list.length > 0 && !this.#loading) this.#load();
  }

  async #load() {
    this.#loading = true;
    try {
      const {Approvals} = await import("./approvals.js");
      this.#approvals = new Approvals(this.#options);
      this.#approvals.show(this.#list);
    } catch { /* without a network: the next look tries again */ }
    this.#loading = false;
  }
}
