/** What went differently in two executions, or at two moments of one: pure, from their traces. */

import type { Moment } from "./moment";
import type { Trace } from "./trace";

/** How a run stands on one side. */
export interface Stands {
  readonly state: string;
  readonly attempt: number;
  /** By which ports it was left; of edges without one `out`. */
  readonly ports: readonly string[];
  /** The event that made it so. */
  readonly since: number;
}

export interface Difference {
  /** The path of the run: `each[3]/charge`. */
  readonly path: string;
  /** The path of its node in the definition: `each[]/charge`. */
  readonly node: string;
  readonly is: "left" | "right" | "state" | "ports" | "attempts" | "values";
  readonly left: Stands | null;
  readonly right: Stands | null;
  /** The earlier of both events. */
  readonly first: number;
}

/** The runs that are otherwise, the earliest first. `hasOtherValues` says it of one whose way was the same. */
export function differences(left: Moment, right: Moment, hasOtherValues: (path: string) => boolean = () => false): readonly Difference[] {
  const found: Difference[] = [];
  const seen = new Set<string>();
  for (const [moment, other] of [[left, right] as const, [right, left] as const]) {
    for (let place = 0; place < moment.trace.places; place += 1) {
      const path = moment.trace.path(place);
      const node = moment.trace.nodes[moment.trace.nodeOf.at(place)];
      if (node === undefined || seen.has(path)) continue;
      seen.add(path);
      const mine = standsAt(moment, place);
      const theirs = standsAt(other, other.trace.placeAt(path));
      const [l, r] = moment === left ? [mine, theirs] : [theirs, mine];
      const is = kindOf(l, r) ?? (l !== null && hasOtherValues(path) ? "values" : null);
      if (is !== null) found.push({ path, node: node.path, is, left: l, right: r, first: Math.min(l?.since ?? Infinity, r?.since ?? Infinity) });
    }
  }
  return found.sort((one, next) => one.first - next.first);
}

function kindOf(left: Stands | null, right: Stands | null): Difference["is"] | null {
  if (left === null || right === null) return left === right ? null : left === null ? "right" : "left";
  if (left.state !== right.state) return "state";
  if (left.ports.join() !== right.ports.join()) return "ports";
  return left.attempt === right.attempt ? null : "attempts";
}

export function standsAt(moment: Moment, place: number | undefined): Stands | null {
  const state = place === undefined ? null : moment.of(place);
  return state && { state: state.state, attempt: state.attempt, since: state.since, ports: portsOf(moment.trace, state.exit) };
}

function portsOf(trace: Trace, exit: number): readonly string[] {
  const taken = trace.exits[exit]?.taken ?? [];
  return [...new Set(taken.flatMap((at) => (trace.edges[at] === undefined ? [] : [trace.edges[at].port || "out"])))].sort();
}

/** The first event that is another one on the other side, or is there on one side alone; null where both have the same. */
export function firstOther(left: Moment, right: Moment): number | null {
  const both = Math.min(left.version, right.version);
  const [l, r] = [left.trace, right.trace];
  for (let version = 1; version <= both; version += 1) {
    const [one, other] = [l.event(version), r.event(version)];
    if (one.type !== other.type || l.path(one.place) !== r.path(other.place)) return version;
  }
  return left.version === right.version ? null : both + 1;
}
