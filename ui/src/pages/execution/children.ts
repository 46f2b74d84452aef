/** The children that an execution started, read from its trace. Pure. */

import type { Moment } from "../../trace/moment";
import type { Trace } from "../../trace/trace";

export interface Child {
  readonly id: string;
  /** The path of the run that started it. */
  readonly run: string;
  /** Of that run, at the moment. */
  readonly state: string;
}

/** Those that were started by then in a place, or in what it holds; 0 is the execution. */
export function childrenIn(execution: string, moment: Moment, within: number): readonly Child[] {
  const { trace } = moment;
  const type = trace.types.indexOf("ChildStarted");
  const found: Child[] = [];
  if (type < 0) return found;
  for (let version = 1; version <= moment.version; version += 1) {
    if (trace.eventTypes.at(version - 1) !== type) continue;
    const place = trace.eventPlaces.at(version - 1);
    if (!isWithin(trace, place, within)) continue;
    const run = trace.path(place);
    found.push({ id: childId(execution, run, attemptAt(trace, place, version)), run, state: moment.of(place)?.state ?? "" });
  }
  return found;
}

/** The engine's rule: the id of a child follows from the run that starts it, and its attempt. */
export function childId(execution: string, run: string, attempt: number): string {
  const path = run.replaceAll("/", ":").replaceAll("[", "(").replaceAll("]", ")").replaceAll("#", "!");
  return `${execution}~${path}${attempt > 1 ? `@${attempt}` : ""}`;
}

function isWithin(trace: Trace, place: number, within: number): boolean {
  for (let at = place; at !== within; at = trace.parents.at(at)) if (at === 0) return false;
  return true;
}

function attemptAt(trace: Trace, place: number, version: number): number {
  let change = trace.lastChange(place);
  while (change >= 0 && trace.changeVersions.at(change) > version) change = trace.changeBefore.at(change);
  return change < 0 ? 1 : trace.changeAttempts.at(change);
}
