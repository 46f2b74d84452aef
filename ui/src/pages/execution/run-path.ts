/** Paths of runs, `each[3]/charge#1`, and of nodes of the definition, `each[]/charge`. Pure. */

import { definitionPath } from "../../graph/run-path";

export { definitionPath };

/** The iterations that a run is in: `each[3]/inner[0]/x` is in `each` 3 and in `each[3]/inner` 0. */
export function iterationsOf(run: string): [string, number][] {
  return [...run.matchAll(/\[(\d+)\]/g)].filter((found) => !run.slice(0, found.index).endsWith(".catch")).map((found) => [run.slice(0, found.index), Number(found[1])]);
}

/** What is chosen, as the address says it: who links to a run need not know how this page names nodes and iterations. */
export function chosenBy(node: string | undefined, iteration: readonly string[] | undefined): { readonly node: string | undefined; readonly iteration: string[] | undefined } {
  const all = [...(iteration ?? []), ...(node === undefined ? [] : iterationsOf(node).map(([loop, number]) => `${loop}:${number}`))];
  return { node: node === undefined ? undefined : definitionPath(node), iteration: all.length === 0 ? undefined : [...new Set(all)] };
}

/** The run that an execution opens at: where it failed, or where it needs a person, or halts; null where it is at rest, or goes on. */
export function opensAt(state: { readonly status: string; readonly error: { readonly node: string } | null; readonly waiting_for: readonly { readonly for: string; readonly path: string }[] } | undefined): string | null {
  if (state === undefined) return null;
  if (state.status === "failed") return state.error?.node || null;
  const at = (what: string) => state.waiting_for.find((one) => one.for === what && one.path !== "")?.path;
  return at("incident") ?? at("halt") ?? null;
}
