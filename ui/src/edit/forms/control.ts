/** By which control a field of a node is filled in, and what is written for what stands in it. Pure. */

import { Exact, type Json, numberOf, parse, write } from "../../api/exact";
import type { Where } from "../../graph/outline";
import type { Catalog } from "../complete/around";
import { type Kind, type Role, roleOf } from "../complete/role";
import { asList, asMap, type Field, type Known, type Schema } from "../complete/schema";

export type Control =
  | { readonly is: "text" | "lines" | "json" | "number" }
  /** `isAny`: a map or a list stands there as well as a text. */
  | { readonly is: "code"; readonly isTemplate: boolean; readonly isLong: boolean; readonly isAny?: boolean }
  | { readonly is: "yes"; readonly default: boolean }
  | { readonly is: "choice"; readonly words: readonly string[]; readonly default: string }
  | { readonly is: "named"; readonly names: readonly string[] }
  | { readonly is: "map"; readonly isTemplate: boolean }
  | { readonly is: "group"; readonly fields: readonly Field[] }
  | { readonly is: "groups"; readonly fields: readonly Field[] }
  /** Bodies by names of one's own, whose insides are drawn. */
  | { readonly is: "bodies" }
  /** What no form can show, in a word or two. */
  | { readonly is: "elsewhere"; readonly says: string };

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LONG: ReadonlySet<string> = new Set(["source", "message", "question", "details", "description"]);
const DEPTH_MAX = 3;

export interface Asking {
  readonly catalog: Catalog;
  readonly known: Known;
  readonly kindOf: (node: Where) => Kind | undefined;
  /** The names of variables in reach. */
  readonly variables: readonly string[];
}

export function controlOf(field: Field, path: Where, value: Json | undefined, asking: Asking, depth = 0): Control {
  const { language } = asking.catalog;
  const role = roleOf(path, asking.kindOf);
  const types = typesOf(field.schemas);
  const fields = field.schemas.some((one) => one["properties"] !== undefined) ? language.fieldsOf(field.schemas) : [];
  if (field.name === "branches" && (value === undefined || areBodies(value))) return { is: "bodies" };
  if (isBody(value, fields)) return { is: "elsewhere", says: inside(value) };
  if (role === "expression" && isScalar(value)) return { is: "code", isTemplate: false, isLong: false };
  if (isCollection(value) && !types.has("object") && !types.has("array") && types.size > 0) return { is: "elsewhere", says: inside(value) };
  const words = language.words(field.schemas.filter((one) => one["type"] !== "boolean")).map(({ word }) => word);
  const isMixed = fields.length > 0 && words.length > 0;
  if (isMixed && !isCollection(value)) return { is: "choice", words, default: wordOf(field) };
  if (types.size === 0 && role === "template" && fields.length === 0 && (typeof value === "string" || value === undefined || value === null || isCollection(value))) return { is: "code", isTemplate: true, isLong: true, isAny: true };
  if (typeof value === "string" && value.includes("{{") && role === "template") return { is: "code", isTemplate: true, isLong: isLong(field.name, value) };
  if (fields.length > 0) return isCollection(value) || value === undefined || value === null ? (depth < DEPTH_MAX ? { is: "group", fields } : { is: "elsewhere", says: inside(value) }) : { is: "elsewhere", says: inside(value) };
  if (types.has("array")) return ofList(field, value, asking, depth);
  if (types.has("object")) return ofMap(value, role);
  if (words.length > 0) return { is: "choice", words, default: wordOf(field) };
  if (types.has("boolean") && (value === undefined || value === null || typeof value === "boolean")) return { is: "yes", default: defaultOf(field) === true };
  if ((types.has("integer") || types.has("number")) && !types.has("text")) return { is: "number" };
  const names = namesFor(role, asking);
  if (names !== null && isScalar(value)) return { is: "named", names };
  if (types.size === 0 && value !== undefined && typeof value !== "string") return { is: "json" };
  if (role === "template") return { is: "code", isTemplate: true, isLong: isLong(field.name, value) };
  return typeof value === "string" || value === undefined || value === null ? { is: "text" } : { is: "json" };
}

function ofList(field: Field, value: Json | undefined, { catalog }: Asking, depth: number): Control {
  const items = field.schemas.filter((one) => one["items"] !== undefined).flatMap((one) => catalog.language.open(one["items"] as Schema, [], () => ({})));
  const fields = items.some((one) => one["properties"] !== undefined) ? catalog.language.fieldsOf(items) : [];
  const given = asList(value);
  if (fields.some(({ name }) => name === "body")) return { is: "elsewhere", says: inside(value) };
  if (fields.length > 0) return depth < DEPTH_MAX && (value === undefined || value === null || Array.isArray(value)) ? { is: "groups", fields } : { is: "elsewhere", says: inside(value) };
  if (typeof value === "string") return { is: "code", isTemplate: true, isLong: false };
  return given.every((one) => typeof one === "string" && !one.includes("\n")) ? { is: "lines" } : { is: "json" };
}

function ofMap(value: Json | undefined, role: Role): Control {
  const all = value === undefined || value === null ? [] : Object.values(value as Schema);
  return (isCollection(value) || value === undefined || value === null) && all.every((one) => typeof one === "string") && role === "template" ? { is: "map", isTemplate: true } : { is: "json" };
}

/** What is written for what stands in a field: `undefined` takes it out. Throws SyntaxError for what can be no such value. */
export function valueOf(control: Control, text: string): Json | undefined {
  if (text === "" && control.is !== "yes") return undefined;
  if (control.is === "number") {
    const trimmed = text.trim();
    if (trimmed.includes("{{")) return trimmed;
    if (!NUMBER.test(trimmed)) throw new SyntaxError("number");
    return numberOf(trimmed);
  }
  if (control.is === "json") return parse(text);
  if (control.is === "code" && control.isAny && /^\s*[{[](?!\{)/.test(text)) return mapOrText(text);
  if (control.is === "lines") return text.split("\n").map((line) => line.trim()).filter((line) => line !== ""); // prettier-ignore
  return text;
}

/** What begins as a map or a list and is no whole JSON is a text, as Python in braces is. */
function mapOrText(text: string): Json {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

/** A value as it stands in its field. */
export function textIn(control: Control, value: Json | undefined): string {
  if (value === undefined || (value === null && control.is !== "json")) return "";
  if (control.is === "json" || (control.is === "code" && isCollection(value))) return write(value, 2);
  if (control.is === "lines") return asList(value).map(String).join("\n");
  return typeof value === "string" ? value : write(value);
}

function namesFor(role: Role, { catalog, variables }: Asking): readonly string[] | null {
  if (role === "credential") return catalog.credentials;
  if (role === "workflow") return catalog.workflows;
  return role === "variable" ? variables : null;
}

/** Of all ways that it may be; `text` where a text is more than a template. */
function typesOf(schemas: readonly Schema[]): ReadonlySet<string> {
  return new Set(schemas.flatMap((one) => {
    const type = one["type"];
    if (type === "string") return one["pattern"] === String.raw`\{\{` ? [] : ["text"];
    if (type === "null" || type === undefined) return [];
    return Array.isArray(type) ? type.map(String) : [String(type)];
  })); // prettier-ignore
}

function defaultOf({ schemas }: Field): Json | undefined {
  return schemas.map((one) => one["default"]).find((one) => one !== undefined && one !== null);
}

export function wordOf(field: Field): string {
  const found = defaultOf(field);
  return found === undefined ? "" : typeof found === "string" ? found : write(found);
}

/** A body, or several by their names. */
function isBody(value: Json | undefined, fields: readonly Field[]): boolean {
  return fields.some(({ name }) => name === "nodes") || hasNodes(value) || (isMap(value) && Object.values(value as Schema).some(hasNodes));
}

function areBodies(value: Json): boolean {
  return isMap(value) && Object.values(value as Schema).every(hasNodes);
}

function hasNodes(value: unknown): boolean {
  return isMap(value as Json | undefined) && Array.isArray((value as Schema)["nodes"]);
}

function isMap(value: Json | undefined): boolean {
  return isCollection(value) && !Array.isArray(value);
}

function isScalar(value: Json | undefined): boolean {
  return !isCollection(value);
}

function isCollection(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Exact);
}

function isLong(name: string, value: Json | undefined): boolean {
  return LONG.has(name) || (typeof value === "string" && value.includes("\n"));
}

function inside(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (hasNodes(value)) return asList((value as Schema)["nodes"]).map((one) => asMap(one)["id"]).join(", "); // prettier-ignore
  const text = write(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
