/** What a form writes, as splices of the text as it is by now: it may be another one than the one that the form shows. Pure. */

import type { Json } from "../../api/exact";
import type { Where } from "../../graph/outline";
import { asList, asMap } from "../complete/schema";
import { isSame } from "../splice/json";
import type { Splice } from "../splice/splice";
import { at, removeKey, setValue, valueAt } from "../splice/value";

/** What a value was made from, where it is not wholly what somebody has typed. */
export interface Seen {
  readonly was: Json | undefined;
}

/**
 * The splices of one value of a node that stands at `where` in the text `of`; what becomes empty by it goes, too. Null where the node is
 * gone, or where something else than what was `seen` stands there. Throws CannotSplice.
 */
export function spliceOf(text: string, of: string, where: Where, path: Where, value: Json | undefined, seen?: Seen): Splice[] | null {
  const now = whereNow(text, of, where);
  if (now === null) return null;
  const node = valueAt(text, now);
  const rest = path.slice(where.length);
  if (seen !== undefined && !isSame((at(node, rest) ?? null) as Json, (seen.was ?? null) as Json)) return null;
  if (value !== undefined) return setValue(text, [...now, ...rest], value);
  if (at(node, rest) === undefined) return [];
  let gone = rest;
  while (gone.length > 2) {
    const holder = at(node, gone.slice(0, -1));
    if (Array.isArray(holder) || Object.keys(asMap(holder)).some((name) => name !== gone.at(-1))) break;
    gone = gone.slice(0, -1);
  }
  return removeKey(text, [...now, ...gone]);
}

/** Where a node of one text stands in another one, found by its id and those of the nodes around it. Null where it is gone. */
export function whereNow(text: string, of: string, where: Where): Where | null {
  if (text === of) return where;
  const [before, after] = [valueAt(of, []), valueAt(text, [])];
  const now: (string | number)[] = [];
  for (const [depth, key] of where.entries()) {
    const id = typeof key === "number" ? asMap(at(before, where.slice(0, depth + 1)))["id"] : undefined;
    const found = typeof key === "number" ? asList(at(after, now)).findIndex((one) => id !== undefined && asMap(one)["id"] === id) : key;
    if (found === -1) return null;
    now.push(found);
  }
  return now;
}
