/** The rows of the timeline: each run of a node that did something, in the order in which they began. */

import { hasEnded, statusOf } from "../../graph/status";
import type { Status } from "../../parts/state";
import type { Trace } from "../../trace/trace";

export interface Row {
  readonly place: number;
  readonly path: string;
  readonly begun: number;
}

export interface Stretch {
  readonly status: Status;
  /** Milliseconds since 1970; `to` is the end of the trace where it still is so. */
  readonly from: number;
  readonly to: number;
}

/** Kinds that hold others: those are the rows. */
const HOLDERS: ReadonlySet<string> = new Set(["parallel", "for_each", "while", "repeat", "try"]);

/** The rows of a trace, put together as it grows. */
export class Rows {
  readonly rows: Row[] = [];
  readonly #isRow = new Set<number>();
  #seen = 0;

  constructor(readonly trace: Trace) {}

  /** Those of all that is there by now, in the order in which they first did something. */
  get now(): readonly Row[] {
    const { trace } = this;
    for (; this.#seen < trace.changePlaces.length; this.#seen += 1) {
      const place = trace.changePlaces.at(this.#seen);
      if (place === 0 || this.#isRow.has(place)) continue;
      const node = trace.nodes[trace.nodeOf.at(place)];
      if (node === undefined || HOLDERS.has(node.type) || trace.states[trace.changeStates.at(this.#seen)] === "skipped") continue;
      this.#isRow.add(place);
      this.rows.push({ place, path: trace.path(place), begun: trace.begunAt(place) });
    }
    return this.rows;
  }
}

/** From when to when it was in which state; that it has ended is no stretch. */
export function stretchesOf(trace: Trace, place: number): readonly Stretch[] {
  const kind = trace.nodes[trace.nodeOf.at(place)]?.type ?? "";
  const changes: number[] = [];
  for (let change = trace.lastChange(place); change >= 0; change = trace.changeBefore.at(change)) changes.push(change);
  changes.reverse();
  const stretches: Stretch[] = [];
  for (const [at, change] of changes.entries()) {
    const state = trace.states[trace.changeStates.at(change)] ?? "";
    const from = timeOf(trace, change);
    const next = changes[at + 1];
    if (hasEnded(state)) {
      if (at === 0) stretches.push({ status: statusOf(kind, state), from, to: from }); // all in one event
      continue;
    }
    const to = next === undefined ? trace.times.at(trace.version - 1) : timeOf(trace, next);
    const ending = next === undefined ? "" : (trace.states[trace.changeStates.at(next)] ?? "");
    const isLastOne = hasEnded(ending);
    stretches.push({ status: statusOf(kind, isLastOne && state !== "queued" && ending !== "renamed" ? ending : state), from, to });
  }
  return stretches;
}

function timeOf(trace: Trace, change: number): number {
  return trace.times.at(trace.changeVersions.at(change) - 1);
}
