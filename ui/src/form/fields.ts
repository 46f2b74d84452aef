/** What a person types, by a JSON Schema: which fields there are, and the value that what stands in them makes. */

import { type Json, numberOf, parse, write } from "../api/exact";

export type Kind = "text" | "long" | "secret" | "number" | "yes" | "choice" | "date" | "json";

export interface Field {
  readonly name: string;
  readonly says: string;
  readonly hint: string;
  readonly kind: Kind;
  readonly isRequired: boolean;
  readonly choices: readonly string[];
  /** What stands in it at first. */
  readonly first: string;
}

/** What stands in the fields; a field that nobody has touched is not there. */
export type Typed = Readonly<Record<string, string>>;

type Schema = { readonly [key: string]: Json };

/** The fields of an object; `null` where it is no object whose fields are known, and is typed as JSON. */
export function fieldsOf(schema: Json): readonly Field[] | null {
  const { properties, required, type } = asMap(schema);
  if ((type !== undefined && type !== "object") || Object.keys(asMap(properties)).length === 0) return null;
  const wanted = new Set(Array.isArray(required) ? required : []);
  return Object.entries(asMap(properties)).map(([name, one]) => fieldOf(name, asMap(one), wanted.has(name)));
}

function fieldOf(name: string, schema: Schema, isRequired: boolean): Field {
  const choices = Array.isArray(schema["enum"]) ? (schema["enum"] as readonly Json[]).map((one) => (typeof one === "string" ? one : write(one))) : [];
  const kind = kindOf(schema, choices);
  const first = schema["default"];
  return {
    name,
    says: typeof schema["title"] === "string" ? schema["title"] : name,
    hint: typeof schema["description"] === "string" ? schema["description"] : "",
    kind,
    isRequired,
    choices,
    first: first === undefined ? "" : typeof first === "string" && kind !== "json" ? first : write(first),
  };
}

function kindOf(schema: Schema, choices: readonly string[]): Kind {
  if (choices.length > 0) return "choice";
  if (schema["writeOnly"] === true || schema["x-refold-secret"] === true) return "secret";
  switch (schema["type"]) {
    case "string":
      return schema["format"] === "date" ? "date" : Number(schema["maxLength"] ?? 0) > 200 ? "long" : "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "yes";
    default:
      return "json";
  }
}

export interface Made {
  readonly value: Json;
  /** By name of the field. */
  readonly problems: Readonly<Record<string, "required" | "number" | "json">>;
}

/** The value of what was typed. What is empty and need not be there is left out; the server looks at all the rest. */
export function made(schema: Json, fields: readonly Field[], typed: Typed): Made {
  const value: Record<string, Json> = {};
  const problems: Record<string, "required" | "number" | "json"> = {};
  for (const field of fields) {
    const text = typed[field.name] ?? field.first;
    if (text === "" && field.kind !== "yes") {
      if (field.isRequired && field.kind !== "text" && field.kind !== "long") problems[field.name] = "required";
      else if (field.isRequired) value[field.name] = "";
      continue;
    }
    if (text === "" && !field.isRequired) continue;
    const found = valueOf(field, asMap(asMap(asMap(schema)["properties"])[field.name]), text);
    if (found instanceof Wrong) problems[field.name] = found.what;
    else value[field.name] = found;
  }
  return { value, problems };
}

/** A value as it is typed into the fields; what no field is for is left out. */
export function typedOf(fields: readonly Field[], value: Json): Typed {
  const values = asMap(value);
  const given = fields.filter(({ name }) => Object.hasOwn(values, name));
  return Object.fromEntries(given.map(({ name, kind }) => [name, typeof values[name] === "string" && kind !== "json" ? values[name] : write(values[name] as Json)]));
}

/** What was typed is no such value. */
class Wrong {
  constructor(readonly what: "number" | "json") {}
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function valueOf(field: Field, schema: Schema, text: string): Json | Wrong {
  if (field.kind === "yes") return text === "true";
  if (field.kind === "number") return NUMBER.test(text.trim()) ? numberOf(text.trim()) : new Wrong("number");
  if (field.kind === "choice") return ((schema["enum"] as readonly Json[]) ?? []).find((one) => (typeof one === "string" ? one : write(one)) === text) ?? text;
  if (field.kind !== "json") return text;
  try {
    return parse(text);
  } catch {
    return new Wrong("json");
  }
}

function asMap(value: Json | undefined): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}
