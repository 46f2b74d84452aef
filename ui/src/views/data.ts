/** Saved views: filters of executions under names, on the server, and those that everybody has. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../api/client";
import { say } from "./words";

export type ViewResource = Schemas["ViewResource"];
export type Sort = "created_at" | "-created_at";

/** What a view shows: as it stands in the address. */
export interface Shown {
  readonly filter?: string | undefined;
  readonly columns?: string[] | undefined;
  readonly sort?: Sort | undefined;
}

export interface View extends Shown {
  /** What stands in the address: the name, of those that everybody has with a colon before it. */
  readonly id: string;
  readonly says: string;
  /** What it is for. */
  readonly summary: string | null;
  /** None of those that everybody has. */
  readonly revision: number | null;
}

const KEY = ["views"];

export function ownViews(): readonly View[] {
  return [
    { id: ":failed", says: say("failed"), summary: null, revision: null, filter: "status == 'failed' && ended_at > now - duration('24h')" },
    { id: ":people", says: say("people"), summary: null, revision: null, filter: "'task' in waits_for" },
    { id: ":longest", says: say("longest"), summary: null, revision: null, filter: "status == 'running'", sort: "created_at" },
  ];
}

export function viewOf({ name, revision, value }: ViewResource): View {
  const sort = value.sort === "created_at" ? value.sort : undefined;
  return { id: name, says: name, summary: value.summary, revision, filter: value.filter || undefined, columns: value.columns ?? undefined, sort };
}

/** Those that everybody has, and those that were saved, as soon as they are there. */
export function useViews(): { readonly views: readonly View[]; readonly isWhole: boolean } {
  const found = useQuery({ queryKey: KEY, staleTime: 60_000, queryFn: ({ signal }) => ask(api.GET("/v1/views", { signal })) });
  return { views: [...ownViews(), ...(found.data?.views.map(viewOf) ?? [])], isWhole: found.data !== undefined || found.isError };
}

/** Whether an address shows just what a view shows. */
export function isAs(view: Shown, shown: Shown): boolean {
  return (view.filter ?? "") === (shown.filter ?? "") && (view.sort ?? "") === (shown.sort ?? "") && (view.columns ?? []).join() === (shown.columns ?? []).join();
}

export interface Saved extends Shown {
  readonly name: string;
  readonly summary: string;
  /** That it has to have still; 0: there must be none of that name yet. */
  readonly revision: number;
}

export function useViewActions() {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: KEY });
  return {
    save: async ({ name, summary, revision, filter, columns, sort }: Saved) => {
      const body = { filter: filter ?? "", columns: columns ?? null, summary: summary === "" ? null : summary, sort: sort ?? null };
      await ask(api.PUT("/v1/views/{name}", { params: { path: { name }, query: { revision } }, body }));
      await again();
    },
    remove: async (name: string, revision: number) => {
      await ask(api.DELETE("/v1/views/{name}", { params: { path: { name }, query: { revision } } }));
      await again();
    },
  };
}
