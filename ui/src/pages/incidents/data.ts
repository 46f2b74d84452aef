/** Causes, the incidents of one, and when the last one was resolved. */

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { ANEW, anew } from "../../live/anew";
import { useLiveRows } from "../../live/use";
import { ofCause } from "./filter";
import type { IncidentsSearch } from "./route";

export type Cause = Schemas["Cause"];
export type Incident = Schemas["Incident"];
type Row = Schemas["Row"];

const PAGE = 200;
/** What the head of the live list does not show is seen so soon. */
const AGAIN_MS = 5_000;

/** It is another one whenever the executions with incidents are others. */
export function useStamp(): string | null {
  const live = useLiveRows<Row>({ subscribe: "list", status: ["incident"], limit: PAGE });
  return live.rows === null ? null : live.rows.map((row) => `${row.execution_id} ${row.position}`).join();
}

export function useCauses(stamp: string | null) {
  return useQuery({
    queryKey: ["incidents", "causes", stamp],
    ...ANEW,
    refetchInterval: AGAIN_MS,
    queryFn: ({ signal }) => ask(api.GET("/v1/incidents/causes", { signal })),
  });
}

export function useIncidents(cause: IncidentsSearch, stamp: string | null) {
  const filter = ofCause(cause);
  return useInfiniteQuery({
    ...anew(["incidents", "of", filter], stamp),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => ask(api.GET("/v1/incidents", { params: { query: { filter, limit: PAGE, ...(pageParam && { cursor: pageParam }) } }, signal })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** When somebody resolved the last one. */
export function useLastResolved(isAsked: boolean) {
  return useQuery({
    queryKey: ["incidents", "last-resolved"],
    enabled: isAsked,
    queryFn: ({ signal }) => ask(api.GET("/v1/audit", { params: { query: { command: "ResolveIncident", limit: 1 } }, signal })),
    select: ({ audit }) => audit[0]?.at ?? null,
  });
}

/** Ask again: something was done. */
export function useAgain(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: ["incidents"] });
}
