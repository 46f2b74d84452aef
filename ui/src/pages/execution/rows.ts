/** The rows of the timeline: each run of a node that did something, in the order in which they began. */

import { statusOf } from "../../graph/status";
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
const NOTHING: ReadonlySet<string> = new Set(["skipped", "completed", "failed", "cancelled"]);

export function rowsOf(trace: Trace): readonly Row[] {
  const rows: Row[] = [];
  const skipped = trace.states.indexOf("skipped");
  for (let place = 1; place < trace.places; place += 1) {
    const node = trace.nodes[trace.nodeOf.at(place)];
    if (node === undefined || HOLDERS.has(node.type)) continue;
    const last = trace.lastChange(place);
    if (last < 0 || (trace.changeStates.at(last) === skipped && trace.changeBefore.at(last) < 0)) continue;
    rows.push({ place, path: trace.path(place), begun: trace.begunAt(place) });
  }
  return rows.sort((one, other) => one.begun - other.begun);
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
    if (NOTHING.has(state)) {
      if (at === 0) stretches.push({ status: statusOf(kind, state), from, to: from }); // all in one event
      continue;
    }
    const to = next === undefined ? trace.times.at(trace.version - 1) : timeOf(trace, next);
    const ending = next === undefined ? "" : (trace.states[trace.changeStates.at(next)] ?? "");
    const isLastOne = NOTHING.has(ending);
    stretches.push({ status: statusOf(kind, isLastOne && state !== "queued" ? ending : state), from, to });
  }
  return stretches;
}

function timeOf(trace: Trace, change: number): number {
  return trace.times.at(trace.changeVersions.at(change) - 1);
}
