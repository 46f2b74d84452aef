/** What is live and what was fetched, as one list. */

import type { Row } from "./statuses";

/** The live head, and behind it what was fetched, each once: what the head knows is newer. */
export function joined(head: readonly Row[], fetched: readonly Row[]): readonly Row[] {
  const known = new Set(head.map((row) => row.execution_id));
  return [...head, ...fetched.filter((row) => !known.has(row.execution_id))];
}
