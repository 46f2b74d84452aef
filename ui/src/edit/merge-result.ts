/** The text that becomes of a merge while it is chosen and written: where each place to choose stands in it, and what stands there. Pure. */

import type { Lines, Piece, Touching } from "./merge";
import type { Span } from "./parse";

export type Choice = "mine" | "theirs" | "both" | "neither";

export interface Place extends Span {
  readonly piece: Touching;
  /** Null until it was chosen; `hand`: what stands there was typed. */
  readonly chosen: Choice | "hand" | null;
}

export interface Result {
  readonly text: string;
  readonly places: readonly Place[];
}

/** With mine in each place, none of which is chosen yet. */
export function resultOf(pieces: readonly Piece[]): Result {
  const places: Place[] = [];
  let whole = "";
  for (const piece of pieces) {
    const from = whole.length;
    whole += joined(piece.is === "touching" ? piece.mine : piece.lines);
    if (piece.is === "touching") places.push({ from, to: whole.length, piece, chosen: null });
  }
  return { text: whole.slice(0, -1), places };
}

/** The same with this in one of its places, instead of what stands there. */
export function chosen({ text, places }: Result, at: number, choice: Choice): Result {
  const place = places[at];
  if (place === undefined) return { text, places };
  const whole = `${text}\n`;
  const instead = joined(linesOf(place.piece, choice));
  const by = instead.length - (place.to - place.from);
  const moved = places.map((one, index) => (index === at ? { ...one, to: one.to + by, chosen: choice } : index > at ? { ...one, from: one.from + by, to: one.to + by } : one));
  return { text: (whole.slice(0, place.from) + instead + whole.slice(place.to)).slice(0, -1), places: moved };
}

/** After something was typed: places move along, and in those that were touched the typed stands. */
export function edited({ text, places }: Result, next: string): Result {
  if (next === text) return { text, places };
  const [old, now] = [`${text}\n`, `${next}\n`];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let tail = 0;
  while (tail < old.length - start && tail < now.length - start && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const end = old.length - tail;
  const by = now.length - old.length;
  const moved = places.map((place): Place => {
    if (end <= place.from) return { ...place, from: place.from + by, to: place.to + by };
    if (start >= place.to) return place;
    return { ...place, from: Math.min(place.from, start), to: Math.max(place.to, end) + by, chosen: "hand" };
  });
  return { text: next, places: moved };
}

export function linesOf({ mine, theirs, base }: Touching, choice: Choice): Lines {
  switch (choice) {
    case "mine":
      return mine;
    case "theirs":
      return theirs;
    case "both":
      return [...theirs, ...mine];
    case "neither":
      return base;
  }
}

/** Each line with its end; the last end of a text is no part of it. */
function joined(lines: Lines): string {
  return lines.map((line) => `${line}\n`).join("");
}
