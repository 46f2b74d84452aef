/** The audit: its head follows what happens, what lies further down is fetched page by page as one scrolls there. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useLiveRows } from "../../live/use";
import type { AuditSearch } from "./route";

export type Row = Schemas["AuditRow"];

export const PAGE = 200;
/** So many pages are asked for again when something happens; whoever has scrolled further reads what was there. */
const PAGES_LIVE = 3;
/** What is done to definitions and credentials tells nobody of itself. */
const AGAIN_MS = 5_000;
/** However much happens, it is asked for again only so often. */
const PAUSE_MS = 1_000;

export function useAudit(search: AuditSearch) {
  const asked = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as { [Name in keyof AuditSearch]: string };
  const found = useInfiniteQuery({
    queryKey: ["audit", asked],
    gcTime: 0, // what was done under another filter would be no answer
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => ask(api.GET("/v1/audit", { params: { query: { ...asked, limit: PAGE, ...(pageParam && { cursor: pageParam }) } }, signal })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const isLive = (found.data?.pages.length ?? 0) <= PAGES_LIVE;
  useWhenAnythingHappens(() => isLive && !found.isFetching && void found.refetch());
  return found;
}

/** Calls back when the newest executions are others, not more often than once a second, and every few seconds all the same. */
function useWhenAnythingHappens(then: () => void): void {
  const live = useLiveRows<Schemas["Row"]>({ subscribe: "list", limit: PAGE });
  const stamp = live.rows?.map((row) => `${row.execution_id} ${row.position}`).join();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const told = useEffectEvent(then);
  useEffect(() => {
    if (stamp === undefined || timer.current !== null) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      told();
    }, PAUSE_MS);
  }, [stamp]);
  useEffect(() => {
    const again = setInterval(told, AGAIN_MS);
    return () => {
      clearInterval(again);
      if (timer.current !== null) clearTimeout(timer.current);
    };
  }, []);
}

/** The names of all workflows, to choose from. */
export function useWorkflowNames(): readonly string[] {
  const found = useQuery({
    queryKey: ["workflows"],
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows", { signal })),
    select: ({ workflows }) => workflows.map(({ name }) => name),
  });
  return found.data ?? [];
}
