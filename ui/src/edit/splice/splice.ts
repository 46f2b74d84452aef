/** Changes of a text: each replaces a range of it, all ranges are of the text before, in order, and none overlaps another one. Pure. */

import { ChangeSet } from "@codemirror/state";

export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** Why a text is not changed, in words for whoever asked for it. */
export class CannotSplice extends Error {}

export function apply(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to, insert } of splices) {
    parts.push(text.slice(at, from), insert);
    at = to;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** What takes them back: applied to the changed text it gives the one before, byte for byte. */
export function inverse(text: string, splices: readonly Splice[]): Splice[] {
  let moved = 0;
  return splices.map(({ from, to, insert }) => {
    const back = { from: from + moved, to: from + moved + insert.length, insert: text.slice(from, to) };
    moved += insert.length - (to - from);
    return back;
  });
}

/** Both, one behind the other, as changes of the first text; `later` are of the text that `earlier` make. */
export function compose(text: string, earlier: readonly Splice[], later: readonly Splice[]): Splice[] {
  if (later.length === 0) return [...earlier];
  const first = setOf(earlier, text.length);
  const both = first.compose(setOf(later, first.newLength));
  const splices: Splice[] = [];
  both.iterChanges((from, to, _from, _to, inserted) => splices.push({ from, to, insert: inserted.toString() }));
  return splices;
}

/** In order; what changes nothing is left out. */
export function ordered(splices: readonly Splice[]): Splice[] {
  return splices.filter(({ from, to, insert }) => to > from || insert !== "").sort((one, other) => one.from - other.from || one.to - other.to);
}

function setOf(splices: readonly Splice[], length: number): ChangeSet {
  return ChangeSet.of([...splices], length, "\n");
}
