/** Events as bars: which colour, and how high. */

import type { Look } from "../../parts/state";
import type { Trace } from "../../trace/trace";

export interface Bar {
  /** `null` is no state: what only keeps the books. */
  readonly look: Look | null;
  /** From 0 to 1. */
  readonly height: number;
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

/** The bars of all events in so many columns, of each the worst event in it. */
export function barsOf(trace: Trace, columns: number): readonly Bar[] {
  const kinds = trace.types.map(barOf);
  const count = Math.min(columns, trace.version);
  const bars: Bar[] = Array.from({ length: count }, () => QUIET);
  for (let at = 0; at < trace.version; at += 1) {
    const column = Math.floor((at * count) / trace.version);
    const bar = kinds[trace.eventTypes.at(at)] ?? QUIET;
    const before = bars[column] as Bar;
    const isWorse = WORST.indexOf(bar.look) > WORST.indexOf(before.look);
    bars[column] = { look: isWorse ? bar.look : before.look, height: Math.max(bar.height, before.height) };
  }
  return bars;
}

/** The next event, forth or back, of a kind that one looks for; undefined where there is none. */
export function nextOf(trace: Trace, from: number, by: 1 | -1, wanted: "failure" | "decision"): number | undefined {
  const isFailure = trace.types.map((type) => /(Failed|IncidentRaised|Incident)$/.test(type));
  for (let version = from + by; version >= 1 && version <= trace.version; version += by) {
    if (wanted === "failure" ? isFailure[trace.eventTypes.at(version - 1)] : endsDecision(trace, version)) return version;
  }
  return undefined;
}

/** Whether it is the last event of its decision: after it the execution was at rest. */
function endsDecision(trace: Trace, version: number): boolean {
  return version === trace.version || trace.eventCommands.at(version) >= 0;
}
