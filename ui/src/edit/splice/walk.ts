/** The way to a value in a text, and what stands there. Pure. */

import type { Holder } from "./put";
import { isAlias, isMap, isSeq, type Node, pairOf, type Path, type Source, type Value } from "./source";
import { CannotSplice } from "./splice";
import { cannot } from "./words";

/** What stands at a path; undefined where nothing does, or where an alias is on the way. */
export function nodeAt(source: Source, path: Path): Value | undefined {
  let node: Value | undefined = source.document.contents as Value;
  for (const key of path) {
    if (isMap(node)) node = pairOf(node, key)?.value;
    else if (isSeq(node)) node = node.items[Number(key)] as Value | undefined;
    else return undefined;
  }
  return node;
}

/** How far a path leads: as far as there are values, and to where an alias stands for the rest. */
export function reach(source: Source, path: Path): { readonly node: Value; readonly holder: Holder | null; readonly depth: number } {
  let node = source.document.contents as Value;
  let holder: Holder | null = null;
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = pairOf(node, key);
      if (pair === undefined) return { node, holder, depth };
      holder = { map: node, pair };
      node = pair.value;
    } else if (isSeq(node)) {
      const at = Number(key);
      if (typeof key !== "number" || at > node.items.length) throw new CannotSplice(cannot("noItem", { at: key, n: node.items.length }));
      if (at === node.items.length) return { node, holder, depth };
      holder = { list: node, at };
      node = node.items[at] as Value;
    } else return { node, holder, depth };
  }
  return { node, holder, depth: path.length };
}

export function isAnchored(node: Node): boolean {
  return !isAlias(node) && "anchor" in node && node.anchor !== undefined;
}
