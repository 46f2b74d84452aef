/**
 * Where rows of one height stand on a page that a browser can scroll: above 33,554,428 px Chromium scrolls no further, without a word.
 * Up to `LONGEST_PX` a pixel is a pixel; beyond it the scroll position is a share of the whole.
 */

export const LONGEST_PX = 15_000_000;

export interface InView {
  readonly first: number;
  /** The last one, inclusive; -1 where there is none. */
  readonly last: number;
  /** Where the first one stands, in pixels from the top of what is scrolled. */
  readonly top: number;
}

export class Scaled {
  /** Of all rows, as they would be. */
  readonly whole: number;
  /** Of what is scrolled. */
  readonly height: number;

  constructor(
    readonly count: number,
    readonly size: number,
    readonly view: number,
  ) {
    this.whole = count * size;
    this.height = Math.min(this.whole, LONGEST_PX);
  }

  get #isScaled(): boolean {
    return this.whole > LONGEST_PX;
  }

  /** What stands at the top of the view, in pixels of all rows. */
  #whereAt(scrollTop: number): number {
    if (!this.#isScaled) return scrollTop;
    const share = Math.max(0, Math.min(1, scrollTop / (this.height - this.view)));
    return share * (this.whole - this.view);
  }

  inView(scrollTop: number, beyond: number): InView {
    const from = this.#whereAt(scrollTop);
    const first = Math.max(0, Math.floor(from / this.size) - beyond);
    const last = Math.min(this.count - 1, Math.ceil((from + this.view) / this.size) + beyond);
    return { first, last, top: this.#isScaled ? scrollTop + first * this.size - from : first * this.size };
  }

  /** The scroll position that has a row in view; the same as before where it is. */
  toShow(at: number, scrollTop: number): number {
    const from = this.#whereAt(scrollTop);
    const start = at * this.size;
    const wanted = start < from ? start : start + this.size > from + this.view ? start + this.size - this.view : from;
    if (wanted === from) return scrollTop;
    return this.#isScaled ? (wanted / (this.whole - this.view)) * (this.height - this.view) : wanted;
  }
}
