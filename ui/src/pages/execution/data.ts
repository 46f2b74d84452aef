/** What the page asks of the server beside the trace. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { ANEW } from "../../live/anew";
import type { Json } from "../../api/exact";
import { outlineOf, type Room } from "../../graph/outline";

/** While events come by the hundred, what only the server knows is asked for no more often than this. */
export const ASKED_MS = 500;

/** `test`: of a test run, what it is given. */
export type State = Schemas["State"] & { readonly test?: unknown };
export type HistoryEvent = Schemas["HistoryPage"]["events"][number];

/** The state after an event, or as it is; of event 0 there is none. While another one is on its way, the one before is shown. */
export function useStateAt(execution: string, at: number | undefined, version: number) {
  return useQuery({
    queryKey: ["state", execution, at ?? `now ${version}`],
    enabled: version > 0 && at !== 0,
    placeholderData: keepPreviousData,
    ...(at === undefined && ANEW),
    structuralSharing: false,
    staleTime: at === undefined ? 0 : Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/state", { params: { path: { execution }, query: at === undefined ? {} : { at } }, signal })),
  });
}

/** The definition that it ran by at that moment; of a test run it need not be published, and has no version then. */
function useDefinition(state: State | undefined) {
  return useQuery({
    queryKey: ["definition", state?.workflow, state?.definition],
    enabled: state !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const { execution_id: execution, workflow: name, definition: hash, version } = state as State;
      const now = await ask(api.GET("/v1/executions/{execution}/definition", { params: { path: { execution } }, signal }));
      return now.hash === hash ? now : ask(api.GET("/v1/workflows/{name}", { params: { path: { name }, query: { version } }, signal })); // it has changed since
    },
    select: ({ definition, hash }) => ({ definition: definition as Json, hash }),
  });
}

/** The definition of an execution, and its boxes. */
export function useOutline(state: State | undefined): { readonly definition: { readonly hash: string } | undefined; readonly outline: Room | null } {
  const found = useDefinition(state);
  const definition = found.data;
  const outline = useMemo(() => (definition === undefined ? null : outlineOf(definition.definition)), [definition?.hash]);
  return { definition, outline };
}

/** Events with what they say, by their numbers; what was recorded stays as it is. Until one rests, those before are shown. */
export function useEvents(execution: string, versions: readonly number[], isResting = true) {
  return useQuery({
    queryKey: ["events", execution, versions.join()],
    enabled: isResting,
    ...(!isResting && { placeholderData: keepPreviousData }),
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const asked = versions.map((from) => ask(api.GET("/v1/executions/{execution}/history", { params: { path: { execution }, query: { from, limit: 1 } }, signal })));
      return (await Promise.all(asked)).flatMap(({ events }) => events);
    },
  });
}
