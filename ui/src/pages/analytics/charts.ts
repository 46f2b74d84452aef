/** Which lines each chart has: pure. */

import type { Schemas } from "../../api/client";
import type { Line } from "./chart";
import type { Kind, Window } from "./ranges";
import { say } from "./words";
import { sayState } from "../../words/en";

type Spread = Schemas["Spread"];
export const SPREADS = ["duration", "queue", "waiting"] as const;
export type ChartId = "rates" | (typeof SPREADS)[number] | "trouble";
export type Filled = readonly { readonly at: number; readonly window: Window | null }[];

const ENDED = ["completed", "failed", "cancelled", "terminated"] as const;
const TOKENS: Readonly<Record<(typeof ENDED)[number], string>> = { completed: "completed", failed: "failed", cancelled: "cancelled", terminated: "ink-3" };
const PERCENTILES = [
  { id: "p50_ms", says: "p50", token: "ink-1" },
  { id: "p95_ms", says: "p95", token: "ink-1", dash: [6, 4] },
  { id: "p99_ms", says: "p99", token: "ink-2", dash: [2, 3] },
] as const;

/** What began, and what ended as what: states that there were, in their colours and each with a dash of its own. */
export function ratesOf(windows: Filled): readonly Line[] {
  const ended = ENDED.filter((status) => windows.some(({ window }) => (window?.ended[status] ?? 0) > 0));
  return [
    { id: "started", says: say("started"), token: "ink-1", values: windows.map(({ window }) => window?.started ?? 0) },
    ...ended.map((status, at): Line => ({ id: status, says: sayState(status), token: TOKENS[status], ...(at > 0 && { dash: [8 - 2 * at, 3] }), values: windows.map(({ window }) => window?.ended[status] ?? 0) })),
  ];
}

export function spreadOf(windows: Filled, name: (typeof SPREADS)[number]): readonly Line[] {
  return PERCENTILES.map(({ id, says, token, ...rest }) => ({ id, says: say(says), token, ...rest, values: windows.map(({ window }) => number(window?.[name] ?? null, id)) }));
}

export function troubleOf(windows: Filled): readonly Line[] {
  return [
    { id: "retries", says: say("retries"), token: "waiting", dash: [6, 4], values: windows.map(({ window }) => window?.retries ?? 0) },
    { id: "incidents", says: say("incidents"), token: "incident", values: windows.map(({ window }) => window?.incidents ?? 0) },
  ];
}

/** What a point of a line stands for. */
export function meantBy(chart: ChartId, line: Line | null, value: number | null): { readonly kind: Kind; readonly status?: string; readonly atLeastMs?: number } {
  if (chart === "rates") return line === null || line.id === "started" ? { kind: "started" } : { kind: "ended", status: line.id };
  if (chart === "duration") return { kind: "ended", ...(line !== null && value !== null && { atLeastMs: value }) };
  return { kind: "running" };
}

function number(spread: Spread | null, id: (typeof PERCENTILES)[number]["id"]): number | null {
  return spread === null ? null : Number(spread[id]);
}
