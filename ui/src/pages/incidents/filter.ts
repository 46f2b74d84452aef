/** A cause as an expression of its incidents, and executions as one that names them. */

import type { IncidentsSearch } from "./route";

/** So long may an expression be (`docs/reference/filters.md`). */
export const CHARS_MAX = 4_000;

/** A text as an expression writes it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029\u007f-\u009f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The incidents of a cause. */
export function ofCause({ workflow = "", node = "", type = "", shape = "" }: IncidentsSearch): string {
  return `workflow == ${quoted(workflow)} && node == ${quoted(node)} && error.type == ${quoted(type)} && error.shape == ${quoted(shape)}`;
}

export interface Executions {
  readonly filter: string;
  readonly count: number;
}

/** Executions by their ids, each once: as many as fit into one expression, the first of them. */
export function executionsOf(ids: readonly string[]): Executions {
  const named: string[] = [];
  let length = "execution_id in []".length;
  for (const id of new Set(ids)) {
    length += quoted(id).length + ", ".length;
    if (length > CHARS_MAX) break;
    named.push(quoted(id));
  }
  return { filter: `execution_id in [${named.join(", ")}]`, count: named.length };
}
