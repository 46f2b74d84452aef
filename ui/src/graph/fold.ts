/** Which containers are closed, as the address has them. */

/** Another container closed, or open again; undefined where none is closed. */
export function folded(closed: ReadonlySet<string>, path: string): string[] | undefined {
  const next = new Set(closed);
  if (!next.delete(path)) next.add(path);
  return next.size === 0 ? undefined : [...next].sort();
}
