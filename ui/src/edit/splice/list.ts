/** Puts items into lists and keys into maps, and takes them out. Pure. */

import type { Json } from "../../api/exact";
import { below, deeperComments, flowText, hasDeeperComment, hasQuotedKeys, type Holder, lineColumn, put, withoutLines } from "./put";
import { beginsLine, columnOf, dashOf, endOf, itemEnd, itemTokens, keyStart, lineEnd, lineStart, nextLine, type Node, type Pair, pairEnd, propsStart, type Source, startOf, type Value, type YAMLMap, type YAMLSeq } from "./source";
import { ordered, type Splice } from "./splice";
import { behindDash, inline, mapLines, scalar, WIDTH } from "./write";

/** A key that is not there yet, behind the others. */
export function addKey(source: Source, map: YAMLMap, key: string, value: Json): Splice[] {
  const items = map.items as Pair<Node, Value>[];
  const last = items.at(-1);
  if (map.flow === true) {
    const isQuoted = source.isJson || hasQuotedKeys(map);
    const says = (like: Value) => `${scalar(key, isQuoted)}: ${flowText(source, value, last === undefined ? 0 : lineColumn(source, keyStart(last)), like)}`;
    return intoBrackets(source, map, items.length, items.map((pair) => [keyStart(pair), pairEnd(source, pair)]), says(last?.value ?? null)); // prettier-ignore
  }
  const end = last === undefined ? startOf(map) : pairEnd(source, last);
  const column = columnOf(source.text, map);
  const at = lineEnd(source.text, end);
  const lines = mapLines({ [key]: value }, { source, column, hasBlocks: !hasDeeperComment(source, end, column) });
  return [{ from: at, to: at, insert: below(source, lines) }];
}

/** Items at a place of a list that has some, or behind them. */
export function addItems(source: Source, list: YAMLSeq, at: number, values: readonly Json[], isOpen: boolean): Splice[] {
  const count = list.items.length;
  if (list.flow === true) {
    const spans = list.items.map((item, index): [number, number] => [propsStart(item as Node, itemTokens(list, index)), itemEnd(source, list, index)]);
    const like = (list.items.at(-1) ?? null) as Value;
    const texts = values.map((value) => flowText(source, value, spans.length === 0 ? 0 : lineColumn(source, spans[0]?.[0] ?? 0), like));
    return intoBrackets(source, list, at, spans, texts.join(", "));
  }
  const column = columnOf(source.text, list);
  const before = at > 0 ? itemEnd(source, list, Math.min(at, count) - 1) : null;
  const hasBlocks = before === null || !hasDeeperComment(source, before, column);
  const lines = values.flatMap((value) => {
    const { head, lines } = behindDash(value, { source, column, hasBlocks, isOpen });
    return [`${" ".repeat(column)}- ${head}`, ...lines];
  });
  return itemLines(source, list, at, lines);
}

/** The same, written already, each line with its indent. */
export function itemLines(source: Source, list: YAMLSeq, at: number, lines: readonly string[]): Splice[] {
  if (at > 0) {
    const end = lineEnd(source.text, itemEnd(source, list, Math.min(at, list.items.length) - 1));
    return [{ from: end, to: end, insert: below(source, lines) }];
  }
  const dash = dashOf(list, 0);
  if (beginsLine(source.text, dash)) {
    const begin = lineStart(source.text, dash);
    return [{ from: begin, to: begin, insert: lines.map((line) => line + source.eol).join("") }];
  }
  const column = columnOf(source.text, list);
  return [{ from: dash, to: dash, insert: `${lines.map((line, index) => (index === 0 ? line.trimStart() : line) + source.eol).join("")}${" ".repeat(column)}` }];
}

/** Into `{…}` or `[…]`, between what stands there: on a line of its own where the others have one. */
function intoBrackets(source: Source, node: YAMLMap | YAMLSeq, at: number, spans: readonly (readonly [number, number])[], said: string): Splice[] {
  const { text, eol } = source;
  const open = startOf(node) + 1;
  const [before, after] = [spans[at - 1], spans[at]];
  if (before === undefined && after === undefined) return [{ from: open, to: open, insert: said }];
  if (before === undefined && after !== undefined) {
    const isOwn = beginsLine(text, after[0]);
    return [{ from: after[0], to: after[0], insert: isOwn ? `${said},${eol}${text.slice(lineStart(text, after[0]), after[0])}` : `${said}, ` }];
  }
  const [start, end] = before as readonly [number, number];
  if (!beginsLine(text, start)) return [{ from: end, to: end, insert: `, ${said}` }];
  const indent = text.slice(lineStart(text, start), start);
  const rest = /^([ \t]*,)?[ \t]*(#[^\r\n]*)?(?=\r?\n|$)/.exec(text.slice(end));
  if (rest === null) return [{ from: end, to: end, insert: `,${eol}${indent}${said}` }];
  const stop = end + rest[0].length;
  const hasComma = rest[1] !== undefined;
  return ordered([
    { from: end, to: end, insert: hasComma ? "" : "," },
    { from: stop, to: stop, insert: `${eol}${indent}${said}${hasComma ? "," : ""}` },
  ]);
}

export function removePair(source: Source, map: YAMLMap, key: string, holder: Holder | null): Splice[] {
  const pairs = map.items as Pair<Node, Value>[];
  const at = pairs.findIndex((pair) => (pair.key as { value?: unknown }).value === key);
  const pair = pairs[at];
  if (pair === undefined) return [];
  if (map.flow === true) return outOfBrackets(source, pairs.map((one) => [keyStart(one), pairEnd(source, one)]), [at]); // prettier-ignore
  if (pairs.length === 1) return holder === null ? [{ from: startOf(map), to: endOf(source, map, 0), insert: "{}" }] : put(source, holder, {});
  const next = pairs[at + 1];
  return [outOfBlock(source, keyStart(pair), pairEnd(source, pair), next === undefined ? null : keyStart(next), columnOf(source.text, map))];
}

export function removeItems(source: Source, list: YAMLSeq, which: ReadonlySet<number>, holder: Holder): Splice[] {
  if (which.size === 0) return [];
  if (list.flow === true) {
    const spans = list.items.map((item, index): [number, number] => [propsStart(item as Node, itemTokens(list, index)), itemEnd(source, list, index)]);
    return outOfBrackets(source, spans, [...which]);
  }
  if (which.size === list.items.length) return put(source, holder, []);
  const column = columnOf(source.text, list);
  const found = [...which].sort((one, other) => one - other);
  const left = list.items.map((_, index) => index).filter((index) => !which.has(index));
  return found.flatMap((index) => {
    const dash = dashOf(list, index);
    if (beginsLine(source.text, dash)) return [outOfBlock(source, dash, itemEnd(source, list, index), null, column)];
    const next = left[0] as number;
    const between = found.filter((one) => one < next);
    return [outOfBlock(source, dash, itemEnd(source, list, between.at(-1) as number), dashOf(list, next), column)];
  }).filter((splice, index, all) => index === 0 || splice.from >= (all[index - 1] as Splice).to); // prettier-ignore
}

/** Whole lines; what begins in the middle of a line makes room for what comes next. */
function outOfBlock(source: Source, from: number, to: number, next: number | null, column: number): Splice {
  const { text } = source;
  if (beginsLine(text, from)) return withoutLines(source, from, deeperComments(source, to, column));
  const end = deeperComments(source, to, column);
  if (next === null) return { from, to: end, insert: "" };
  const hasComment = /#/.test(text.slice(to, next));
  return hasComment ? { from, to, insert: "" } : { from, to: next, insert: "" };
}

function outOfBrackets(source: Source, spans: readonly (readonly [number, number])[], which: readonly number[]): Splice[] {
  const { text } = source;
  const gone = new Set(which);
  const last = spans.findLastIndex((_, at) => !gone.has(at));
  const splices = spans.flatMap(([from, to], at): Splice[] => {
    if (!gone.has(at)) return [];
    const following = spans[at + 1];
    const stop = following?.[0] ?? to;
    if (following !== undefined && at < last) {
      // what comes next moves up, unless a comment stands between
      const comma = text.indexOf(",", to) + 1;
      if (/#/.test(text.slice(to, stop))) return [cut(source, from, comma)];
      return [{ from, to: stop, insert: "" }];
    }
    const before = last === -1 ? undefined : spans[at - 1];
    if (before === undefined) return withComma(text, from, to);
    if (/#/.test(text.slice(before[1], from))) {
      const comma = text.slice(before[1], from).search(/,/);
      return [{ from: before[1] + comma, to: before[1] + comma + 1, insert: "" }, cut(source, from, to)];
    }
    return [{ from: before[1], to, insert: "" }];
  });
  return ordered(splices);
}

/** A piece with the comma behind it; a comment that stands between them stays. */
function withComma(text: string, from: number, to: number): Splice[] {
  const behind = /^(?:\s|#[^\r\n]*)*,/.exec(text.slice(to))?.[0] ?? "";
  const end = to + behind.length;
  if (!behind.includes("#")) return [{ from, to: end, insert: "" }];
  return [
    { from, to, insert: "" },
    { from: end - 1, to: end, insert: "" },
  ];
}

/** A piece of a line, or the whole line where nothing else stands on it. */
function cut(source: Source, from: number, to: number): Splice {
  const { text } = source;
  const isAlone = beginsLine(text, from) && text.slice(to, lineEnd(text, to)).trim() === "";
  return isAlone ? { from: lineStart(text, from), to: nextLine(text, to), insert: "" } : { from, to, insert: "" };
}

/** A map on one line that grows too long for it is written in lines of its own, each value as it was. Null where it need not be. */
export function unfolded(source: Source, map: YAMLMap, key: string, value: Json): Splice[] | null {
  const { text, isJson } = source;
  const from = startOf(map);
  const to = map.range?.[1] ?? from;
  const line = text.slice(lineStart(text, from), from);
  const dash = /^( *)- $/.exec(line);
  const written = text.slice(from, to);
  if (isJson || map.flow !== true || dash === null || written.includes("\n") || map.items.length === 0) return null;
  if (line.length + written.length + inline({ [key]: value }, false).length <= WIDTH) return null;
  const column = line.length;
  const pairs = map.items as Pair<Node, Value>[];
  if (pairs.some((pair) => !/^[\w-]+$/.test(text.slice(keyStart(pair), (pair.key.range?.[1] ?? 0))))) return null;
  const lines = pairs.map((pair) => {
    const says = text.slice(keyStart(pair), pairEnd(source, pair));
    return / /.test(says) && pair.value !== null && !/^[\w-]+: /.test(says) ? null : says;
  });
  if (lines.some((says) => says === null)) return null;
  const own = [...(lines as string[]).map((says, at) => (at === 0 ? "" : " ".repeat(column)) + says), ...mapLines({ [key]: value }, { source, column, hasBlocks: false })];
  return [{ from, to, insert: own.join(source.eol) }];
}
