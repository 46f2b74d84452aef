/** Which lines each chart has: pure. No colour is a state here, so lines are told apart by their dashes. */

import type { Line } from "../analytics/chart";
import type { Cost } from "./data";
import { say } from "./words";

export type Days = readonly { readonly at: number; readonly window: Cost | null }[];

const DASHES = { first: {}, second: { dash: [6, 4] }, third: { dash: [2, 3] } } as const;

function line(days: Days, id: string, says: string, how: Partial<Line>, of: (window: Cost) => number): Line {
  return { id, says, token: "ink-1", ...how, values: days.map(({ window }) => (window === null ? 0 : Number(of(window)))) };
}

function isSome(days: Days, of: (window: Cost) => number): boolean {
  return days.some(({ window }) => window !== null && Number(of(window)) > 0);
}

export function moneyOf(days: Days): readonly Line[] {
  const lost = ({ lost: { usd } }: Cost) => usd;
  return [line(days, "usd", say("spent"), DASHES.first, ({ usd }) => usd), ...(isSome(days, lost) ? [line(days, "lost", say("lost"), { ...DASHES.third, token: "ink-2" }, lost)] : [])];
}

export function callsOf(days: Days): readonly Line[] {
  return [
    line(days, "calls", say("asked"), DASHES.first, ({ calls }) => calls),
    ...(["errors", "repairs"] as const).filter((id) => isSome(days, (window) => window[id])).map((id) => line(days, id, say(id), id === "errors" ? { ...DASHES.second, token: "failed" } : { ...DASHES.third, token: "waiting" }, (window) => window[id])),
  ];
}

/** What is part of another one is drawn as that is, in grey. */
export function tokensOf(days: Days): readonly Line[] {
  const of = (id: "input" | "cached" | "output" | "reasoning", how: Partial<Line>) => line(days, id, say(id), how, ({ tokens }) => tokens[id]);
  const more = (id: "cached" | "reasoning", how: Partial<Line>) => (isSome(days, ({ tokens }) => tokens[id]) ? [of(id, how)] : []);
  return [of("input", DASHES.first), ...more("cached", { token: "ink-3" }), of("output", DASHES.second), ...more("reasoning", { ...DASHES.second, token: "ink-3" })];
}

export function firstOf(days: Days, says: readonly [string, string]): readonly Line[] {
  const ids = ["p50_ms", "p95_ms"] as const;
  return ids.map((id, at) => ({ id, says: says[at] ?? id, token: "ink-1", ...(at === 1 && DASHES.second), values: days.map(({ window }) => (window?.first_token ? Number(window.first_token[id]) : null)) }));
}
