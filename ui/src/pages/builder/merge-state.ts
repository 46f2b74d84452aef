/** A merge that has begun: what of, and how far it is. It stays in this browser until it counts. */

import { merge, type Piece } from "../../edit/merge";
import { type Result, resultOf } from "../../edit/merge-result";

export interface Merge {
  readonly base: string | null;
  readonly mine: string;
  readonly theirs: string;
  readonly pieces: readonly Piece[];
  readonly result: Result;
}

export function begunMerge(base: string | null, mine: string, theirs: string): Merge {
  const pieces = merge(base, mine, theirs);
  return { base, mine, theirs, pieces, result: resultOf(pieces) };
}

/** How many places of the result nobody has chosen yet. */
export function openPlaces({ result }: Merge): number {
  return result.places.filter(({ chosen }) => chosen === null).length;
}

/** How many places only one of them changed, or both. */
export function takenFrom({ pieces }: Merge, who: "mine" | "theirs" | "touching"): number {
  return pieces.filter(({ is }) => is === who).length;
}

export function keepMerge(draft: string, merge: Merge): void {
  try {
    localStorage.setItem(keyOf(draft), JSON.stringify(merge));
  } catch {
    // it holds until the page is left; both texts are kept
  }
}

/** The one that was begun with what is there now, if any. */
export function keptMerge(draft: string, theirs: string): Merge | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(draft)) ?? "null") as Merge | null;
    return kept?.theirs === theirs ? kept : null;
  } catch {
    return null;
  }
}

export function forgetMerge(draft: string): void {
  try {
    localStorage.removeItem(keyOf(draft));
  } catch {
    // it was not kept either
  }
}

function keyOf(draft: string): string {
  return `refold.merge.${draft}`;
}
