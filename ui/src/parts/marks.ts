/** Which rows of a list are marked, to do something with them: pure. */

/** All from one row to another, whichever stands first; the other alone where the first is not there. */
export function range(keys: readonly string[], from: string | null, to: string): readonly string[] {
  const first = from === null ? -1 : keys.indexOf(from);
  const last = keys.indexOf(to);
  if (last < 0) return [];
  return first < 0 ? [to] : keys.slice(Math.min(first, last), Math.max(first, last) + 1);
}

/** The same marks with these keys marked, or no more. */
export function marked(before: ReadonlySet<string>, keys: Iterable<string>, isMarked: boolean): ReadonlySet<string> {
  const after = new Set(before);
  for (const key of keys) {
    if (isMarked) after.add(key);
    else after.delete(key);
  }
  return after;
}

/** Whether all, some or none of these are marked. */
export function share(keys: readonly string[], marks: ReadonlySet<string>): boolean | "some" {
  const count = keys.filter((key) => marks.has(key)).length;
  return count === 0 ? false : count === keys.length ? true : "some";
}
