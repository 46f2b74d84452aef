/** The text of a template with what was typed into its holes: only these values change, all else stays as it was written. Pure. */

import type { Schemas } from "../../api/client";
import type { Json } from "../../api/exact";
import { set, Work } from "../../edit/splice/value";

export type Template = Schemas["TemplateShown"];

/** The name of the field of the workflow's own name; no hole is called so. */
export const NAME = "workflow/name";

/** The form of a template, as a JSON Schema: its name first, then its holes. */
export function schemaOf({ name, holes }: Template, says: string): Json {
  const properties: Record<string, Json> = { [NAME]: { type: "string", title: says, default: name } };
  for (const hole of holes) properties[hole.name] = hole.schema as Json;
  return { type: "object", required: [NAME, ...holes.map((hole) => hole.name)], properties };
}

/** Throws CannotSplice where a value cannot be put in. */
export function filled({ text, holes }: Template, values: { readonly [name: string]: Json }): string {
  const work = new Work(text);
  for (const { name, at } of holes) {
    const value = values[name];
    if (value !== undefined) set(work, at, value);
  }
  set(work, ["name"], values[NAME] ?? "");
  return work.text;
}
