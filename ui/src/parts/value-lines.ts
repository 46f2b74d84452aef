/** A value of JSON as lines, each of which can be folded: pure, and for values of any depth and length. */

import { Exact, type Json } from "../api/exact";

export interface Line {
  /** JSON pointer of what stands here. */
  readonly path: string;
  readonly depth: number;
  /** Its name in the object around it; null in a list and at the top. */
  readonly name: string | null;
  /** `open` and `closed` can be folded, `end` is the bracket that closes an open one. */
  readonly kind: "leaf" | "open" | "closed" | "end";
  /** What is shown: of a leaf its JSON, else brackets. */
  readonly text: string;
  readonly type: "text" | "number" | "word" | "brackets";
  /** How many are inside; of a text that was cut, how many characters it has. */
  readonly count: number | null;
  readonly isCut: boolean;
  readonly hasComma: boolean;
}

/** So much of a text stands in a line. */
export const TEXT_MAX = 400;
/** So many are shown of what is inside one object or list, unless one asks for more. */
export const OPEN_MAX = 100;
const DEPTH_SHOWN = 2;

export type Folds = ReadonlyMap<string, boolean>;

/** Whether it is open: as it was folded, else what is near the top and not long. */
export function isOpen(folds: Folds, path: string, depth: number, count: number): boolean {
  return folds.get(path) ?? (depth <= DEPTH_SHOWN && (depth === 0 || count <= OPEN_MAX));
}

interface Todo {
  readonly value: Json;
  readonly path: string;
  readonly depth: number;
  readonly name: string | null;
  readonly hasComma: boolean;
  readonly isEnd: boolean;
}

export function lines(whole: Json, folds: Folds): Line[] {
  const made: Line[] = [];
  const todo: Todo[] = [{ value: whole, path: "", depth: 0, name: null, hasComma: false, isEnd: false }];
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const inside = insideOf(one.value);
    if (one.isEnd) made.push(line(one, "end", Array.isArray(one.value) ? "]" : "}", "brackets", null));
    else if (inside === null) made.push(leaf(one));
    else if (inside.length === 0) made.push(line(one, "leaf", Array.isArray(one.value) ? "[]" : "{}", "brackets", null));
    else if (!isOpen(folds, one.path, one.depth, inside.length)) made.push(line(one, "closed", Array.isArray(one.value) ? "[…]" : "{…}", "brackets", inside.length));
    else {
      made.push(line(one, "open", Array.isArray(one.value) ? "[" : "{", "brackets", inside.length));
      todo.push({ ...one, isEnd: true });
      for (let at = inside.length - 1; at >= 0; at -= 1) {
        const [key, value] = inside[at] as [string, Json];
        const name = Array.isArray(one.value) ? null : key;
        todo.push({ value, path: `${one.path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, depth: one.depth + 1, name, hasComma: at < inside.length - 1, isEnd: false });
      }
    }
  }
  return made;
}

function insideOf(value: Json): [string, Json][] | null {
  return value === null || typeof value !== "object" || value instanceof Exact ? null : (Object.entries(value) as [string, Json][]);
}

function leaf(one: Todo): Line {
  const { value } = one;
  if (typeof value !== "string") {
    const isNumber = typeof value === "number" || value instanceof Exact;
    return line(one, "leaf", String(value), isNumber ? "number" : "word", null);
  }
  const isCut = value.length > TEXT_MAX;
  const shown = isCut ? value.slice(0, TEXT_MAX).replace(/[\ud800-\udbff]$/, "") : value; // no half of a character
  return { ...line(one, "leaf", isCut ? JSON.stringify(shown).slice(0, -1) : JSON.stringify(shown), "text", isCut ? value.length : null), isCut };
}

function line({ path, depth, name, hasComma, isEnd }: Todo, kind: Line["kind"], text: string, type: Line["type"], count: number | null): Line {
  return { path, depth, name: isEnd ? null : name, kind, text, type, count, isCut: false, hasComma: hasComma && kind !== "open" };
}

/** What stands at a JSON pointer; undefined where there is nothing. */
export function at(whole: Json, path: string): Json | undefined {
  let value: Json | undefined = whole;
  for (const part of path.split("/").slice(1)) {
    if (value === null || typeof value !== "object" || value instanceof Exact) return undefined;
    const inside: Readonly<Record<string, Json>> = value as Readonly<Record<string, Json>>;
    value = inside[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return value;
}
