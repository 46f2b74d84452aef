/** What is known of a value before an expression has run: from the schema that it is held to, from what was recorded, or both. Pure. */

import { Exact, type Json, write } from "../../api/exact";
import { asList, asMap, asText, type Schema } from "./schema";

export interface Shape {
  /** As expressions call it: `string`, `number`, `list`, `map` …; empty where it is not known. */
  readonly kind: string;
  readonly says: string;
  readonly fields: ReadonlyMap<string, Shape>;
  /** Of its items. */
  readonly item: Shape | null;
}

export const UNKNOWN: Shape = { kind: "", says: "", fields: new Map(), item: null };

const DEPTH_MAX = 6;
const SAID_MAX = 60;
const FIELDS_MAX = 200;
const KINDS: Readonly<Record<string, string>> = { object: "map", array: "list", integer: "int", number: "number", string: "string", boolean: "bool", null: "null" };

export function mapOf(fields: Iterable<readonly [string, Shape]>, says = ""): Shape {
  return { kind: "map", says, fields: new Map(fields), item: null };
}

export function shapeOfSchema(schema: Json, root: Json = schema, depth = 0): Shape {
  const own = asMap(schema);
  const reference = asText(own["$ref"]);
  const said: Schema = reference.startsWith("#/") ? { ...asMap(found(root, reference)), ...own } : own;
  if (depth > DEPTH_MAX) return UNKNOWN;
  const type = Array.isArray(said["type"]) ? said["type"].find((one) => one !== "null") : said["type"];
  const fields = [...Object.entries(asMap(said["properties"])), ...asList(said["allOf"]).flatMap((one) => Object.entries(asMap(asMap(one)["properties"])))];
  return {
    kind: KINDS[asText(type)] ?? (fields.length > 0 ? "map" : ""),
    says: asText(said["description"]) || asText(said["title"]),
    fields: new Map(fields.map(([name, one]) => [name, shapeOfSchema(one, root, depth + 1)])),
    item: said["items"] === undefined ? null : shapeOfSchema(said["items"], root, depth + 1),
  };
}

export function shapeOfValue(value: Json, depth = 0): Shape {
  const says = short(value);
  if (typeof value === "string") return { ...UNKNOWN, kind: "string", says };
  if (typeof value === "number" || value instanceof Exact) return { ...UNKNOWN, kind: "number", says };
  if (typeof value === "boolean") return { ...UNKNOWN, kind: "bool", says };
  if (value === null || depth > DEPTH_MAX) return { ...UNKNOWN, says };
  if (Array.isArray(value)) return { ...UNKNOWN, kind: "list", says, item: value.length === 0 ? null : shapeOfValue(value[0] as Json, depth + 1) };
  return mapOf(Object.entries(value).slice(0, FIELDS_MAX).map(([name, one]) => [name, shapeOfValue(one as Json, depth + 1)]), says); // prettier-ignore
}

/** What both know; the first one tells more. */
export function both(one: Shape, other: Shape): Shape {
  const fields = new Map(other.fields);
  for (const [name, shape] of one.fields) fields.set(name, both(shape, fields.get(name) ?? UNKNOWN));
  const item = one.item === null ? other.item : other.item === null ? one.item : both(one.item, other.item);
  return { kind: one.kind || other.kind, says: [one.says, other.says].filter((says) => says !== "").join(" · "), fields, item };
}

function short(value: Json): string {
  const text = write(value);
  return text.length > SAID_MAX ? `${text.slice(0, SAID_MAX)}…` : text;
}

function found(root: Json, reference: string): Json {
  let at: Json = root;
  for (const part of reference.slice(2).split("/")) at = asMap(at)[part] ?? null;
  return at;
}
