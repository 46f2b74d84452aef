/** A column of numbers that grows at its end, without an object for each. */

type Numbers = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

export class Column {
  #values: Numbers;
  length = 0;

  constructor(readonly kind: new (length: number) => Numbers = Int32Array) {
    this.#values = new kind(64);
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const wider = new this.kind(2 * this.length);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.length++] = value;
  }

  /** NaN beyond its end. */
  at(row: number): number {
    return row < this.length ? (this.#values[row] ?? Number.NaN) : Number.NaN;
  }

  put(row: number, value: number): void {
    if (row < 0 || row >= this.length) throw new RangeError(`${row} is no row of ${this.length}`);
    this.#values[row] = value;
  }
}
