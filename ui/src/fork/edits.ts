/** What is set before an execution goes on, as it is typed: a line each, `PATH = JSON`. */

import { type Json, parse, write } from "../api/exact";

/** A line, from 1, that is no edit; `before` is the one in which its path is set already. A class: paths may be called anything. */
export class Wrong {
  constructor(
    readonly what: "linePath" | "lineJson" | "lineTwice",
    readonly line: number,
    readonly path = "",
    readonly before = 0,
  ) {}
}

export type Edits = Readonly<Record<string, Json>>;

/** The edits by their paths, numbers as they were written; or the first line that is none. Empty lines say nothing. */
export function editsIn(text: string): Edits | Wrong {
  const found = new Map<string, { value: Json; line: number }>();
  for (const [at, row] of text.split("\n").entries()) {
    const line = at + 1;
    if (row.trim() === "") continue;
    const edit = editIn(row);
    if (typeof edit === "string") return new Wrong(edit, line);
    const before = found.get(edit.path);
    if (before !== undefined) return new Wrong("lineTwice", line, edit.path, before.line);
    found.set(edit.path, { value: edit.value, line });
  }
  return Object.fromEntries([...found].map(([path, { value }]) => [path, value]));
}

/** An `=` may stand in a path as in a text: the first one counts behind which JSON stands. */
function editIn(row: string): { path: string; value: Json } | "linePath" | "lineJson" {
  for (let at = row.indexOf("="); at >= 0; at = row.indexOf("=", at + 1)) {
    const path = row.slice(0, at).trim();
    if (path === "") return "linePath";
    try {
      return { path, value: parse(row.slice(at + 1)) };
    } catch {} // another one may follow
  }
  return row.includes("=") ? "lineJson" : "linePath";
}

const SHOWN_MAX = 2_000;
/** What stands for a big value, which is not the value. */
const BLOB = /"blob":"sha256:/;

/** The text with one line more: of what is short the value as it is, to be changed; of what is long, or not known, only its path. */
export function withLine(text: string, path: string, value: Json | undefined): string {
  const now = value === undefined ? "" : write(value);
  return `${text.trim() === "" ? "" : `${text.trimEnd()}\n`}${path} = ${now.length > SHOWN_MAX || BLOB.test(now) ? "" : now}`;
}
