/** Which events the list has: all, or those that one looks for, by themselves or below their decisions. Pure. */

import type { Trace } from "../../trace/trace";
import { isFailure } from "./bars";

/** The number of an event; or, negative, of the first event of a decision, for its heading. */
export type EventRow = number;

export interface Wanted {
  /** Of which run; null is all. */
  readonly place: number | null;
  readonly isFailed: boolean;
  readonly type: string | undefined;
  readonly isGrouped: boolean;
}

/** The rows of a trace, put together as it grows. */
export class EventRows {
  readonly #rows: EventRow[] = [];
  #seen = 0;
  /** The first event of the decision of the row before, and that row. */
  #decision = 0;
  #headed = 0;

  constructor(
    readonly trace: Trace,
    readonly wanted: Wanted,
  ) {}

  get now(): readonly EventRow[] {
    const { trace, wanted } = this;
    const wants = trace.types.map((type) => (!wanted.isFailed || isFailure(type)) && (wanted.type === undefined || wanted.type === type));
    const take = (version: number) => {
      if (!wants[trace.eventTypes.at(version - 1)]) return;
      if (wanted.isGrouped) this.#head(version);
      this.#rows.push(version);
    };
    if (wanted.place === null) for (let version = this.#seen + 1; version <= trace.version; version += 1) take(version);
    else for (const version of trace.eventsAt(wanted.place)) if (version > this.#seen) take(version);
    this.#seen = trace.version;
    return this.#rows;
  }

  /** Walks no further back than to the event before: a decision may be of thousands. */
  #head(version: number): void {
    let begins = version;
    while (begins > 1 && begins > this.#headed && this.trace.eventCommands.at(begins - 1) < 0) begins -= 1;
    if (begins === this.#headed && this.trace.eventCommands.at(begins - 1) < 0) begins = this.#decision;
    if (begins !== this.#decision) this.#rows.push(-begins);
    this.#decision = begins;
    this.#headed = version;
  }
}

/** The first event of the decision that an event is of. */
export function beginsAt(trace: Trace, version: number): number {
  let at = version;
  while (at > 1 && trace.eventCommands.at(at - 1) < 0) at -= 1;
  return at;
}

/** The last event of the decision that begins with an event: after it the execution was at rest. */
export function endsAt(trace: Trace, begins: number): number {
  let at = begins;
  while (at < trace.version && trace.eventCommands.at(at) < 0) at += 1;
  return at;
}

/** Where a row is: they ascend by the events that they speak of, a decision before its first. */
export function rowAt(rows: readonly EventRow[], row: EventRow): number {
  let low = 0;
  let high = rows.length;
  const order = (one: EventRow) => (one < 0 ? -one - 0.5 : one);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(rows[middle] as EventRow) < order(row)) low = middle + 1;
    else high = middle;
  }
  return rows[low] === row ? low : -1;
}
