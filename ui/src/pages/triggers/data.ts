/** Triggers, asked for again every few seconds, and what a back-fill would start. */

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { Problem } from "../../api/problem";

export type Trigger = Schemas["TriggerShown"];
export type Backfilled = Schemas["Backfilled"]["started"];

const PAGE = 200;
const AGAIN_MS = 5_000;
/** So many times are looked at before anything is started. */
const SEEN_MAX = 1_000;
/** So many times are started by one request: between two of them one sees how far it is, and can stop it. */
const AT_ONCE = 50;

/** What was written here about triggers is part of what is read from then on, whichever process answers. */
let stand = 0;

function written(found: { readonly stand: number }): void {
  stand = Math.max(stand, Number(found.stand));
}

/** Asks with the stand; a server that does not have it yet was restored from a copy, so nothing is waited for. */
async function current<Found>(read: (query: { min_stand?: number }) => Promise<Found>): Promise<Found> {
  try {
    return await read(stand === 0 ? {} : { min_stand: stand });
  } catch (refused) {
    if (!(refused instanceof Problem) || refused.reason !== "unknown_position") throw refused;
    stand = 0;
    return read({});
  }
}

export function useTriggers() {
  return useInfiniteQuery({
    queryKey: ["triggers"],
    initialPageParam: undefined as string | undefined,
    refetchInterval: AGAIN_MS,
    queryFn: ({ pageParam, signal }) => current((query) => ask(api.GET("/v1/triggers", { params: { query: { ...query, limit: PAGE, ...(pageParam && { after: pageParam }) } }, signal }))),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** One of them, also where the list has not come to it. */
export function useTrigger(name: string) {
  return useQuery({
    queryKey: ["triggers", name],
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => current((query) => ask(api.GET("/v1/triggers/{name}", { params: { path: { name }, query }, signal }))),
  });
}

/** The times that a schedule was due at, from one time on, before another; null asks for nothing. */
export function useDue(name: string, range: Range | null) {
  return useQuery({
    queryKey: ["triggers", name, "due", range],
    enabled: range !== null,
    gcTime: 0, // times of another range would be no answer
    queryFn: ({ signal }) => ask(api.POST("/v1/triggers/{name}/backfill", { params: { path: { name } }, body: { ...(range as Range), limit: SEEN_MAX, dry_run: true }, signal })),
  });
}

export interface Range {
  readonly since: string;
  readonly until: string;
}

/** Starts what was due in a range, some at a time; each time it is told what became of them. It stops when it is asked to, or refused. */
export async function backfill(name: string, range: Range, told: (some: Backfilled, until: string) => void, signal: AbortSignal): Promise<void> {
  for (let since: string | null = range.since; since !== null && !signal.aborted; ) {
    const found: Schemas["Backfilled"] = await ask(api.POST("/v1/triggers/{name}/backfill", { params: { path: { name } }, body: { since, until: range.until, limit: AT_ONCE, dry_run: false } }));
    told(found.started, found.next ?? range.until);
    since = found.next;
  }
}

export async function pause(name: string, reason: string): Promise<void> {
  written(await ask(api.POST("/v1/triggers/{name}/pause", { params: { path: { name } }, body: { reason } })));
}

export async function resume(name: string): Promise<void> {
  written(await ask(api.POST("/v1/triggers/{name}/resume", { params: { path: { name } } })));
}

export function useAgain(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: ["triggers"] });
}
