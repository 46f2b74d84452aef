/** Bulk operations: how many one would be about, how far one is, and what became of each execution. */

import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../api/client";
import { ANEW } from "../live/anew";

export type BulkAction = "retry" | "fail" | "cancel" | "terminate" | "pause" | "resume";
export type BulkOperation = Schemas["BulkOperation"];
export type BulkResult = Schemas["BulkResult"];
/** What is asked for beforehand; its rows are those of the list of executions. */
export interface Preview {
  readonly total: number;
  readonly is_more: boolean;
  readonly examples: readonly Schemas["Row"][];
}

const EACH_MS = 500;
/** So many results are shown. */
export const RESULTS_MAX = 1_000;

export function request(action: BulkAction, filter: string, more: { readonly dry_run?: boolean; readonly reason?: string | null } = {}): Schemas["BulkRequest"] {
  return { action, filter, ...more } as Schemas["BulkRequest"]; // a payload of null would be one
}

/** Which there are now. */
export function usePreview(action: BulkAction, filter: string) {
  return useQuery({
    queryKey: ["bulk-preview", filter],
    gcTime: 0,
    queryFn: async ({ signal }) => (await ask(api.POST("/v1/operations", { body: request(action, filter, { dry_run: true }), signal }))) as unknown as Preview,
  });
}

/** An operation, asked for again until it has ended. */
export function useOperation(id: string) {
  return useQuery<BulkOperation>({
    queryKey: ["operation", id],
    refetchInterval: (query) => (query.state.data?.ended_at ? false : EACH_MS),
    queryFn: ({ signal }) => ask(api.GET("/v1/operations/{operation}", { params: { path: { operation: id } }, signal })),
  });
}

export function useResults(id: string, done: number) {
  return useQuery({
    queryKey: ["operation-results", id, done],
    ...ANEW,
    queryFn: ({ signal }) => ask(api.GET("/v1/operations/{operation}/results", { params: { path: { operation: id }, query: { limit: RESULTS_MAX } }, signal })),
  });
}
