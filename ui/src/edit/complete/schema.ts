/** The JSON Schema of a definition, walked along a path: which fields there are, and which values. Pure. */

import type { Json } from "../../api/exact";
import type { Where } from "../../graph/outline";

export type Schema = { readonly [key: string]: Json };

/** What is known of the map at a path: the texts of its fields. */
export type Known = (path: Where) => Readonly<Record<string, string>>;

export interface Field {
  readonly name: string;
  readonly says: string;
  readonly isRequired: boolean;
  /** What may stand in it, in a word or two. */
  readonly takes: string;
  readonly schemas: readonly Schema[];
}

const DEPTH_MAX = 20;

export class Language {
  constructor(readonly root: Schema) {}

  /** The schemas of what stands at a path: several where one of them is to fit. */
  at(path: Where, known: Known): Schema[] {
    let found = this.open(this.root, [], known);
    for (const [depth, key] of path.entries()) {
      const inner = path.slice(0, depth + 1);
      found = found.flatMap((one) => step(one, key)).flatMap((one) => this.open(one, inner, known));
      if (found.length === 0) return [];
    }
    return found;
  }

  /** The fields of the map at a path, those it must have first. */
  fields(path: Where, known: Known): Field[] {
    return this.fieldsOf(this.at(path, known));
  }

  fieldsOf(schemas: readonly Schema[]): Field[] {
    const found = new Map<string, Field>();
    const required = new Set(schemas.flatMap((one) => asList(one["required"]).map(String)));
    for (const one of schemas)
      for (const [name, schema] of Object.entries(asMap(one["properties"]))) {
        const open = this.open(asMap(schema), [], () => ({}));
        const before = found.get(name);
        const says = before?.says || saysOf(asMap(schema), open);
        found.set(name, { name, says, isRequired: required.has(name), takes: takes(open), schemas: [...(before?.schemas ?? []), ...open] });
      }
    const all = [...found.values()];
    return [...all.filter((one) => one.isRequired), ...all.filter((one) => !one.isRequired)];
  }

  /** The words that may stand there, where only some may. */
  words(schemas: readonly Schema[]): { readonly word: string; readonly says: string }[] {
    return schemas.flatMap((one) => {
      const says = asText(one["description"]);
      if (one["const"] !== undefined) return [{ word: String(one["const"]), says }];
      if (Array.isArray(one["enum"])) return one["enum"].map((word: Json) => ({ word: String(word), says }));
      return one["type"] === "boolean" ? ["true", "false"].map((word) => ({ word, says })) : [];
    });
  }

  /** A schema with what it refers to, and the ways it may be, each by itself; of what hangs on another field what fits what is known. */
  open(schema: Schema, path: Where, known: Known, depth = 0): Schema[] {
    if (depth > DEPTH_MAX) return [];
    const inner = (one: Json | undefined) => this.open(asMap(one), path, known, depth + 1);
    const reference = asText(schema["$ref"]);
    const found: Schema[] = reference === "" ? [schema] : inner(this.#resolve(reference));
    const { const: _, ...said } = schema;
    if (reference !== "" && said["description"] !== undefined) found.unshift({ description: said["description"] });
    for (const way of asList(schema["allOf"])) {
      const { if: condition, then } = asMap(way);
      if (condition === undefined) found.push(...inner(way));
      else if (holds(asMap(condition), known(path))) found.push(...inner(then));
    }
    const ways = [...asList(schema["anyOf"]), ...asList(schema["oneOf"])].map(asMap);
    const fitting = ways.filter((way) => fits(this.#known(way), known(path)));
    for (const way of fitting.length > 0 ? fitting : ways) found.push(...inner(way));
    return found;
  }

  #known(way: Schema): Schema {
    const reference = asText(way["$ref"]);
    return reference === "" ? way : this.#resolve(reference);
  }

  #resolve(reference: string): Schema {
    let found: Json = this.root;
    for (const part of reference.replace(/^#\/?/, "").split("/")) if (part !== "") found = asMap(found)[part.replaceAll("~1", "/").replaceAll("~0", "~")] ?? null;
    return asMap(found);
  }
}

function step(schema: Schema, key: string | number): Schema[] {
  if (typeof key === "number") return schema["items"] === undefined ? [] : [asMap(schema["items"])];
  const properties = asMap(schema["properties"]);
  if (Object.hasOwn(properties, key)) return [asMap(properties[key])];
  const named = Object.entries(asMap(schema["patternProperties"])).filter(([pattern]) => new RegExp(pattern, "u").test(key));
  if (named.length > 0) return named.map(([, one]) => asMap(one));
  const others = schema["additionalProperties"];
  return others === undefined || typeof others === "boolean" ? [] : [asMap(others)];
}

/** Whether `{properties: {type: {const: …}}}` is so. */
function holds(condition: Schema, known: Readonly<Record<string, string>>): boolean {
  return Object.entries(asMap(condition["properties"])).every(([name, one]) => asMap(one)["const"] === unquoted(known[name]));
}

/** Whether nothing that is known is another constant than it says. */
function fits(way: Schema, known: Readonly<Record<string, string>>): boolean {
  return Object.entries(asMap(way["properties"])).every(([name, one]) => {
    const only = asMap(one)["const"];
    return only === undefined || known[name] === undefined || only === unquoted(known[name]);
  });
}

function saysOf(schema: Schema, open: readonly Schema[]): string {
  return asText(schema["description"]) || open.map((one) => asText(one["description"])).find((says) => says !== "") || "";
}

/** In a word or two what may stand there. */
function takes(schemas: readonly Schema[]): string {
  const words = schemas.flatMap((one) => {
    if (Array.isArray(one["enum"])) return one["enum"].length <= 4 ? [one["enum"].join(" | ")] : ["word"];
    const type = one["type"];
    if (type === "null" || type === undefined) return [];
    return [type === "object" ? "map" : type === "array" ? "list" : type === "string" ? "text" : String(type)];
  });
  return [...new Set(words)].join(", ");
}

export function unquoted(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return /^".*"$|^'.*'$/s.test(text) ? text.slice(1, -1) : text;
}

export function asMap(value: Json | undefined): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
