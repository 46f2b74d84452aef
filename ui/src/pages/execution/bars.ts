/** Events as bars: which colour, and how high. */

import type { Look } from "../../parts/state";
import type { Trace } from "../../trace/trace";
import type { TimeScale } from "./scale";

export interface Bar {
  /** `null` is no state: what only keeps the books. */
  readonly look: Look | null;
  /** From 0 to 1. */
  readonly height: number;
}

/** Whether a type of event says that something failed. */
export function isFailure(type: string): boolean {
  return /(Failed|IncidentRaised|Incident)$/.test(type);
}

const QUIET: Bar = { look: null, height: 0.22 };
/** The first that fits the name of the type. */
const BARS: readonly (readonly [RegExp, Bar])[] = [
  [/Incident(Raised)?$/, { look: "incident", height: 1 }],
  [/Failed$/, { look: "failed", height: 1 }],
  [/(Node|Execution)Completed$/, { look: "completed", height: 0.72 }],
  [/Skipped$/, { look: "skipped", height: 0.3 }],
  [/(Cancelled|Terminated|Stopping)$/, { look: "cancelled", height: 0.6 }],
  [/Paused$/, { look: "paused", height: 0.6 }],
  [/(Scheduled|Started|Resumed|Begun)$/, { look: "running", height: 0.5 }],
  [/^(Timer|Signal|Task|Child|Slot|Admission)/, { look: "waiting", height: 0.38 }],
];
const TIMER = /^Timer/;

export function barOf(type: string): Bar {
  if (TIMER.test(type)) return { look: "waiting", height: 0.34 };
  return BARS.find(([pattern]) => pattern.test(type))?.[1] ?? QUIET;
}

/** How much one wants to see of several events that share a bar: the worst. */
const WORST: readonly (Look | null)[] = [null, "skipped", "completed", "running", "waiting", "paused", "cancelled", "failed", "incident"];

/** Nothing happened there. */
const EMPTY: Bar = { look: null, height: 0 };

/** The bars of all events in so many columns, of each the worst event in it: an equal share of the events each. */
export function barsOf(trace: Trace, columns: number): readonly Bar[] {
  const count = Math.min(columns, trace.version);
  return put(trace, count, (at) => Math.floor((at * count) / trace.version), QUIET);
}

/** The same by when they were, with columns in which nothing happened. */
export function barsByTime(trace: Trace, columns: number, scale: TimeScale): readonly Bar[] {
  return put(trace, columns, (at) => Math.min(columns - 1, Math.floor(scale.at(trace.times.at(at)) * columns)), EMPTY);
}

function put(trace: Trace, columns: number, columnOf: (at: number) => number, nothing: Bar): readonly Bar[] {
  const kinds = trace.types.map(barOf);
  const ranks = kinds.map(({ look }) => WORST.indexOf(look));
  const worst = new Int8Array(columns).fill(-1);
  const heights = new Float32Array(columns);
  for (let at = 0; at < trace.version; at += 1) {
    const type = trace.eventTypes.at(at);
    const column = columnOf(at);
    worst[column] = Math.max(worst[column] as number, ranks[type] ?? 0);
    heights[column] = Math.max(heights[column] as number, kinds[type]?.height ?? QUIET.height);
  }
  return Array.from(worst, (rank, column) => (rank < 0 ? nothing : { look: WORST[rank] ?? null, height: heights[column] as number }));
}

/** The next event, forth or back, of a kind that one looks for; undefined where there is none. */
export function nextOf(trace: Trace, from: number, by: 1 | -1, wanted: "failure" | "decision"): number | undefined {
  const failures = trace.types.map(isFailure);
  for (let version = from + by; version >= 1 && version <= trace.version; version += by) {
    if (wanted === "failure" ? failures[trace.eventTypes.at(version - 1)] : endsDecision(trace, version)) return version;
  }
  return undefined;
}

/** Whether it is the last event of its decision: after it the execution was at rest. */
function endsDecision(trace: Trace, version: number): boolean {
  return version === trace.version || trace.eventCommands.at(version) >= 0;
}
