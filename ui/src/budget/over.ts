/** A budget that is used up, as the failure `ai.budget` tells of it, and the new limit that a person types. */

import { Exact, type Json, parse } from "../api/exact";

export const MEASURES = ["usd", "tokens", "model_calls", "tool_calls"] as const;
export type Measure = (typeof MEASURES)[number];

/** Of one measure: US dollars, tokens, or calls. */
export interface Over {
  readonly what: Measure;
  readonly limit: number;
  readonly spent: number;
  /** Set aside for calls under way. */
  readonly reserved: number;
  /** What the call that was not made may take at most. */
  readonly needed: number;
  /** The node whose own budget it is; null for that of the execution. */
  readonly node: string | null;
}

/** `null` for another failure, and for one that no other limit helps: where `max_tokens` or a price lacks. */
export function overOf(failure: { readonly type: string; readonly details: unknown }): Over | null {
  const details = failure.details;
  if (failure.type !== "ai.budget" || typeof details !== "object" || details === null) return null;
  const { what, limit, spent, reserved, needed, of } = details as Record<string, Json>;
  const measure = MEASURES.find((one) => one === what);
  if (measure === undefined || ![limit, spent, reserved, needed].every(isNumber)) return null;
  return { what: measure, limit: Number(limit), spent: Number(spent), reserved: Number(reserved), needed: Number(needed), node: typeof of === "string" && of !== "execution" ? of : null };
}

function isNumber(value: Json | undefined): boolean {
  return typeof value === "number" || value instanceof Exact;
}

/** The limit with which the call that was not made is made, as things stand. */
export function leastOf({ spent, reserved, needed, what }: Over): number {
  const least = spent + reserved + needed;
  return what === "usd" ? Math.ceil(least * 1e6 - 1e-6) / 1e6 : least;
}

/** The body's `budget`; undefined where nothing was typed, null where that is no number. What a limit may be is the server's to say. */
export function raised(what: Measure, text: string): { readonly [measure: string]: Json } | undefined | null {
  if (text.trim() === "") return undefined;
  try {
    const limit = parse(text);
    return isNumber(limit) ? { [what]: limit } : null;
  } catch {
    return null;
  }
}
