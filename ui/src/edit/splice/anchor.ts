/** Anchors that are referred to: before what they name is changed, the first alias takes the name over, so that others keep saying what they said. Pure. */

import { isAnchored, nodeAt } from "./walk";
import { type Alias, isAlias, isCollection, isMap, isSeq, itemTokens, type Node, type Pair, pairOf, pairTokens, type Path, read, type Source, startOf, type Value } from "./source";
import { jsonOf } from "./json";
import { CannotSplice, ordered, type Splice } from "./splice";
import { inline } from "./write";
import { cannot } from "./words";

const ROUNDS_MAX = 100;

/** Makes what stands at a path its own: no alias elsewhere stands for it, or for what it is in. */
export function detached(text: string, path: Path, step: (text: string, splices: readonly Splice[]) => string): string {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (!text.includes("*")) return text;
    const source = read(text);
    const splices = detachOne(source, path);
    if (splices === null) return text;
    text = step(text, splices);
  }
  throw new CannotSplice(cannot("aliases"));
}

interface Anchored {
  readonly node: Node;
  readonly tokens: readonly { readonly type: string; readonly offset: number; readonly source: string }[];
}

function detachOne(source: Source, path: Path): Splice[] | null {
  const aliases = aliasesIn(source);
  if (aliases.length === 0) return null;
  for (const { node, tokens } of anchoredOn(source, path)) {
    const target = targetRange(source, path);
    const outside = aliases.filter(({ to, at }) => to === node && !(target !== null && at >= target[0] && at < target[1]));
    const [first] = outside;
    const anchor = tokens.find(({ type, source: own }) => type === "anchor" && own.slice(1) === (node as { anchor?: string }).anchor);
    if (first === undefined || anchor === undefined) continue;
    const end = anchor.offset + anchor.source.length;
    const space = /^[ \t]*/.exec(source.text.slice(end))?.[0].length ?? 0;
    const isLast = /^\r?\n|^$/.test(source.text.slice(end + space)) || source.text[end + space] === "#";
    const before = isLast && source.text[anchor.offset - 1] === " " && source.text[anchor.offset - 2] !== "-" ? 1 : 0;
    return ordered([
      { from: anchor.offset - before, to: isLast ? end : end + space, insert: "" },
      { from: first.at, to: first.at + first.length, insert: `${anchor.source} ${inline(jsonOf(source, node), source.isJson)}` },
    ]);
  }
  return null;
}

function targetRange(source: Source, path: Path): readonly [number, number] | null {
  const node = nodeAt(source, path);
  return node?.range == null ? null : [node.range[0], node.range[1]];
}

function aliasesIn(source: Source): { readonly at: number; readonly length: number; readonly to: Node | undefined }[] {
  const found: { at: number; length: number; to: Node | undefined }[] = [];
  const look = (node: Value | undefined): void => {
    if (node == null) return;
    if (isAlias(node)) found.push({ at: startOf(node), length: node.source.length + 1, to: (node as Alias).resolve(source.document) as Node | undefined });
    else if (isSeq(node)) for (const one of node.items) look(one as Value);
    else if (isMap(node))
      for (const { key, value } of node.items as Pair<Node, Value>[]) {
        look(key);
        look(value);
      }
  };
  look(source.document.contents as Value);
  return found.sort((one, other) => one.at - other.at);
}

/** What has an anchor on the way to a path, and below it; from the outside in. */
function anchoredOn(source: Source, path: Path): Anchored[] {
  const found: Anchored[] = [];
  let node = source.document.contents as Value;
  let tokens: Anchored["tokens"] = [];
  for (const [at, key] of [...path, null].entries()) {
    if (node === null || node === undefined) return found;
    if (isAnchored(node)) found.push({ node, tokens });
    if (at === path.length) below(node, found);
    if (key === null) return found;
    if (isMap(node)) {
      const pair: Pair<Node, Value> | undefined = pairOf(node, key);
      if (pair === undefined) return found;
      node = pair.value;
      tokens = pairTokens(pair).sep;
    } else if (isSeq(node)) {
      tokens = itemTokens(node, Number(key));
      node = (node.items[Number(key)] ?? null) as Value;
    } else return found;
  }
  return found;
}

function below(node: Node, found: Anchored[]): void {
  if (!isCollection(node)) return;
  for (const [at, one] of node.items.entries()) {
    const value = (isMap(node) ? (one as Pair<Node, Value>).value : one) as Value;
    if (value === null || value === undefined) continue;
    const tokens = isMap(node) ? pairTokens(one as Pair<Node, Value>).sep : itemTokens(node as never, at);
    if (isAnchored(value)) found.push({ node: value, tokens });
    below(value, found);
  }
}
