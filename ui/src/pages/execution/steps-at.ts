/** Which steps a run had recorded by a moment. */

import type { Trace } from "../../trace/trace";

/** The versions of the events that say them, the first one first. */
export function stepsAt(trace: Trace, place: number, at: number): number[] {
  const type = trace.types.indexOf("StepRecorded");
  return type < 0 ? [] : trace.eventsAt(place).filter((version) => version <= at && trace.eventTypes.at(version - 1) === type);
}
