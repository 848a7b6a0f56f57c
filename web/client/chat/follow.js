// SPDX-License-Identifier: BSD-2-Clause
// Keeps the end of a scrolling box in view for as long as the reader is there.

const NEAR = 80; // px from the end that count as there
const TOUCHED = 2000, GREW = 300; // ms

export class Follow {
  #top = 0; #end = 0; #follows = true; #touched = -Infinity; #grew = -Infinity;

  /** box: scrolls content. changed(follows): the reader has left the end, or is there again. when(): whether there is an end to be at. */
  constructor(box, content, changed = () => {}, when = () => true) {
    this.box = box;
    this.when = when;
    this.changed = changed;
    box.addEventListener("scroll", () => this.#scrolled(), {passive: true});
    for (const type of ["wheel", "touchstart", "touchmove", "pointerdown", "keydown"])
      box.addEventListener(type, () => { this.#touched = performance.now(); }, {passive: true});
    // Told once a frame, behind its layout: no layout is asked for meanwhile.
    this.observer = new ResizeObserver(() => {
      this.#grew = performance.now();
      if (this.#follows) this.#toEnd();
    });
    this.observer.observe(content);
    this.observer.observe(box);
  }

  get follows() { return this.#follows; }

  toEnd() {
    this.#set(true);
    this.#toEnd();
  }

  /** Runs what puts something in front of what is looked at. */
  keepPlace(change) {
    const {scrollHeight, scrollTop} = this.box;
    change();
    this.box.scrollTop = scrollTop + this.box.scrollHeight - scrollHeight;
  }

  #toEnd() {
    if (!this.when()) return;
    this.box.scrollTop = this.box.scrollHeight;
    this.#end = this.box.scrollTop;
  }

  /**
   * Only who scrolls up leaves the end. Content that grows does not, nor what shrinks first and then grows, as when a card takes the
   * place of a line: the box is moved up then by nobody's hand.
   */
  #scrolled() {
    const {scrollTop, scrollHeight, clientHeight} = this.box, up = scrollTop < this.#top && scrollTop < this.#end - NEAR;
    this.#top = scrollTop;
    const near = scrollHeight - scrollTop - clientHeight < NEAR;
    if (near) this.#set(true);
    else if (up && (performance.now() - this.#touched < TOUCHED || performance.now() - this.#grew > GREW)) this.#set(false);
  }

  #set(follows) {
    if (follows === this.#follows) return;
    this.#follows = follows;
    this.changed(follows);
  }
}
