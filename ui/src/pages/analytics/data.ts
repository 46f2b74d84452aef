/** The numbers: by hour or day as a whole, and over all of the time what is told apart. */

import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client";
import { type Group, type Range, rangeOf } from "./ranges";
import type { AnalyticsSearch } from "./route";

const AGAIN_MS = 10_000;

function asked({ workflow, version, node }: AnalyticsSearch, { from, to }: Range) {
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    ...(workflow !== undefined && { workflow }),
    ...(version !== undefined && { version }),
    ...(node !== undefined && { node }),
  };
}

/** The range moves on with the hours. */
export function useWindows(search: AnalyticsSearch, now: number) {
  const range = rangeOf(search, now);
  const query = { ...asked(search, range), by: range.by, group: "" };
  const found = useQuery({
    queryKey: ["analytics", query],
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/analytics", { params: { query }, signal })),
  });
  return { range, found };
}

export function useGroups(search: AnalyticsSearch, range: Range, group: Group) {
  const { node, ...others } = search;
  const query = { ...asked(group === "node" ? others : { ...others, node }, range), by: "all" as const, group: group === "version" ? "workflow,version" : group === "node" ? "workflow,node" : "workflow" };
  return useQuery({
    queryKey: ["analytics", query],
    enabled: group !== "time",
    refetchInterval: AGAIN_MS,
    retry: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/analytics", { params: { query }, signal })),
  });
}

export function useWorkflowNames(): readonly string[] {
  const found = useQuery({
    queryKey: ["workflows"],
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows", { signal })),
    select: ({ workflows }) => workflows.map(({ name }) => name),
  });
  return found.data ?? [];
}
