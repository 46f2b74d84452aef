/** What a test run is asked for with, as it is typed: texts, so that each number stays as it was written. Pure. */

import { type Json, parse } from "../../../api/exact";
import type { Found } from "../../../api/problem";
import { definitionPath } from "../../../graph/run-path";

export type Skip = "none" | "waits" | "all";
export type Unpinned = "refuse" | "run";

/** What a node is given; of what does not go with `as` the text is kept, and not sent. */
export interface Pin {
  readonly as: "output" | "error" | "from";
  /** JSON. */
  readonly output: string;
  /** Empty: that which the kind has alone. */
  readonly port: string;
  readonly type: string;
  readonly message: string;
  /** The past execution that it comes from. */
  readonly execution: string;
}

export interface Plan {
  /** JSON. */
  readonly input: string;
  /** By the paths of nodes, as the API names them. */
  readonly pins: Readonly<Record<string, Pin>>;
  /** The execution that all comes from which came from outside; empty for none. */
  readonly all: string;
  readonly stops: readonly string[];
  readonly skip: Skip;
  readonly unpinned: Unpinned;
}

/** Nothing goes out, and nobody waits, unless one says so. */
export const FIRST: Plan = { input: "{}", pins: {}, all: "", stops: [], skip: "waits", unpinned: "refuse" };
export const PIN: Pin = { as: "output", output: "{}", port: "", type: "", message: "", execution: "" };
/** All that came from outside. */
export const EVERY = "*";

/** The kinds that nothing can be given in place of: to reach them is what they do. */
const WAYS_OUT: ReadonlySet<string> = new Set(["end", "fail", "break", "continue"]);

export function canBePinned(kind: string): boolean {
  return !WAYS_OUT.has(kind);
}

/** The path of a box, or of a run, as pins name it: `each/charge`. */
export function pinPath(path: string): string {
  return definitionPath(path).replaceAll("[]", "");
}

export function withPin(plan: Plan, path: string, pin: Pin | null): Plan {
  const { [path]: _, ...others } = plan.pins;
  return { ...plan, pins: pin === null ? others : { ...plan.pins, [path]: pin } };
}

export function withStop(plan: Plan, path: string, isThere: boolean): Plan {
  const others = plan.stops.filter((one) => one !== path);
  return { ...plan, stops: isThere ? [...others, path] : others };
}

export interface Asked {
  readonly pins: { readonly [path: string]: Json };
  readonly input: Json;
  /** What is no JSON, by where it stands: the path of a node, or `/input`. */
  readonly wrong: Readonly<Record<string, string>>;
}

/** The values of what was typed. */
export function askedOf(plan: Plan): Asked {
  const wrong: Record<string, string> = {};
  const read = (text: string, at: string): Json => {
    try {
      return parse(text);
    } catch (error) {
      wrong[at] = (error as Error).message;
      return null;
    }
  };
  const pins = Object.fromEntries(Object.entries(plan.pins).map(([path, pin]) => [path, pinned(pin, (text) => read(text, path))]));
  const all: { readonly [path: string]: Json } = plan.all === "" ? {} : { [EVERY]: { from: { execution: plan.all } } };
  return { pins: { ...all, ...pins }, input: read(plan.input.trim() === "" ? "{}" : plan.input, INPUT), wrong };
}

const INPUT = "/input";

function pinned(pin: Pin, read: (text: string) => Json): Json {
  if (pin.as === "from") return { from: { execution: pin.execution } };
  if (pin.as === "error") return { error: { ...(pin.type !== "" && { type: pin.type }), ...(pin.message !== "" && { message: pin.message }) } };
  return { ...(pin.output.trim() !== "" && { output: read(pin.output) }), ...(pin.port !== "" && { port: pin.port }) };
}

/** What was refused, by where it stands: the path of a node, `*`, `/input`; under `""` all else, such as what is wrong with the definition. */
export function byPlace(problems: readonly Found[], stops: readonly string[]): ReadonlyMap<string, readonly Found[]> {
  const found = new Map<string, Found[]>();
  for (const one of problems) {
    const [, field = "", key = ""] = one.path.split("/");
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    const at = field === "pins" ? name : field === "stop_before" ? (stops[Number(key)] ?? "") : field === "input" ? INPUT : "";
    found.set(at, [...(found.get(at) ?? []), one]);
  }
  return found;
}

/** What was kept as text, or what one begins with. */
export function planIn(kept: string | null): Plan {
  try {
    const found = JSON.parse(kept ?? "{}") as Partial<Plan>;
    const pins = Object.entries(found.pins ?? {}).map(([path, pin]) => [path, { ...PIN, ...pin }]);
    return { ...FIRST, ...found, pins: Object.fromEntries(pins), stops: [...(found.stops ?? [])] };
  } catch {
    return FIRST;
  }
}
