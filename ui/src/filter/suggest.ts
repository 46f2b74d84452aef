/** What a name that is being typed into an expression may become. */

import { COLUMNS } from "./terms";

export interface Suggestion {
  readonly name: string;
  readonly says: string;
}

const NAME_BEFORE = /(?:^|[^A-Za-z0-9_.'"])([A-Za-z_][A-Za-z0-9_.]*)$/;
export const SHOWN_MAX = 8;

/** The name that ends at the caret, outside of texts; null where there is none. */
export function nameBefore(source: string, caret: number): string | null {
  const before = source.slice(0, caret);
  const quotes = before.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "");
  return /['"]/.test(quotes) ? null : (NAME_BEFORE.exec(before)?.[1] ?? null);
}

/** Names that begin so, and after them those that have it inside; none where it is whole already. */
export function suggested(source: string, caret: number, searchNames: readonly string[]): readonly Suggestion[] {
  const name = nameBefore(source, caret);
  if (name === null) return [];
  const all: readonly Suggestion[] = [...COLUMNS, ...searchNames.map((one) => ({ name: `search.${one}`, says: "" })), { name: "now", says: "" }];
  const small = name.toLowerCase();
  const begin = all.filter((one) => one.name.toLowerCase().startsWith(small));
  const inside = all.filter((one) => !begin.includes(one) && one.name.toLowerCase().includes(small));
  const found = [...begin, ...inside];
  return found.some((one) => one.name === name) ? [] : found.slice(0, SHOWN_MAX);
}

/** The expression with the name that ends at the caret in full, and where the caret is then. */
export function completed(source: string, caret: number, name: string): { readonly text: string; readonly caret: number } {
  const typed = nameBefore(source, caret) ?? "";
  const begin = caret - typed.length;
  return { text: source.slice(0, begin) + name + source.slice(caret), caret: begin + name.length };
}
