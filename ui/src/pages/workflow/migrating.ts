/** What is asked of the server when open executions are to go on by another version: what would become of them, and to begin it. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { definitionPath } from "../../graph/run-path";
import { IN_TURN } from "./data";

export type Plan = Schemas["MigrationPlan"];
export type Planned = Schemas["PlannedExecution"];

/** Which executions, by which version they are to go on, and which nodes are called otherwise there. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly filter: string;
  readonly names: Readonly<Record<string, string>>;
}

export function isSame(one: Move, other: Move): boolean {
  return JSON.stringify(bodyOf(one)) === JSON.stringify(bodyOf(other));
}

function bodyOf({ from, to, filter, names }: Move) {
  const said = Object.entries(names).filter(([, called]) => called !== "").sort(([one], [other]) => (one < other ? -1 : 1)); // prettier-ignore
  return { from_version: from, to_version: to, names: Object.fromEntries(said), filter: filter.trim() === "" ? null : filter.trim() };
}

/** What would become of them, as they are when it is asked. */
export function usePlan(name: string, move: Move | null, rehearse: boolean, asked: number) {
  return useQuery({
    queryKey: ["migration-plan", name, move === null ? null : bodyOf(move), rehearse, asked],
    enabled: move !== null,
    gcTime: 0,
    ...IN_TURN,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => ask(api.POST("/v1/workflows/{name}/migrations/plan", { params: { path: { name } }, body: { ...bodyOf(move as Move), rehearse }, signal })),
  });
}

/** Begin it; answers the operation that does it. */
export async function migrate(name: string, move: Move, key: string): Promise<string> {
  const params = { path: { name }, header: { "Idempotency-Key": key } };
  return (await ask(api.POST("/v1/workflows/{name}/migrations", { params, body: { ...bodyOf(move), rate: null } }))).operation_id;
}

/** The nodes of the definition that need a name in the other version, by the obstacles that say so. */
export function nameless(plan: Plan | undefined): readonly string[] {
  const found = new Set<string>();
  for (const { obstacles } of plan?.executions ?? []) {
    for (const { sort, about } of obstacles) {
      const path = definitionPath(about);
      if (sort === "mapping" && path !== "" && !/[\].]/.test(path.slice(path.lastIndexOf("/") + 1))) found.add(path);
    }
  }
  return [...found].sort();
}
