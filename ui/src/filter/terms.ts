/** Conditions of a filter as people choose them: a column, how it is compared, and with what. What is none of these stays as it was written. */

import { quoted, unquoted } from "./cel";
import columns from "./columns.json";

export type Kind = "text" | "whole" | "time" | "duration" | "texts" | "flag" | "any";

export interface FilterColumn {
  readonly name: string;
  readonly kind: Kind;
  readonly says: string;
}

/** All that executions are filtered by; besides, `search.NAME`. */
export const COLUMNS = columns as readonly FilterColumn[];

export const OPERATORS = {
  text: ["==", "!=", "in", "startsWith", "contains", "endsWith"],
  whole: ["==", "!=", ">", ">=", "<", "<="],
  time: [">", ">=", "<", "<="],
  duration: [">", ">=", "<", "<="],
  texts: ["has"],
  flag: ["=="],
  any: ["==", "!=", ">", ">=", "<", "<=", "startsWith", "contains"],
} as const satisfies Readonly<Record<Kind, readonly string[]>>;
export type Operator = (typeof OPERATORS)[Kind][number];

/** `value` is what people type: a text, a number, `24h` ago or a time, a duration, several texts with commas between them. */
export interface Term {
  readonly column: string;
  readonly operator: Operator;
  readonly value: string;
}

export function kindOf(column: string): Kind {
  return COLUMNS.find(({ name }) => name === column)?.kind ?? "any";
}

const NAME = String.raw`(?<column>[a-z_]+(?:\.[A-Za-z_][A-Za-z0-9_]*)?)`;
const METHOD = new RegExp(String.raw`^${NAME}\.(?<operator>startsWith|contains|endsWith)\((?<value>.*)\)$`, "s");
const LIST = new RegExp(String.raw`^${NAME}\s+in\s+\[(?<value>.*)\]$`, "s");
const COMPARED = new RegExp(String.raw`^${NAME}\s*(?<operator>==|!=|<=|>=|<|>)\s*(?<value>.+)$`, "s");
const TAG = /^(?<value>'[^']*'|"[^"]*")\s+in\s+(?<column>tags|waits_for)$/;
const AGO = /^now\s*-\s*duration\((?<value>'[^']*'|"[^"]*")\)$/;
const SPAN = /^duration\((?<value>'[^']*'|"[^"]*")\)$/;
const TIME = /^timestamp\((?<value>'[^']*'|"[^"]*")\)$/;
export const LENGTH = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;

/** The condition that a part of an expression is; null for any other. */
export function termOf(part: string): Term | null {
  const tag = TAG.exec(part)?.groups;
  if (tag !== undefined) return of(tag["column"] ?? "", "has", unquoted(tag["value"] ?? ""));
  const method = METHOD.exec(part)?.groups;
  if (method !== undefined) return of(method["column"] ?? "", method["operator"] as Operator, unquoted(method["value"] ?? ""));
  const list = LIST.exec(part)?.groups;
  if (list !== undefined) {
    const texts = [...(list["value"] ?? "").matchAll(/'[^'\\]*'|"[^"\\]*"/g)].map(([text]) => text);
    const isAll = (list["value"] ?? "").replace(/\s/g, "") === texts.join(",").replace(/\s/g, "");
    const said = texts.map((text) => unquoted(text));
    return isAll && said.every((one) => one !== null && !/[,\s]/.test(one)) ? of(list["column"] ?? "", "in", said.join(", ")) : null;
  }
  const { column = "", operator, value = "" } = COMPARED.exec(part)?.groups ?? {};
  const kind = kindOf(column);
  if (kind === "time") return of(column, operator as Operator, agoOf(value) ?? unquoted(TIME.exec(value)?.groups?.["value"] ?? ""));
  if (kind === "duration") return of(column, operator as Operator, unquoted(SPAN.exec(value)?.groups?.["value"] ?? ""));
  if (kind === "whole") return of(column, operator as Operator, /^\d{1,15}$/.test(value) ? value : null);
  if (kind === "flag") return of(column, operator as Operator, /^(?:true|false)$/.test(value) ? value : null);
  const text = unquoted(value);
  if (kind === "any") return of(column, operator as Operator, text !== null && isPlain(text) ? null : text ?? (isPlain(value) ? value : null));
  return of(column, operator as Operator, text);
}

function of(column: string, operator: Operator, value: string | null): Term | null {
  const kind = kindOf(column);
  const isKnown = column.startsWith("search.") || COLUMNS.some(({ name }) => name === column);
  return isKnown && value !== null && value !== "" && (OPERATORS[kind] as readonly string[]).includes(operator) ? { column, operator, value } : null;
}

function agoOf(value: string): string | null {
  const length = unquoted(AGO.exec(value)?.groups?.["value"] ?? "");
  return length !== null && LENGTH.test(length) ? length : null;
}

/** A number or a word that an expression has without quotes. */
function isPlain(value: string): boolean {
  return /^(?:-?\d{1,15}(?:\.\d{1,15})?|true|false|null)$/.test(value);
}

/** A condition as an expression writes it. */
export function written({ column, operator, value }: Term): string {
  switch (operator) {
    case "has":
      return `${quoted(value)} in ${column}`;
    case "in":
      return `${column} in [${value.split(",").map((one) => quoted(one.trim())).filter((one) => one !== '""').join(", ")}]`;
    case "startsWith":
    case "contains":
    case "endsWith":
      return `${column}.${operator}(${quoted(value)})`;
    default:
      return `${column} ${operator} ${constant(kindOf(column), value)}`;
  }
}

function constant(kind: Kind, value: string): string {
  if (kind === "time") return LENGTH.test(value) ? `now - duration(${quoted(value)})` : `timestamp(${quoted(value)})`;
  if (kind === "duration") return `duration(${quoted(value)})`;
  if (kind === "whole" || kind === "flag" || (kind === "any" && isPlain(value))) return value;
  return quoted(value);
}

/** What is wrong with what was typed as the value; null where nothing is. */
export function isFit({ column, value }: Pick<Term, "column" | "value">): boolean {
  const kind = kindOf(column);
  if (value.trim() === "") return false;
  if (kind === "whole") return /^\d{1,15}$/.test(value);
  if (kind === "flag") return /^(?:true|false)$/.test(value);
  if (kind === "duration") return LENGTH.test(value);
  if (kind === "time") return LENGTH.test(value) || (/^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value)));
  return true;
}
