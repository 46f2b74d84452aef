/** The state of something: always a shape and a word, and a colour besides. */

import type { JSX } from "react";
import { sayState } from "../words/en";
import { names } from "./class-names";
import css from "./state.module.css";

/** What is drawn; each has a shape and a colour of its own. */
export type Look = "running" | "completed" | "failed" | "incident" | "waiting" | "skipped" | "cancelled" | "paused";

const LOOKS = {
  created: "waiting",
  scheduled: "waiting",
  queued: "waiting",
  waiting: "waiting",
  retrying: "waiting",
  running: "running",
  active: "running",
  stopping: "running",
  lingering: "running",
  paused: "paused",
  incident: "incident",
  quarantined: "incident",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  terminated: "cancelled",
  skipped: "skipped",
  renamed: "skipped",
} as const satisfies Record<string, Look>;

/** The states of executions and of runs of nodes, as the API says them. */
export type Status = keyof typeof LOOKS;

export const STATUSES = Object.keys(LOOKS) as readonly Status[];

export function lookOf(status: Status): Look {
  return LOOKS[status];
}

/** What an execution waits for when it is at rest: something from outside, and nothing of its own. */
const OUTSIDE: ReadonlySet<string> = new Set(["signal", "timer", "child", "task", "condition", "mutex", "release", "start", "turn", "quota", "paused_sibling", "execution", "dependency", "breaker", "halt"]);

/** The state as people see it: what runs, and waits for something from outside alone, waits. */
export function seenStatus(status: Status, waits: readonly { readonly for: string }[]): Status {
  const hers = waits.filter((one) => one.for !== "nodes");
  return status === "running" && hers.length > 0 && hers.every((one) => OUTSIDE.has(one.for)) ? "waiting" : status;
}

/** Only the shape; whoever shows it says the word beside it, or in a name. */
export function Mark({ look, size = 16 }: { look: Look; size?: number }): JSX.Element {
  return (
    <svg className={names(css["mark"], css[look])} width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={2} aria-hidden="true">
      {SHAPES[look]}
    </svg>
  );
}

const INSIDE = { stroke: "var(--pane)", strokeWidth: 1.8, strokeLinecap: "round", strokeLinejoin: "round" } as const;

const SHAPES: Readonly<Record<Look, JSX.Element>> = {
  running: <circle cx="8" cy="8" r="5.6" strokeDasharray="27 9" strokeLinecap="round" transform="rotate(-60 8 8)" />,
  completed: (
    <>
      <circle cx="8" cy="8" r="6.8" fill="currentColor" stroke="none" />
      <path d="m5.2 8.2 2 2 3.7-4" {...INSIDE} />
    </>
  ),
  failed: (
    <>
      <rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2" fill="currentColor" stroke="none" />
      <path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8" {...INSIDE} />
    </>
  ),
  incident: (
    <>
      <path d="M8 1.8 15 14H1z" fill="currentColor" stroke="currentColor" strokeWidth={1} strokeLinejoin="round" />
      <path d="M8 6.3v3.2M8 11.7v.1" {...INSIDE} />
    </>
  ),
  waiting: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.8V8l2.2 1.6" strokeWidth={1.6} strokeLinecap="round" />
    </>
  ),
  skipped: <circle cx="8" cy="8" r="5.8" strokeDasharray="0.1 3.54" strokeLinecap="round" />,
  cancelled: <path d="M4 13 12 3" strokeLinecap="round" strokeWidth={2.2} />,
  paused: <path d="M5.5 3.5v9M10.5 3.5v9" strokeWidth={3} />,
};

interface StateProps {
  readonly status: Status;
  /** What it says instead of the state alone, such as `waiting for a signal`. */
  readonly says?: string;
  readonly pill?: boolean;
}

export function State({ status, says, pill = false }: StateProps): JSX.Element {
  const look = lookOf(status);
  return (
    <span className={names(pill ? css["pill"] : css["word"], css[look])}>
      <Mark look={look} size={pill ? 16 : 14} />
      {says ?? sayState(status)}
    </span>
  );
}
