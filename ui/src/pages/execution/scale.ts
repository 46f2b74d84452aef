/** Time on a line: what is idle for long takes little room there, and says so. */

export interface Gap {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** A gap is collapsed that is more than so much of all that is left. */
const SHARE = 0.4;
const GAPS_MAX = 24;
/** A collapsed gap is drawn as long as so much of the rest. */
const DRAWN = 0.06;

interface Times {
  readonly length: number;
  at(row: number): number | undefined;
}

export class TimeScale {
  readonly gaps: readonly Gap[];
  readonly #from: number;
  readonly #length: number;
  readonly #drawn: number;

  /** `times` ascend. */
  constructor(times: Times, idle = new Idle(times)) {
    this.#from = timeAt(times, 0);
    const to = timeAt(times, times.length - 1);
    this.gaps = idle.gaps;
    const rest = to - this.#from - this.gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    this.#drawn = Math.max(1, rest) * DRAWN;
    this.#length = Math.max(1, rest + this.gaps.length * this.#drawn);
  }

  /** Where a time is, from 0 to 1. */
  at(time: number): number {
    let where = time - this.#from;
    for (const { from, to } of this.gaps) {
      if (time <= from) break;
      where -= (Math.min(time, to) - from) * (1 - this.#drawn / (to - from));
    }
    return Math.max(0, Math.min(1, where / this.#length));
  }

  /** What time is there. */
  timeAt(where: number): number {
    let left = Math.max(0, Math.min(1, where)) * this.#length;
    let time = this.#from;
    for (const { from, to } of this.gaps) {
      if (left <= from - time) return time + left;
      left -= from - time;
      if (left <= this.#drawn) return from + (left / this.#drawn) * (to - from);
      left -= this.#drawn;
      time = to;
    }
    return time + left;
  }

  /** Round moments to be written along the line, between gaps, as time since the beginning. */
  marks(count: number): readonly { readonly where: number; readonly ms: number }[] {
    const step = roundUp(this.#length / Math.max(1, count));
    const marks = [];
    for (let where = 0; where <= this.#length; where += step) {
      const ms = this.timeAt(where / this.#length) - this.#from;
      marks.push({ where: where / this.#length, ms });
    }
    return marks;
  }
}

/** The longest stretches in which nothing happened, kept as more comes. */
export class Idle {
  readonly #longest: Gap[] = [];
  #seen = 1;

  constructor(readonly times: Times) {}

  /** Those that are long beside all the rest, the first one first. */
  get gaps(): readonly Gap[] {
    for (; this.#seen < this.times.length; this.#seen += 1) this.#take(timeAt(this.times, this.#seen - 1), timeAt(this.times, this.#seen));
    let rest = timeAt(this.times, this.times.length - 1) - timeAt(this.times, 0);
    const collapsed: Gap[] = [];
    for (const gap of this.#longest) {
      const length = gap.to - gap.from;
      if (length < 1_000 || length <= SHARE * rest || rest === length) break;
      rest -= length;
      collapsed.push(gap);
    }
    return collapsed.sort((one, other) => one.from - other.from);
  }

  #take(from: number, to: number): void {
    const longest = this.#longest;
    const last = longest.at(-1);
    if (longest.length === GAPS_MAX && last !== undefined && to - from <= last.to - last.from) return;
    const at = longest.findIndex((gap) => gap.to - gap.from < to - from);
    longest.splice(at < 0 ? longest.length : at, 0, { from, to });
    if (longest.length > GAPS_MAX) longest.pop();
  }
}

function timeAt(times: Times, row: number): number {
  return times.length === 0 ? 0 : (times.at(row) ?? 0);
}

function roundUp(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ms)));
  return ([1, 2, 5, 10].find((one) => one * power >= ms) ?? 10) * power;
}
