/** Values as they are written into a text: on one line where that is short, else in lines of their own, as the file around does. Pure. */

import { Exact, type Json } from "../../api/exact";
import { isMapJson } from "./json";
import type { Source } from "./source";

export interface Written {
  /** What stands behind the `:` or the dash. */
  readonly head: string;
  /** The lines below it, without what ends them. */
  readonly lines: readonly string[];
}

export interface Manner {
  readonly source: Pick<Source, "step" | "dashes" | "isJson">;
  /** The column of the key or the dash that the value is of. */
  readonly column: number;
  /** Whether a text of several lines may be written as such. */
  readonly hasBlocks?: boolean;
  /** Whether a map is written in lines of its own, though it were short. */
  readonly isOpen?: boolean;
}

/** A longer value is not written on one line. */
export const WIDTH = 100;

/** A value behind a key. */
export function behindKey(value: Json, manner: Manner): Written {
  const { source, column } = manner;
  if (typeof value === "string") return ofText(value, manner);
  if (!isOpenValue(value, manner)) return { head: inline(value, source.isJson), lines: [] };
  if (Array.isArray(value)) return { head: "", lines: listLines(value, { ...manner, column: column + source.dashes }) };
  return { head: "", lines: mapLines(value as { [key: string]: Json }, { ...manner, column: column + source.step }) };
}

/** A value behind a dash: a map begins on the line of the dash. */
export function behindDash(value: Json, manner: Manner): Written {
  if (typeof value === "string") return ofText(value, manner);
  if (!isOpenValue(value, manner)) return { head: inline(value, manner.source.isJson), lines: [] };
  const inner = { ...manner, column: manner.column + 2 };
  const [head = "", ...lines] = Array.isArray(value) ? listLines(value, inner) : mapLines(value as { [key: string]: Json }, inner);
  return { head: head.trimStart(), lines };
}

export function mapLines(value: { readonly [key: string]: Json }, manner: Manner): string[] {
  return Object.entries(value).flatMap(([key, one]) => {
    const { head, lines } = behindKey(one, { ...manner, isOpen: false });
    return [`${" ".repeat(manner.column)}${scalar(key, manner.source.isJson)}:${head === "" ? "" : ` ${head}`}`, ...lines];
  });
}

export function listLines(value: readonly Json[], manner: Manner): string[] {
  return value.flatMap((one) => {
    const { head, lines } = behindDash(one, { ...manner, isOpen: false });
    return [`${" ".repeat(manner.column)}- ${head}`, ...lines];
  });
}

/** Everything on one line. */
export function inline(value: Json, isJson: boolean): string {
  if (Array.isArray(value)) return `[${value.map((one) => inline(one as Json, isJson)).join(", ")}]`;
  if (isMapJson(value)) {
    return `{${Object.entries(value).map(([key, one]) => `${scalar(key, isJson)}: ${inline(one, isJson)}`).join(", ")}}`; // prettier-ignore
  }
  return scalar(value, isJson);
}

/** As `JSON.stringify` with an indent, numbers as they are; from the second line on at this column. */
export function pretty(value: Json, column: number, step: number, eol: string): string {
  const inner = " ".repeat(column + step);
  const isList = Array.isArray(value);
  if (!isList && !isMapJson(value)) return scalar(value, true);
  const parts = isList ? value.map((one) => pretty(one as Json, column + step, step, eol)) : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${pretty(one, column + step, step, eol)}`);
  const [open, close] = isList ? "[]" : "{}";
  return parts.length === 0 ? `${open}${close}` : `${open}${eol}${parts.map((part) => inner + part).join(`,${eol}`)}${eol}${" ".repeat(column)}${close}`;
}

/** A number, a text, true, false or null. */
export function scalar(value: Json, isJson: boolean): string {
  if (value instanceof Exact) return value.source;
  if (typeof value !== "string") return String(value);
  return !isJson && isPlain(value) ? value : quoted(value);
}

const WORD = /^[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./][A-Za-z0-9_./-]*)*$/;
const LASTS = /^(\d+(ms|s|m|h|d|w))+$/;
const NO_WORD = /^(true|false|null|yes|no|on|off)$/i;

/** Whether a text needs no quotes anywhere, not even for readers of YAML 1.1. */
function isPlain(text: string): boolean {
  return (WORD.test(text) && !NO_WORD.test(text)) || LASTS.test(text);
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function ofText(value: string, { source, column, hasBlocks = true }: Manner): Written {
  if (!hasBlocks || source.isJson || !isLines(value)) return { head: scalar(value, source.isJson), lines: [] };
  const end = value.endsWith("\n\n") ? "+" : value.endsWith("\n") ? "" : "-";
  const lines = (value.endsWith("\n") ? value.slice(0, -1) : value).split("\n");
  return { head: `|${end}`, lines: lines.map((line) => (line === "" ? "" : " ".repeat(column + source.step) + line)) };
}

/** Whether a text can be written as a block of lines: several, none of which says where the block begins by itself. */
function isLines(text: string): boolean {
  return /\n[^\n]/.test(text) && !/^[\s]/.test(text) && !/\n$/.test(text.replace(/\n$/, "")) && !/[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, "")) && !/[ \t](\n|$)/.test(text) && !/[\u2028\u2029]/.test(text);
}

function isOpenValue(value: Json, { source, column, isOpen }: Manner): boolean {
  if (source.isJson || typeof value !== "object" || value === null || value instanceof Exact) return false;
  const items: readonly Json[] = Object.values(value as object);
  if (items.length === 0) return false;
  return isOpen === true || holdsGraph(value) || holdsLines(value) || column + inline(value, false).length > WIDTH - 10;
}

/** Nodes and edges stand in lines of their own: one each. */
function holdsGraph(value: Json): boolean {
  if (Array.isArray(value)) return value.some((one: Json) => holdsGraph(one) || (isMapJson(one) && (Object.hasOwn(one, "type") || (Object.hasOwn(one, "from") && Object.hasOwn(one, "to")))));
  return isMapJson(value) && (Array.isArray(value["nodes"]) || Object.values(value).some(holdsGraph));
}

function holdsLines(value: Json): boolean {
  if (typeof value === "string") return isLines(value);
  return typeof value === "object" && value !== null && !(value instanceof Exact) && (Object.values(value) as Json[]).some(holdsLines);
}
