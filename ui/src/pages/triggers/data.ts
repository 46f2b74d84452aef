/** Triggers, asked for again every few seconds, and what a back-fill would start. */

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";

export type Trigger = Schemas["TriggerShown"];
export type Backfilled = Schemas["Backfilled"];

const PAGE = 200;
const AGAIN_MS = 5_000;
/** So many times are started at once. */
const BACKFILL_MAX = 1_000;

export function useTriggers() {
  return useInfiniteQuery({
    queryKey: ["triggers"],
    initialPageParam: undefined as string | undefined,
    refetchInterval: AGAIN_MS,
    queryFn: ({ pageParam, signal }) => ask(api.GET("/v1/triggers", { params: { query: { limit: PAGE, ...(pageParam && { after: pageParam }) } }, signal })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** One of them, also where the list has not come to it. */
export function useTrigger(name: string) {
  return useQuery({
    queryKey: ["triggers", name],
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/triggers/{name}", { params: { path: { name } }, signal })),
  });
}

/** The times that a schedule was due at, from one time on, before another; null asks for nothing. */
export function useDue(name: string, range: Range | null) {
  return useQuery({
    queryKey: ["triggers", name, "due", range],
    enabled: range !== null,
    gcTime: 0, // times of another range would be no answer
    queryFn: ({ signal }) => ask(api.POST("/v1/triggers/{name}/backfill", { params: { path: { name } }, body: { ...(range as Range), limit: BACKFILL_MAX, dry_run: true }, signal })),
  });
}

export interface Range {
  readonly since: string;
  readonly until: string;
}

export function backfill(name: string, range: Range): Promise<Backfilled> {
  return ask(api.POST("/v1/triggers/{name}/backfill", { params: { path: { name } }, body: { ...range, limit: BACKFILL_MAX, dry_run: false } }));
}

export function useAgain(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: ["triggers"] });
}
