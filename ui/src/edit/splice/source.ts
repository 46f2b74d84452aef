/** A text as it was written: its YAML with the place of each token, and the manners of whoever wrote it, which what is put in follows. Pure. */

import { type Alias, type CST, type Document, isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { CannotSplice } from "./splice";
import { cannot } from "./words";

export type Path = readonly (string | number)[];
export type Value = Node | null;

export interface Source {
  readonly text: string;
  readonly document: Document.Parsed;
  /** What its lines end with. */
  readonly eol: string;
  /** By how much what is in a map stands further right than its key. */
  readonly step: number;
  /** By how much the dashes of a list stand further right than its key: often 0 or `step`. */
  readonly dashes: number;
  /** Whether it is JSON, where every text is quoted. */
  readonly isJson: boolean;
}

let last: Source | null = null;

/** Throws CannotSplice where the text is broken. */
export function read(text: string): Source {
  if (last?.text === text) return last;
  const document = parseDocument(text, { keepSourceTokens: true, prettyErrors: false, intAsBigInt: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw new CannotSplice(cannot("broken", { why: error.message }));
  last = { text, document, eol: text.includes("\r\n") ? "\r\n" : "\n", isJson: /^\s*\{\s*("|\})/.test(text), ...manners(text, document) };
  return last;
}

/** As the first block map in another one and the first block list in a map stand. */
function manners(text: string, document: Document.Parsed): { step: number; dashes: number } {
  let step: number | null = null;
  let dashes: number | null = null;
  const look = (map: YAMLMap) => {
    const column = columnOf(text, map);
    for (const { value } of map.items as Pair<Node, Value>[]) {
      if (!isCollection(value) || value.flow === true || value.range == null) continue;
      const further = columnOf(text, value) - column;
      if (isMap(value)) step ??= further;
      else dashes ??= further;
      for (const one of isMap(value) ? [value] : value.items) if (isMap(one) && one.flow !== true) look(one);
      if (step !== null && dashes !== null) return;
    }
  };
  if (isMap(document.contents) && document.contents.flow !== true) look(document.contents);
  return { step: step ?? (dashes || 2), dashes: dashes ?? step ?? 2 };
}

/** At which column of its line a block collection stands. */
export function columnOf(text: string, node: YAMLMap | YAMLSeq): number {
  const token = node.srcToken as CST.BlockMap | CST.BlockSequence | undefined;
  if (token !== undefined && "indent" in token && node.flow !== true) return token.indent;
  const from = startOf(node);
  return from - lineStart(text, from);
}

export function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line ends, before what ends it. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  if (end === -1) return text.length;
  return end > at && text[end - 1] === "\r" ? end - 1 : end;
}

/** Where the next line begins. */
export function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

/** Whether it is the first thing in its line. */
export function beginsLine(text: string, at: number): boolean {
  return /^[ \t]*$/.test(text.slice(lineStart(text, at), at));
}

/** Where a value ends: behind its last sign, before comments and the end of its line. `empty` is where it would stand if it had none. */
export function endOf(source: Source, value: Value | undefined, empty: number): number {
  if (value == null || value.range == null) return empty;
  if (isCollection(value) && value.flow !== true) {
    const item = value.items.at(-1) as Pair<Node, Value> | Node | undefined;
    if (item === undefined) return empty;
    return isMap(value) ? pairEnd(source, item as Pair<Node, Value>) : itemEnd(source, value as YAMLSeq, value.items.length - 1);
  }
  if (isScalar(value) && isBlock(value)) {
    const written = source.text.slice(value.range[0], value.range[1]);
    return value.range[0] + written.replace(/\r?\n$/, "").length;
  }
  return isScalar(value) && value.range[0] === value.range[1] ? Math.max(empty, 0) : value.range[1];
}

export function isBlock(scalar: Scalar): boolean {
  return scalar.type === "BLOCK_LITERAL" || scalar.type === "BLOCK_FOLDED";
}

export function pairEnd(source: Source, pair: Pair<Node, Value>): number {
  return endOf(source, pair.value, tokensEnd(pairTokens(pair).sep) ?? keyEnd(pair));
}

export function keyStart(pair: Pair<Node, Value>): number {
  return tokensStart(pairTokens(pair).start) ?? startOf(pair.key);
}

export function keyEnd(pair: Pair<Node, Value>): number {
  return pair.key.range?.[1] ?? 0;
}

/** Behind the `:` of a pair; null where it has none. */
export function colonEnd(pair: Pair<Node, Value>): number | null {
  const colon = pairTokens(pair).sep.find(({ type }) => type === "map-value-ind");
  return colon === undefined ? null : colon.offset + colon.source.length;
}

export function pairTokens(pair: Pair<Node, Value>): { start: readonly CST.SourceToken[]; sep: readonly CST.SourceToken[] } {
  const token = pair.srcToken;
  return { start: token?.start ?? [], sep: token?.sep ?? [] };
}

/** The tokens before an item of a list: in a block list its dash is among them. */
export function itemTokens(list: YAMLSeq, at: number): readonly CST.SourceToken[] {
  const token = list.srcToken as CST.BlockSequence | CST.FlowCollection | undefined;
  return token?.items[at]?.start ?? [];
}

export function dashOf(list: YAMLSeq, at: number): number {
  const dash = itemTokens(list, at).find(({ type }) => type === "seq-item-ind");
  if (dash === undefined) throw new CannotSplice(cannot("list"));
  return dash.offset;
}

export function itemEnd(source: Source, list: YAMLSeq, at: number): number {
  const value = list.items[at] as Value;
  const tokens = itemTokens(list, at);
  return endOf(source, value, tokensEnd(tokens) ?? (value === null ? 0 : startOf(value)));
}

const SAYS_NOTHING: ReadonlySet<string> = new Set(["space", "newline", "comment", "comma", "byte-order-mark"]);

/** Behind the last of them that is more than space and comment. */
function tokensEnd(tokens: readonly CST.SourceToken[]): number | null {
  const found = tokens.findLast(({ type }) => !SAYS_NOTHING.has(type));
  return found === undefined ? null : found.offset + found.source.length;
}

function tokensStart(tokens: readonly CST.SourceToken[]): number | null {
  return tokens.find(({ type }) => !SAYS_NOTHING.has(type))?.offset ?? null;
}

/** Where the value's own anchor or tag begins, else the value. */
export function propsStart(value: Node, tokens: readonly CST.SourceToken[]): number {
  return tokens.find(({ type }) => type === "anchor" || type === "tag")?.offset ?? startOf(value);
}

export function pairOf(map: YAMLMap, key: string | number): Pair<Node, Value> | undefined {
  return (map.items as Pair<Node, Value>[]).find(({ key: own }) => keyText(own) === String(key));
}

export function keyText(key: Node): string {
  return isScalar(key) ? (key.source !== undefined && typeof key.value !== "string" ? key.source : String(key.value)) : "";
}

export { isAlias, isCollection, isMap, isScalar, isSeq, type Alias, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq };
