/** What may stand at the cursor in an expression: names in reach, their fields, functions with how they are called. Pure. */

import type { Schemas } from "../../api/client";
import { type Shape, UNKNOWN } from "./shape";

export type Function_ = Schemas["ExpressionFunction"];

export interface Option {
  readonly label: string;
  readonly kind: "property" | "variable" | "function" | "method" | "keyword" | "enum";
  /** Beside it: of what kind it is. */
  readonly detail: string;
  readonly says: string;
  /** What is put in, where that is not the label; the cursor stands behind it, or between its brackets. */
  readonly insert?: string;
}

export interface Options {
  /** Where in the text what they stand for begins. */
  readonly from: number;
  readonly options: readonly Option[];
}

const MACROS: readonly { name: string; written: string; says: string }[] = [
  { name: "all", written: "x.all(v, condition)", says: "whether it holds for all" },
  { name: "exists", written: "x.exists(v, condition)", says: "whether it holds for one" },
  { name: "exists_one", written: "x.exists_one(v, condition)", says: "whether it holds for exactly one" },
  { name: "filter", written: "x.filter(v, condition)", says: "the items for which it holds" },
  { name: "map", written: "x.map(v, value)", says: "a list of values" },
  { name: "sortBy", written: "x.sortBy(v, key)", says: "the items in the order of their keys" },
  { name: "transformList", written: "x.transformList(k, v, value)", says: "a list of values" },
  { name: "transformMap", written: "x.transformMap(k, v, value)", says: "a map with the same keys" },
  { name: "optMap", written: "x.optMap(v, value)", says: "of an optional with a value another one" },
];
const LAZY: readonly { name: string; written: string; says: string }[] = [
  { name: "orValue", written: "optional.orValue(value)", says: "its value, else this one" },
  { name: "or", written: "optional.or(optional)", says: "itself where it has a value, else this one" },
];
const GROUPS: Readonly<Record<string, readonly string[]>> = { number: ["int", "uint", "double"], int: ["number", "uint"], double: ["number"], bits: ["int", "number"] };
const CHAIN = /((?:[A-Za-z_]\w*|\)|\])(?:\.\??[A-Za-z_]\w*|\[[^[\]]*\])*\.\??)?([A-Za-z_]\w*)?$/;
const VARIABLES = /((?:[A-Za-z_]\w*)(?:\.\??[A-Za-z_]\w*|\[[^[\]]*\])*)\.(?:all|exists|exists_one|filter|map|sortBy)\(\s*([A-Za-z_]\w*)\s*,/g;

/** `source` is the expression up to the cursor; null where nothing may stand there, as in a text. */
export function optionsIn(source: string, roots: ReadonlyMap<string, Shape>, functions: readonly Function_[]): Options | null {
  if (isInText(source)) return null;
  const [, owner = "", word = ""] = CHAIN.exec(source) ?? [];
  const from = source.length - word.length;
  const names = withVariables(source, roots);
  if (owner === "") {
    if (/[\d.]$/.test(source.slice(0, from))) return null;
    return { from, options: [...rootsOf(names), ...functions.filter((one) => !one.is_method).map((one) => called(one))] };
  }
  const space = owner.slice(0, -1);
  if (functions.some(({ name }) => name.startsWith(`${space}.`))) {
    const within = functions.filter(({ name, is_method }) => !is_method && name.startsWith(`${space}.`));
    return { from, options: within.map((one) => called(one, one.name.slice(space.length + 1))) };
  }
  const shape = shapeAt(owner.replace(/\.\??$/, ""), names);
  return { from, options: [...fieldsOf(shape), ...methodsOf(shape, functions)] };
}

/** What is known of what a chain of names leads to: `nodes.charge.output.lines[0]`. */
export function shapeAt(chain: string, names: ReadonlyMap<string, Shape>): Shape {
  const [root = "", ...steps] = chain.split(/\.\??|(?=\[)/);
  let found = names.get(root) ?? UNKNOWN;
  for (const step of steps) {
    const key = /^\[\??["'](.*)["']\]$/.exec(step)?.[1];
    found = (step.startsWith("[") && key === undefined ? found.item : found.fields.get(key ?? step)) ?? UNKNOWN;
  }
  return found;
}

function rootsOf(names: ReadonlyMap<string, Shape>): Option[] {
  return [...names].map(([label, { kind, says }]) => ({ label, kind: "variable", detail: kind, says }));
}

function fieldsOf({ fields }: Shape): Option[] {
  const plain = [...fields].filter(([name]) => /^[A-Za-z_]\w*$/.test(name));
  return plain.map(([label, { kind, says }]) => ({ label, kind: "property", detail: kind, says }));
}

function methodsOf({ kind }: Shape, functions: readonly Function_[]): Option[] {
  const fits = ({ takes: [first = "any"] }: Function_) => kind === "" || first === "any" || first.split("|").some((one) => one === kind || GROUPS[one]?.includes(kind));
  const methods = functions.filter((one) => one.is_method && fits(one)).map((one) => called(one));
  const others = [...(kind === "" || kind === "list" || kind === "map" ? MACROS : []), ...(kind === "" || kind === "optional" ? LAZY : [])];
  return [...methods, ...others.map(({ name, written, says }): Option => ({ label: name, kind: "method", detail: written, says, insert: `${name}()` }))];
}

function called({ name, written, gives, says, is_method }: Function_, label = name): Option {
  return { label, kind: is_method ? "method" : "function", detail: `${written} → ${gives}`, says, insert: `${label}()` };
}

/** The variables of macros that are not closed yet are names, too: `input.lines.exists(l, l.`. */
function withVariables(source: string, roots: ReadonlyMap<string, Shape>): ReadonlyMap<string, Shape> {
  const names = new Map(roots);
  for (const [whole, owner = "", name = "", at] of [...source.matchAll(VARIABLES)].map((one) => [...one, one.index] as [string, string, string, number])) {
    const behind = source.slice(at + whole.length);
    if (depthOf(behind) >= 0) names.set(name, shapeAt(owner, names).item ?? UNKNOWN);
  }
  return names;
}

/** Less than 0 where more brackets are closed than are opened. */
function depthOf(text: string): number {
  let depth = 0;
  for (const sign of text) {
    depth += sign === "(" ? 1 : sign === ")" ? -1 : 0;
    if (depth < 0) return depth;
  }
  return depth;
}

function isInText(source: string): boolean {
  let quote = "";
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at] as string;
    if (quote !== "" && sign === "\\") at += 1;
    else if (quote !== "") quote = sign === quote ? "" : quote;
    else if (sign === '"' || sign === "'") quote = sign;
  }
  return quote !== "";
}

/** Where in a text with templates the expression begins that the cursor is in; null where it is in none. */
export function templateAt(typed: string): number | null {
  const open = typed.lastIndexOf("{{");
  return open !== -1 && !typed.slice(open).includes("}}") ? open + 2 : null;
}
