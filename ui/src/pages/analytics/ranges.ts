/** Ranges of time, their windows, and the executions that a point stands for: pure. */

import { joined, quoted } from "../../filter/cel";
import type { Schemas } from "../../api/client";
import { textIn } from "../search";

export const LASTS = ["24h", "7d", "30d", "365d"] as const;
export type Last = (typeof LASTS)[number];
export const GROUPS = ["time", "workflow", "version", "node"] as const;
export type Group = (typeof GROUPS)[number];
export type Window = Schemas["AnalyticsWindow"];
export type By = "hour" | "day";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const SPANS: Readonly<Record<Last, number>> = { "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS, "365d": 365 * DAY_MS };
/** Up to so long it is told by hours. */
const BY_HOUR_MS = 7 * DAY_MS;

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly by: By;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** A day as the address says it. */
export function dayIn(search: Record<string, unknown>, name: string): string | undefined {
  const day = textIn(search, name);
  return day !== undefined && DAY.test(day) && !Number.isNaN(Date.parse(day)) ? day : undefined;
}

/** Whole windows: the last so long, or the days that are named, up to and with the second one. */
export function rangeOf({ last = "24h", from, to }: { readonly last?: Last | undefined; readonly from?: string | undefined; readonly to?: string | undefined }, now: number): Range {
  const begin = from === undefined ? undefined : Date.parse(from);
  const end = to === undefined ? undefined : Date.parse(to) + DAY_MS;
  if (begin !== undefined || end !== undefined) {
    const until = end ?? now - (now % DAY_MS) + DAY_MS;
    const since = Math.min(begin ?? until - 30 * DAY_MS, until - DAY_MS);
    return { from: since, to: until, by: until - since <= BY_HOUR_MS ? "hour" : "day" };
  }
  const span = SPANS[last];
  const by: By = span <= BY_HOUR_MS ? "hour" : "day";
  const size = sizeOf(by);
  const until = now - (now % size) + size;
  return { from: until - span, to: until, by };
}

/** The same in whole days, today with them. */
export function daysOf(search: { readonly last?: Last | undefined; readonly from?: string | undefined; readonly to?: string | undefined }, now: number): Range {
  const { from, to } = rangeOf(search, now);
  const until = Math.ceil(to / DAY_MS) * DAY_MS;
  return { from: until - Math.ceil((to - from) / DAY_MS) * DAY_MS, to: until, by: "day" };
}

export function sizeOf(by: By): number {
  return by === "hour" ? HOUR_MS : DAY_MS;
}

/** Each window of the range in its order, also those in which nothing happened. */
export function filled<Told extends { readonly at: string | null }>({ from, to, by }: Range, windows: readonly Told[]): readonly { readonly at: number; readonly window: Told | null }[] {
  const known = new Map(windows.map((window) => [Date.parse(window.at ?? ""), window]));
  const made: { at: number; window: Told | null }[] = [];
  for (let at = from; at < to; at += sizeOf(by)) made.push({ at, window: known.get(at) ?? null });
  return made;
}

/** What a point tells of: executions that began or ended then, or that were on their way. */
export type Kind = "started" | "ended" | "running";

export interface Point {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  /** Of those that ended: as what. */
  readonly status?: string | undefined;
  /** Of those that ended: at least so long. */
  readonly atLeastMs?: number | undefined;
  readonly workflow?: string | undefined;
  readonly version?: number | undefined;
  /** Where it tells of some workflows: which. */
  readonly workflows?: readonly string[] | undefined;
}

/** Its executions, as a filter of them. */
export function filterOf({ kind, from, to, status, atLeastMs, workflow, version, workflows }: Point): string {
  const [begin, end] = [time(from), time(to)];
  const when =
    kind === "started" ? [`started_at >= ${begin}`, `started_at < ${end}`] : kind === "ended" ? [`ended_at >= ${begin}`, `ended_at < ${end}`] : [`started_at < ${end}`, `(ended_at == null || ended_at >= ${begin})`];
  return joined([
    ...(workflow === undefined ? [] : [`workflow == ${quoted(workflow)}`]),
    ...(version === undefined ? [] : [`version == ${version}`]),
    ...(workflows === undefined ? [] : [`workflow in [${workflows.map(quoted).join(", ")}]`]),
    ...when,
    ...(status === undefined ? [] : [`status == ${quoted(status)}`]),
    ...(atLeastMs === undefined ? [] : [`duration >= duration("${Math.floor(atLeastMs)}ms")`]),
  ]);
}

function time(at: number): string {
  return `timestamp("${new Date(at).toISOString()}")`;
}
