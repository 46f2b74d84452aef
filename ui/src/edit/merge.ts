/**
 * Two texts that began as one, merged by lines (diff3: Khanna, Kunal, Pierce, "A Formal Investigation of Diff3", 2007): what one of them
 * changed is taken, what both changed alike too; where they touch, it is to be chosen. Pure.
 */

import { type Pair, pairsOf } from "../parts/line-match";

export type Lines = readonly string[];

export interface Settled {
  readonly is: "same" | "mine" | "theirs" | "alike";
  readonly lines: Lines;
}

/** A place in which both changed something, and not the same. */
export interface Touching {
  readonly is: "touching";
  readonly base: Lines;
  readonly mine: Lines;
  readonly theirs: Lines;
}

export type Piece = Settled | Touching;

/** Without `base` it is not known who changed what: whatever differs is to be chosen. */
export function merge(base: string | null, mine: string, theirs: string): readonly Piece[] {
  if (base === null) return ofTwo(mine.split("\n"), theirs.split("\n"));
  const [old, ours, others] = [base.split("\n"), mine.split("\n"), theirs.split("\n")];
  const inMine = new Map(pairsOf(old, ours));
  const inTheirs = new Map(pairsOf(old, others));
  const pieces: Piece[] = [];
  let [i, j, k] = [0, 0, 0];
  for (let at = 0; at <= old.length; at += 1) {
    const toJ = at === old.length ? ours.length : inMine.get(at);
    const toK = at === old.length ? others.length : inTheirs.get(at);
    if (toJ === undefined || toK === undefined) continue;
    put(pieces, unstable(old.slice(i, at), ours.slice(j, toJ), others.slice(k, toK)));
    if (at < old.length) put(pieces, { is: "same", lines: [old[at] as string] });
    [i, j, k] = [at + 1, toJ + 1, toK + 1];
  }
  return pieces;
}

/** What stands between two lines that all three have. */
function unstable(base: Lines, mine: Lines, theirs: Lines): Piece {
  if (isSame(mine, theirs)) return { is: isSame(mine, base) ? "same" : "alike", lines: mine };
  if (isSame(theirs, base)) return { is: "mine", lines: mine };
  if (isSame(mine, base)) return { is: "theirs", lines: theirs };
  return { is: "touching", base, mine, theirs };
}

function ofTwo(mine: Lines, theirs: Lines): Piece[] {
  const pieces: Piece[] = [];
  let [j, k] = [0, 0];
  const ends: Pair = [mine.length, theirs.length];
  for (const [toJ, toK] of [...pairsOf(mine, theirs), ends]) {
    if (toJ > j || toK > k) put(pieces, { is: "touching", base: [], mine: mine.slice(j, toJ), theirs: theirs.slice(k, toK) });
    if (toJ < mine.length) put(pieces, { is: "same", lines: [mine[toJ] as string] });
    [j, k] = [toJ + 1, toK + 1];
  }
  return pieces;
}

/** Lines of one kind are one piece; a piece of theirs without lines is one that they took out. */
function put(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1);
  if (piece.is === "same" && piece.lines.length === 0) return;
  if (piece.is === "same" && last?.is === "same") pieces[pieces.length - 1] = { is: "same", lines: last.lines.concat(piece.lines) };
  else pieces.push(piece);
}

function isSame(one: Lines, other: Lines): boolean {
  return one.length === other.length && one.every((line, at) => line === other[at]);
}
