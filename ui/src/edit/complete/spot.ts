/**
 * Where in a definition a place of its text is, also while it is half typed: which map, which key, or how much of which value stands
 * before the cursor. Reads the text line by line up to there, so that what is broken behind it does not matter. Pure.
 */

import type { Where } from "../../graph/outline";

export interface Spot {
  /** `key`: a name of a field of the map at `path`; `value`: the value at `path`; `start`: either, where nothing stands yet. */
  readonly is: "key" | "value" | "start" | "none";
  readonly path: Where;
  /** Where what is being typed begins, without its quote, and what stands there up to the cursor. */
  readonly from: number;
  readonly typed: string;
  readonly quote: '"' | "'" | "|" | "";
  /** What the maps around say before this place, by `written` path: texts as they stand. */
  readonly seen: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

interface Frame {
  readonly kind: "map" | "list";
  /** Of block collections how far it is indented; of `{}` and `[]` -1. */
  readonly indent: number;
  readonly path: Where;
  key: string;
  index: number;
  /** Within braces: whether a value is awaited. */
  isValue: boolean;
}

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'{}[\],#&*!|>%@`-][^#:]*?|-[^\s#:][^#:]*?)\s*:(?=\s|$)/;
const BLOCK = /^[|>][-+0-9]*\s*(?:#.*)?$/;

export function spotAt(text: string, at: number): Spot {
  return new Scanner(text, at).spot();
}

export function pathKey(path: Where): string {
  return JSON.stringify(path);
}

class Scanner {
  readonly #blocks: Frame[] = [];
  readonly #flow: Frame[] = [];
  readonly #seen = new Map<string, Record<string, string>>();
  /** Of a text over several lines: how far its key is indented, or by which quote it is closed. */
  #scalar: { indent: number; from: number } | null = null;
  #quote: { sign: '"' | "'"; from: number } | null = null;

  constructor(
    readonly text: string,
    readonly at: number,
  ) {}

  spot(): Spot {
    let start = 0;
    for (;;) {
      const end = this.text.indexOf("\n", start);
      const isLast = end === -1 || end >= this.at;
      const found = this.#line(this.text.slice(start, isLast ? this.at : end), start, isLast);
      if (isLast) return found ?? this.#spot("none", [], this.at);
      start = end + 1;
    }
  }

  #line(line: string, start: number, isLast: boolean): Spot | null {
    const indent = line.length - line.trimStart().length;
    const isBlank = line.trim() === "";
    if (this.#scalar !== null) {
      if (indent > this.#scalar.indent || (isBlank && !isLast)) return isLast ? this.#spot("value", this.#here(), this.#scalar.from, "|") : null;
      this.#scalar = null;
    }
    if (this.#quote !== null) return this.#quoted(line, start, 0, isLast);
    if (this.#flow.length > 0) return this.#inFlow(line, start, 0, isLast);
    if (line.trimStart().startsWith("#") || (isBlank && !isLast) || /^(---|\.\.\.|%)/.test(line)) return null;
    return this.#inBlock(line, start, indent, isLast);
  }

  /** A line of block collections: dashes, then a key or a value. */
  #inBlock(line: string, start: number, indent: number, isLast: boolean): Spot | null {
    let column = indent;
    const isDash = /^-(\s|$)/.test(line.slice(column));
    while (this.#blocks.length > 0 && this.#top.indent > column) this.#blocks.pop();
    if (!isDash && this.#blocks.at(-1)?.kind === "list" && this.#top.indent === column) this.#blocks.pop();
    while (/^-(\s|$)/.test(line.slice(column))) {
      const top = this.#blocks.at(-1);
      if (top?.kind === "list" && top.indent === column) top.index += 1;
      else this.#blocks.push({ kind: "list", indent: column, path: this.#here(), key: "", index: 0, isValue: false });
      column += 1;
      column += line.slice(column).length - line.slice(column).trimStart().length;
    }
    const rest = line.slice(column);
    const key = KEY.exec(rest);
    if (key === null) return this.#valueOrStart(rest, start + column, column, isLast);
    const top = this.#blocks.at(-1);
    if (!(top?.kind === "map" && top.indent === column)) this.#blocks.push({ kind: "map", indent: column, path: this.#here(), key: "", index: 0, isValue: false });
    this.#top.key = plain(key[1] ?? "");
    const behind = rest.slice(key[0].length);
    const value = behind.trimStart();
    const from = column + key[0].length + (behind.length - value.length);
    if (isLast && behind === "") return this.#spot("none", this.#here(), this.at);
    return this.#value(value, start + from, start, line, isLast);
  }

  #value(value: string, from: number, start: number, line: string, isLast: boolean): Spot | null {
    if (BLOCK.test(value)) {
      this.#scalar = { indent: this.#top.indent, from: start + line.length + 1 };
      return isLast ? this.#spot("none", this.#here(), this.at) : null;
    }
    if (value.startsWith("{") || value.startsWith("[")) return this.#inFlow(line, start, from - start, isLast);
    if (value.startsWith('"') || value.startsWith("'")) {
      this.#quote = { sign: value[0] as '"', from: from + 1 };
      return this.#quoted(line, start, from + 1 - start, isLast);
    }
    if (value.startsWith("#")) return null;
    this.#note(value);
    return isLast ? this.#spot("value", this.#here(), from) : null;
  }

  /** No key: an item of a list, a text that goes on, or the beginning of a key. */
  #valueOrStart(rest: string, from: number, column: number, isLast: boolean): Spot | null {
    if (!isLast) {
      if (rest.startsWith("{") || rest.startsWith("[")) return this.#inFlow(rest, from, 0, false);
      if (rest.startsWith('"') || rest.startsWith("'")) {
        this.#quote = { sign: rest[0] as '"', from: from + 1 };
        return this.#quoted(rest, from, 1, false);
      }
      return null;
    }
    if (rest.startsWith("{") || rest.startsWith("[") || rest.startsWith('"') || rest.startsWith("'")) return this.#value(rest, from, from, rest, true);
    const top = this.#blocks.at(-1);
    if (top === undefined || (top.kind === "map" && top.indent === column)) return this.#spot("key", top?.path ?? [], from);
    return this.#spot("start", this.#here(), from);
  }

  /** Within quotes, from a column on: behind them the line goes on. */
  #quoted(line: string, start: number, column: number, isLast: boolean): Spot | null {
    const { sign, from } = this.#quote as { sign: '"' | "'"; from: number };
    for (let at = column; at < line.length; at += 1) {
      if (sign === '"' && line[at] === "\\") at += 1;
      else if (sign === "'" && line[at] === "'" && line[at + 1] === "'") at += 1;
      else if (line[at] === sign) {
        this.#quote = null;
        const text = this.text.slice(from, start + at);
        const within = this.#flow.at(-1);
        if (within === undefined) {
          this.#note(text);
          return isLast ? this.#spot("none", this.#here(), this.at) : null;
        }
        this.#took(within, text);
        return this.#inFlow(line, start, at + 1, isLast);
      }
    }
    if (!isLast) return null;
    const within = this.#flow.at(-1);
    return within?.kind === "map" && !within.isValue ? this.#spot("key", within.path, from, sign) : this.#spot("value", this.#here(), from, sign);
  }

  /** Within `{}` and `[]`, from a column on. */
  #inFlow(line: string, start: number, column: number, isLast: boolean): Spot | null {
    let at = column;
    while (at < line.length) {
      const sign = line[at] as string;
      if (sign === "{" || sign === "[") {
        this.#flow.push({ kind: sign === "{" ? "map" : "list", indent: -1, path: this.#here(), key: "", index: 0, isValue: false });
        at += 1;
      } else if (sign === "}" || sign === "]") {
        this.#flow.pop();
        at += 1;
        if (this.#flow.length === 0) return isLast ? this.#spot("none", this.#here(), this.at) : null;
      } else if (sign === ",") {
        const top = this.#flow.at(-1) as Frame;
        top.index += 1;
        top.isValue = false;
        at += 1;
      } else if (sign === ":" && this.#flow.at(-1)?.kind === "map") {
        (this.#flow.at(-1) as Frame).isValue = true;
        at += 1;
      } else if (sign === '"' || sign === "'") {
        this.#quote = { sign, from: start + at + 1 };
        return this.#quoted(line, start, at + 1, isLast);
      } else if (sign === "#" && (at === 0 || line[at - 1] === " ")) return null;
      else if (/\s/.test(sign)) at += 1;
      else {
        const word = /^(?:[^,:{}[\]#]|:(?=[^\s,{}[\]])|(?<=\S)#)+/.exec(line.slice(at))?.[0] ?? sign;
        if (isLast && at + word.length >= line.length) return this.#flowSpot(start + at);
        this.#took(this.#flow.at(-1) as Frame, word.trim());
        at += word.length;
      }
    }
    return isLast ? this.#flowSpot(this.at) : null;
  }

  #flowSpot(from: number): Spot {
    const top = this.#flow.at(-1) as Frame;
    return top.kind === "map" && !top.isValue ? this.#spot("key", top.path, from) : this.#spot("value", this.#here(), from);
  }

  #took(frame: Frame, text: string): void {
    if (frame.kind === "map" && !frame.isValue) frame.key = text;
    else if (frame.kind === "map") this.#note(text);
  }

  get #top(): Frame {
    return this.#blocks.at(-1) as Frame;
  }

  /** The path of the value that is being read. */
  #here(): Where {
    const top = this.#flow.at(-1) ?? this.#blocks.at(-1);
    return top === undefined ? [] : [...top.path, top.kind === "list" ? top.index : top.key];
  }

  #note(text: string): void {
    const top = this.#flow.at(-1) ?? this.#blocks.at(-1);
    if (top?.kind !== "map") return;
    const at = pathKey(top.path);
    const said = this.#seen.get(at) ?? {};
    said[top.key] = text.replace(/\s+#.*$/, "").trim();
    this.#seen.set(at, said);
  }

  #spot(is: Spot["is"], path: Where, from: number, quote: Spot["quote"] = ""): Spot {
    return { is, path, from, typed: this.text.slice(from, this.at), quote, seen: this.#seen };
  }
}

function plain(key: string): string {
  if (key.startsWith('"') || key.startsWith("'")) return key.slice(1, -1);
  return key.trim();
}
