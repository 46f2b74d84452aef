/** Changes of single values: what is not named stays as it was written, byte for byte. Pure. */

import type { Json } from "../../api/exact";
import { detached } from "./anchor";
import { isMapJson, isSame, jsonOf } from "./json";
import { addItems, addKey, removeItems, removePair, unfolded } from "./list";
import { type Hand, put } from "./put";
import { isAlias, isMap, isScalar, isSeq, keyEnd, type Node, pairOf, type Path, read, type Source, startOf } from "./source";
import { apply, CannotSplice, compose, type Splice } from "./splice";
import { reach } from "./walk";
import { cannot } from "./words";
import { inline, scalar } from "./write";

/** Changes of a text, one behind the other, that come out as one. */
export class Work {
  readonly #before: string;
  #splices: Splice[] = [];
  text: string;

  constructor(text: string) {
    this.#before = text;
    this.text = text;
  }

  /** All so far, as changes of the text that it began with. */
  get splices(): Splice[] {
    return this.#splices;
  }

  step(make: (source: Source) => readonly Splice[]): this {
    this.take(make(read(this.text)));
    return this;
  }

  take(splices: readonly Splice[]): void {
    this.#splices = compose(this.#before, this.#splices, splices);
    this.text = apply(this.text, splices);
  }

  /** Makes what stands at a path its own: see `detached`. */
  own(path: Path): this {
    detached(this.text, path, (text, splices) => {
      this.take(splices);
      return apply(text, splices);
    });
    return this;
  }
}

/**
 * Sets a value: replaced, or put in with all that is missing on the way to it. Of maps and lists that are there only what differs
 * is changed. Throws CannotSplice where the text is broken, or where the way leads through something that has no keys.
 */
export function setValue(text: string, path: Path, value: Json, hand: Hand = {}): Splice[] {
  const work = new Work(text);
  set(work, path, value, hand);
  return work.splices;
}

/** Calls a key of a map otherwise; what stands there stays as it is written. Throws CannotSplice where it is not there, or where one is called so already. */
export function renameKey(text: string, path: Path, to: string): Splice[] {
  const source = read(text);
  const key = String(path.at(-1));
  const { node, depth } = reach(source, path.slice(0, -1));
  const pair = depth === path.length - 1 && isMap(node) ? pairOf(node, key) : undefined;
  if (pair === undefined || !isMap(node) || !isScalar(pair.key)) throw new CannotSplice(cannot("noKey", { key }));
  if (to === key) return [];
  if (pairOf(node, to) !== undefined) throw new CannotSplice(cannot("taken", { key: to }));
  return [{ from: startOf(pair.key), to: keyEnd(pair), insert: scalar(to, source.isJson || isQuoted(pair.key)) }];
}

/** Takes a key out of its map, or an item out of its list; nothing where it is not there. */
export function removeKey(text: string, path: Path): Splice[] {
  const work = new Work(text);
  remove(work, path);
  return work.splices;
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(text: string, path: Path): Json | undefined {
  return at(jsonOf(read(text), read(text).document.contents as Node | null), path);
}

export function set(work: Work, path: Path, value: Json, hand: Hand = {}): void {
  const { node, depth } = reach(read(work.text), path);
  if (depth === path.length && node !== null && differs(work, path, value, node, hand)) return;
  work.own(path.slice(0, depth)).step((source) => setOne(source, path, value, hand));
}

function setOne(source: Source, path: Path, value: Json, hand: Hand): Splice[] {
  const { node, holder, depth } = reach(source, path);
  const rest = path.slice(depth);
  if (depth < path.length) {
    const key = path[depth] as string | number;
    if (isMap(node)) {
      const inner = wrapped(rest.slice(1), value);
      return unfolded(source, node, String(key), inner) ?? (node.items.length === 0 && node.flow === true && holder !== null && !source.isJson ? put(source, holder, { [String(key)]: inner }, hand) : addKey(source, node, String(key), inner));
    }
    if (isSeq(node)) {
      const inner = wrapped(rest.slice(1), value);
      return node.items.length === 0 && holder !== null ? put(source, holder, [inner], hand) : addItems(source, node, node.items.length, [inner], hand.isOpen === true);
    }
    if (isAlias(node) && holder !== null) return put(source, holder, changed(jsonOf(source, node), rest, value), hand);
    const isEmpty = node === null || (isScalar(node) && node.value === null);
    if (!isEmpty) throw new CannotSplice(cannot("noMap", { path: path.slice(0, depth).join(".") }));
  }
  const inner = wrapped(rest, value);
  if (holder !== null) return put(source, holder, inner, hand);
  return [{ from: 0, to: source.text.length, insert: `${inline(inner, source.isJson)}${source.eol}` }];
}

/** Of what is there only what differs; false where it is replaced as a whole. */
function differs(work: Work, path: Path, value: Json, node: Node, hand: Hand): boolean {
  const source = read(work.text);
  const old = jsonOf(source, node);
  if (isSame(old, value)) return true;
  if (isMap(node) && isMapJson(value) && isMapJson(old)) {
    const kept = Object.keys(old).filter((key) => Object.hasOwn(value, key));
    if (kept.length === 0 || node.items.some(({ key }) => !isScalar(key))) return false;
    for (const key of Object.keys(old)) if (!Object.hasOwn(value, key)) remove(work, [...path, key]);
    for (const [key, one] of Object.entries(value)) if (!isSame(old[key] as Json, one) || !Object.hasOwn(old, key)) set(work, [...path, key], one, hand);
    return true;
  }
  if (isSeq(node) && Array.isArray(value) && Array.isArray(old) && old.length > 0) return listDiffers(work, path, old as Json[], value as Json[], hand);
  return false;
}

function listDiffers(work: Work, path: Path, old: readonly Json[], value: readonly Json[], hand: Hand): boolean {
  let head = 0;
  while (head < old.length && head < value.length && isSame(old[head] as Json, value[head] as Json)) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < value.length - head && isSame(old.at(-1 - tail) as Json, value.at(-1 - tail) as Json)) tail += 1;
  const both = Math.min(old.length, value.length) - head - tail;
  if (head + tail + both === 0) return false;
  for (let index = head; index < head + both; index += 1) set(work, [...path, index], value[index] as Json, hand);
  for (let index = old.length - tail - 1; index >= head + both; index -= 1) remove(work, [...path, index]);
  const more = value.slice(head + both, value.length - tail);
  if (more.length > 0) work.own(path).step((source) => addItems(source, reach(source, path).node as never, head + both, more, hand.isOpen === true));
  return true;
}

export function remove(work: Work, path: Path): void {
  const key = path.at(-1);
  const around = path.slice(0, -1);
  if (key === undefined) throw new CannotSplice(cannot("whole"));
  const source = read(work.text);
  const whole = jsonOf(source, source.document.contents as Node | null);
  const holds = at(whole, around);
  if (holds === undefined || at(whole, path) === undefined) return;
  const { node, depth } = reach(source, around);
  if (depth < around.length || isAlias(node)) {
    set(work, around, Array.isArray(holds) ? holds.filter((_, index) => index !== key) : Object.fromEntries(Object.entries(holds as object).filter(([own]) => own !== String(key))));
    return;
  }
  work.own(path).step((now) => {
    const { node: own, holder } = reach(now, around);
    if (isMap(own)) return removePair(now, own, String(key), holder);
    if (isSeq(own) && holder !== null) return removeItems(now, own, new Set([Number(key)]), holder);
    return [];
  });
}

/** In JSON, and where the key was in double quotes, it is again. */
function isQuoted(key: Node): boolean {
  return isScalar(key) && key.type === "QUOTE_DOUBLE";
}

function wrapped(path: Path, value: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === "number" && key !== 0) throw new CannotSplice(cannot("noItemYet", { at: key }));
  return typeof key === "number" ? [wrapped(rest, value)] : { [key]: wrapped(rest, value) };
}

/** The same value with another one at a path. */
export function changed(value: Json | undefined, path: Path, to: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.toSpliced(Number(key), 1, changed(value[Number(key)], rest, to)) as Json;
  if (isMapJson(value)) return { ...value, [key]: changed(value[String(key)], rest, to) };
  return wrapped(path, to);
}

export function at(value: Json | undefined, path: Path): Json | undefined {
  let found = value;
  for (const key of path) {
    if (Array.isArray(found)) found = found[Number(key)];
    else if (isMapJson(found) && Object.hasOwn(found, String(key))) found = found[String(key)];
    else return undefined;
  }
  return found;
}
