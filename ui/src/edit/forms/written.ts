/** What a form writes, as splices of the text as it is by now: it may be another one than the one that the form shows. Pure. */

import type { Json } from "../../api/exact";
import type { Where } from "../../graph/outline";
import { asList, asMap } from "../complete/schema";
import { isSame } from "../splice/json";
import type { Splice } from "../splice/splice";
import { at, removeKey, renameKey, setValue, valueAt } from "../splice/value";

/** What has to stand there for a value to be written: what it was made from, where it is not wholly what somebody has typed, or anything at all. */
export type Seen = { readonly was: Json | undefined } | { readonly isThere: true };

/** A value, or what it is made of the one that stands there by now. */
export type Change = Json | undefined | ((now: Json | undefined) => Json | undefined);

/**
 * The splices of one value of a node that stands at `where` in the text `of`; what becomes empty by it goes, too. Null where the node is
 * gone, or where something else than what was `seen` stands there. Throws CannotSplice.
 */
export function spliceOf(text: string, of: string, where: Where, path: Where, change: Change, seen?: Seen): Splice[] | null {
  const now = whereNow(text, of, where);
  if (now === null) return null;
  const node = valueAt(text, now);
  const rest = path.slice(where.length);
  const there = at(node, rest);
  if (seen !== undefined && !("was" in seen ? isSame((there ?? null) as Json, (seen.was ?? null) as Json) : there !== undefined)) return null;
  const value = typeof change === "function" ? change(there as Json | undefined) : change;
  if (value !== undefined) return setValue(text, [...now, ...rest], value);
  if (there === undefined) return [];
  let gone = rest;
  while (gone.length > 2) {
    const holder = at(node, gone.slice(0, -1));
    if (Array.isArray(holder) || Object.keys(asMap(holder)).some((name) => name !== gone.at(-1))) break;
    gone = gone.slice(0, -1);
  }
  return removeKey(text, [...now, ...gone]);
}

/** The splices of another name for a key, as above; what stands there stays as it is written. */
export function renameOf(text: string, of: string, where: Where, path: Where, to: string): Splice[] | null {
  const now = whereNow(text, of, where);
  return now === null ? null : renameKey(text, [...now, ...path.slice(where.length)], to);
}

/** Where a node, or an edge, of one text stands in another one: nodes are found by their ids, edges by their ends, each in what is found so. Null where it is gone. */
export function whereNow(text: string, of: string, where: Where): Where | null {
  if (text === of) return where;
  const [before, after] = [valueAt(of, []), valueAt(text, [])];
  const now: (string | number)[] = [];
  for (const [depth, key] of where.entries()) {
    const found = typeof key === "number" ? placeNow(asList(at(before, where.slice(0, depth))), key, asList(at(after, now))) : key;
    if (found === -1) return null;
    now.push(found);
  }
  return now;
}

/** The place of an item of one list in another one; -1 where it is gone. */
function placeNow(before: readonly Json[], place: number, after: readonly Json[]): number {
  const name = nameOf(before[place]);
  if (name === null) return place < after.length ? place : -1;
  const nth = before.slice(0, place).filter((one) => nameOf(one) === name).length;
  return after.flatMap((one, at) => (nameOf(one) === name ? [at] : []))[nth] ?? -1;
}

/** By what an item is told apart from the others; null where it has no name. */
function nameOf(item: Json | undefined): string | null {
  const { id, from, to } = asMap(item);
  if (typeof id === "string") return id;
  return typeof from === "string" && typeof to === "string" ? `${from.replace(/\.out$/, "")} ${to}` : null;
}
