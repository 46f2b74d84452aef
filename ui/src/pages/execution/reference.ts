/** What stands for a big value in states and histories: `{"blob": "sha256:…", "bytes": 10046909}`. */

import { Exact, type Json } from "../../api/exact";

export interface Reference {
  readonly blob: string;
  readonly bytes: number;
}

const BLOB = /^sha256:[0-9a-f]{64}$/;
/** So many are looked for in a value, in so many of its parts. */
const FOUND_MAX = 20;
const PARTS_MAX = 10_000;

export function referenceOf(value: Json): Reference | null {
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Exact) return null;
  const { blob, bytes, ...more } = value as Readonly<Record<string, Json>>;
  return typeof blob === "string" && BLOB.test(blob) && typeof bytes === "number" && Object.keys(more).length === 0 ? { blob, bytes } : null;
}

/** Those inside a value, each with the JSON pointer to it. */
export function referencesIn(whole: Json): readonly { readonly path: string; readonly of: Reference }[] {
  const found: { path: string; of: Reference }[] = [];
  const todo: { path: string; value: Json }[] = [{ path: "", value: whole }];
  for (let at = 0; at < todo.length && at < PARTS_MAX && found.length < FOUND_MAX; at += 1) {
    const { path, value } = todo[at] as { path: string; value: Json };
    const of = referenceOf(value);
    if (of !== null) found.push({ path, of });
    else if (value !== null && typeof value === "object" && !(value instanceof Exact)) {
      for (const [key, inner] of Object.entries(value).slice(0, PARTS_MAX)) todo.push({ path: `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, value: inner as Json });
    }
  }
  return found;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** As people say it: `10 MB`. */
export function sizeOf(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return new Intl.NumberFormat("en", { style: "unit", unit: UNITS[power] as string, maximumFractionDigits: 1 }).format(bytes / 1_000 ** power);
}
