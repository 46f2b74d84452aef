/** Puts a value where another one stands, or where there is none yet: behind a key, behind a dash, into brackets. Pure. */

import type { Json } from "../../api/exact";
import { colonEnd, columnOf, dashOf, endOf, isBlock, isCollection, isMap, isScalar, itemTokens, keyEnd, lineEnd, lineStart, nextLine, type Node, type Pair, pairTokens, propsStart, type Source, startOf, type Value, type YAMLMap, type YAMLSeq } from "./source";
import { CannotSplice, ordered, type Splice } from "./splice";
import { behindDash, behindKey, inline, type Manner, pretty, type Written } from "./write";
import { cannot } from "./words";

/** Where a value stands: behind a key of a map, or in a list. */
export type Holder = { readonly map: YAMLMap; readonly pair: Pair<Node, Value> } | { readonly list: YAMLSeq; readonly at: number };

export interface Hand {
  /** Whether a map is written in lines of its own, though it were short. */
  readonly isOpen?: boolean;
}

export function put(source: Source, holder: Holder, value: Json, hand: Hand = {}): Splice[] {
  const old = "pair" in holder ? holder.pair.value : (holder.list.items[holder.at] as Value);
  const around = "pair" in holder ? holder.map : holder.list;
  const mark = markOf(holder);
  if (around.flow === true) return ordered([inBrackets(source, holder, old, mark, value)]);
  const column = columnOf(source.text, around);
  const from = old === null || isNothing(old) ? null : propsStart(old, tokensOf(holder));
  const said = (hasBlocks: boolean, isOpen = hand.isOpen === true): Written => written(value, holder, { source, column, hasBlocks, isOpen });
  if (old === null || from === null) return asFirst(source, holder, mark, column, said);
  const to = endOf(source, old, mark);
  const gap = source.text.slice(mark, from);
  if (!gap.includes("\n") && !(isCollection(old) && old.flow !== true && source.text.slice(from, startOf(old)).includes("\n"))) {
    const { head, lines } = said(!hasDeeperComment(source, to, column));
    const comment = isScalar(old) && isBlock(old) ? (/^[^\n]*?(\s#[^\n\r]*)/.exec(source.text.slice(from, to))?.[1] ?? "") : "";
    return ordered([
      { from: head === "" ? mark : from, to, insert: `${head}${comment && `  ${comment.trim()}`}` },
      { from: lineEnd(source.text, to), to: lineEnd(source.text, to), insert: below(source, lines) },
    ]);
  }
  return instead(source, old, from, mark, to, column, said);
}

/** A value that stood in the lines below its key gives way to another one; comments that stood before it stay. */
function instead(source: Source, old: Node, from: number, mark: number, to: number, column: number, said: (hasBlocks: boolean) => Written): Splice[] {
  const { text } = source;
  const props = source.text.slice(mark, from).includes("\n") ? null : from;
  const first = isCollection(old) && old.flow !== true ? startOf(old) : from;
  const begin = lineStart(text, first);
  const hasComments = /#/.test(text.slice(lineEnd(text, mark), begin));
  const { head, lines } = said(!hasComments && !hasDeeperComment(source, to, column));
  const propsEnd = props === null ? mark : props + (/^[^\n#]*?(?=\s*(#|\r?\n))/.exec(text.slice(props))?.[0].length ?? 0);
  const removed: Splice = lines.length > 0 ? { from: begin, to: lineEnd(text, to), insert: lines.join(source.eol) } : withoutLines(source, begin, to);
  return ordered([{ from: mark, to: propsEnd, insert: head === "" ? "" : ` ${head}` }, removed]);
}

/** There was nothing: it goes behind the key, and its lines below the line of the key. */
function asFirst(source: Source, holder: Holder, mark: number, column: number, said: (hasBlocks: boolean) => Written): Splice[] {
  const { text } = source;
  const tokens = tokensOf(holder).filter(({ type, offset }) => (type === "anchor" || type === "tag") && offset >= mark);
  const propsEnd = tokens.length === 0 ? mark : Math.max(...tokens.map(({ offset, source: own }) => offset + own.length));
  const { head, lines } = said(!hasDeeperComment(source, propsEnd, column));
  const end = lineEnd(text, propsEnd);
  return ordered([
    { from: mark, to: propsEnd, insert: head === "" ? "" : ` ${head}` },
    { from: end, to: end, insert: below(source, lines) },
  ]);
}

function inBrackets(source: Source, holder: Holder, old: Value, mark: number, value: Json): Splice {
  const said = flowText(source, value, lineColumn(source, mark), old);
  if ("pair" in holder) {
    const hasColon = colonEnd(holder.pair) !== null;
    if (old === null || isNothing(old)) return { from: mark, to: mark, insert: hasColon ? ` ${said}` : `: ${said}` };
  }
  if (old === null) throw new CannotSplice(cannot("item"));
  return { from: propsStart(old, tokensOf(holder)), to: endOf(source, old, mark), insert: said };
}

/** In brackets: on one line, or in several where what stood there did. */
export function flowText(source: Source, value: Json, column: number, like: Value): string {
  const wasLong = isCollection(like) && like.range != null && source.text.slice(like.range[0], like.range[1]).includes("\n");
  return source.isJson && wasLong ? pretty(value, column, source.step, source.eol) : inline(value, source.isJson || hasQuotedKeys(like));
}

export function hasQuotedKeys(node: Value): boolean {
  return isMap(node) && node.items.length > 0 && node.items.every(({ key }) => isScalar(key) && key.type === "QUOTE_DOUBLE");
}

/** How far the line of this place is indented. */
export function lineColumn(source: Source, at: number): number {
  return /^ */.exec(source.text.slice(lineStart(source.text, at)))?.[0].length ?? 0;
}

function written(value: Json, holder: Holder, manner: Manner): Written {
  return "pair" in holder ? behindKey(value, manner) : behindDash(value, manner);
}

/** Behind the `:` or the dash; in brackets behind the key where there is no `:`. */
function markOf(holder: Holder): number {
  if ("pair" in holder) {
    const colon = colonEnd(holder.pair);
    if (colon !== null) return colon;
    if (holder.map.flow === true) return keyEnd(holder.pair);
    throw new CannotSplice(cannot("colon"));
  }
  if (holder.list.flow === true) return startOf(holder.list.items[holder.at] as Node);
  return dashOf(holder.list, holder.at) + 1;
}

function tokensOf(holder: Holder) {
  return "pair" in holder ? pairTokens(holder.pair).sep : itemTokens(holder.list, holder.at);
}

/** `key:` with nothing behind it. */
function isNothing(node: Node): boolean {
  return isScalar(node) && node.range != null && node.range[0] === node.range[1];
}

export function below(source: Source, lines: readonly string[]): string {
  return lines.map((line) => source.eol + line).join("");
}

/** Behind the comments below that stand further right than the column: they are of what stands there. */
export function deeperComments(source: Source, at: number, column: number): number {
  const { text } = source;
  let end = at;
  let next = nextLine(text, at);
  while (next < text.length) {
    const line = text.slice(next, lineEnd(text, next));
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    if (line.trim() !== "" && !(line[indent] === "#" && indent > column)) break;
    if (line.trim() !== "") end = next + line.length;
    next = nextLine(text, next);
  }
  return end;
}

/** Whether a comment follows that would be a part of a block of lines before it. */
export function hasDeeperComment(source: Source, at: number, column: number): boolean {
  return deeperComments(source, at, column) > at;
}

/** What takes out the lines from one place to another, whole. */
export function withoutLines(source: Source, from: number, to: number): Splice {
  const { text } = source;
  const begin = lineStart(text, from);
  const end = nextLine(text, to);
  if (end < text.length || text.endsWith("\n") || begin === 0) return { from: begin, to: end, insert: "" };
  return { from: text[begin - 2] === "\r" ? begin - 2 : begin - 1, to: end, insert: "" };
}
