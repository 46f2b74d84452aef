/** What a part of a text says, numbers as they were written. Pure. */

import { Exact, type Json, numberOf } from "../../api/exact";
import { isAlias, isMap, isScalar, isSeq, keyText, type Node, type Pair, type Source, type Value } from "./source";

export type JsonMap = { readonly [key: string]: Json };

/** The value of a node; aliases as what they stand for. */
export function jsonOf(source: Source, node: Value | undefined): Json {
  if (node == null) return null;
  if (isAlias(node)) return jsonOf(source, node.resolve(source.document) as Value | undefined);
  if (isSeq(node)) return node.items.map((one) => jsonOf(source, one as Value));
  if (isMap(node)) return Object.fromEntries((node.items as Pair<Node, Value>[]).map(({ key, value }) => [keyText(isAlias(key) ? (key.resolve(source.document) as Node) : key), jsonOf(source, value)]));
  if (!isScalar(node)) return null;
  const { value } = node;
  if (typeof value === "number" || typeof value === "bigint") return numberOf(node.source ?? String(value));
  return (value ?? null) as Json;
}

/** Whether they say the same; in maps in any order. */
export function isSame(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (one instanceof Exact || other instanceof Exact) return numberText(one) !== null && numberText(one) === numberText(other);
  if (Array.isArray(one) || Array.isArray(other)) return Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((item, at) => isSame(item as Json, other[at] as Json));
  if (!isMapJson(one) || !isMapJson(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && isSame(one[key] as Json, other[key] as Json));
}

export function isMapJson(value: Json | undefined): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Exact);
}

function numberText(value: Json): string | null {
  return value instanceof Exact ? value.source : typeof value === "number" ? String(value) : null;
}
