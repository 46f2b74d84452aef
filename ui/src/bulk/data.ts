/** Bulk operations: how many one would be about, how far one is, and what became of each execution. */

import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../api/client";
import type { Json } from "../api/exact";
import { anew } from "../live/anew";

export const ACTIONS = ["pause", "resume", "retry", "fail", "signal", "cancel", "terminate", "archive"] as const;
export type BulkAction = (typeof ACTIONS)[number];
export type BulkOperation = Schemas["BulkOperation"];
export type BulkResult = Schemas["BulkResult"];
/** What is asked for beforehand; its rows are those of the list of executions. */
export interface Preview {
  readonly total: number;
  /** With how many of them it would do something. */
  readonly will: number;
  readonly skipped: readonly { readonly why: string; readonly count: number; readonly examples: readonly string[] }[];
  readonly is_more: boolean;
  readonly examples: readonly Schemas["Row"][];
}
export type Result = BulkResult["result"];

/** Which executions: those of an expression, these, or those with such an open incident. */
export type Which = { readonly filter: string } | { readonly executions: readonly string[] } | { readonly incidents: string };

/** What is said besides. */
export interface Said {
  readonly reason?: string;
  readonly signal?: string;
  readonly payload?: Json;
}

const EACH_MS = 500;
/** So many results are shown. */
export const RESULTS_MAX = 1_000;
/** So many executions may be named one by one (`docs/reference/http-api.md`). */
export const NAMED_MAX = 1_000;
/** What a dry run is given for a name that nobody has typed yet: it asks for one. */
const ANY_SIGNAL = "signal";

export function request(action: BulkAction, which: Which, more: Said & { readonly dry_run?: boolean } = {}): Schemas["BulkRequest"] {
  return { action, ...which, ...more } as unknown as Schemas["BulkRequest"]; // a payload of null would be one
}

/** Which there are now, and with which of them the action would do nothing. */
export function usePreview(action: BulkAction, which: Which) {
  const body = request(action, which, { dry_run: true, ...(action === "signal" && { signal: ANY_SIGNAL }) });
  return useQuery({
    queryKey: ["bulk-preview", body],
    gcTime: 0,
    retry: false,
    queryFn: async ({ signal }) => (await ask(api.POST("/v1/operations", { body, signal }))) as unknown as Preview,
  });
}

export async function begin(action: BulkAction, which: Which, said: Said, key: string): Promise<string> {
  const begun = (await ask(api.POST("/v1/operations", { params: { header: { "Idempotency-Key": key } }, body: request(action, which, said) }))) as BulkOperation;
  return begun.operation_id;
}

/** Take back what an operation has done: an operation of its own. */
export async function undo(id: string, key: string): Promise<string> {
  return (await ask(api.POST("/v1/operations/{operation}/undo", { params: { path: { operation: id }, header: { "Idempotency-Key": key } } }))).operation_id;
}

/** Hold an operation, let it go on, or end it: it is an execution. */
export async function steer(id: string, what: "pause" | "resume" | "cancel"): Promise<void> {
  const params = { path: { execution: id } };
  if (what === "pause") await ask(api.POST("/v1/executions/{execution}/pause", { params, body: { reason: "" } }));
  else if (what === "resume") await ask(api.POST("/v1/executions/{execution}/resume", { params }));
  else await ask(api.POST("/v1/executions/{execution}/cancel", { params, body: { reason: "" } }));
}

/** An operation, asked for again until it has ended. */
export function useOperation(id: string) {
  return useQuery<BulkOperation>({
    queryKey: ["operation", id],
    refetchInterval: (query) => (query.state.data?.ended_at ? false : EACH_MS),
    queryFn: ({ signal }) => ask(api.GET("/v1/operations/{operation}", { params: { path: { operation: id } }, signal })),
  });
}

/** What became of each, or of those with one result. */
export function useResults(id: string, done: number, result: Result | null) {
  return useQuery<Schemas["BulkResults"]>({
    ...anew(["operation-results", id, result], done),
    queryFn: ({ signal }) =>
      ask(api.GET("/v1/operations/{operation}/results", { params: { path: { operation: id }, query: { limit: RESULTS_MAX, ...(result && { result }) } }, signal })),
  });
}
