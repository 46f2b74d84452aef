/** The state of a run as people see it: what only waits for something from outside does not run. */

import type { Status } from "../parts/state";

const WAITS: ReadonlySet<string> = new Set(["wait_signal", "wait_until", "delay", "human_task", "sub_workflow"]);
const SAID: Readonly<Record<string, Status>> = { begun: "running", pending: "waiting", active: "running" };

export function statusOf(kind: string, state: string): Status {
  if (WAITS.has(kind) && (state === "active" || state === "begun")) return "waiting";
  return SAID[state] ?? (state as Status);
}

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "skipped", "cancelled", "terminated", "renamed"]);

/** Of a run, or of an execution. */
export function hasEnded(state: string): boolean {
  return ENDED.has(state);
}
