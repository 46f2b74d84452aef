/** The list: its head is live, what lies further down is fetched page by page as one scrolls there. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client";
import { type LiveRows, useLiveRows } from "../../live/use";
import { joined } from "./joined";
import type { ExecutionsSearch } from "./route";
import type { Row } from "./statuses";

/** So many rows of the head are live. */
export const HEAD = 200;

export interface List {
  /** `null` until the first are there. */
  readonly rows: readonly Row[] | null;
  readonly problem: LiveRows<Row>["problem"];
  readonly more: () => void;
  /** What is not live is asked for again. */
  readonly again: () => void;
}

export function useList({ status, workflow, filter, sort }: ExecutionsSearch): List {
  const asked = { ...(status && { status }), ...(workflow && { workflow }), ...(filter && { filter }), ...(sort && { sort }) };
  const { rows: head, problem } = useLiveRows<Row>({ subscribe: "list", ...asked, limit: HEAD });
  const rest = useInfiniteQuery({
    queryKey: ["executions", asked],
    enabled: false,
    structuralSharing: false,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => ask(api.GET("/v1/executions", { params: { query: { ...asked, limit: HEAD, ...(pageParam && { cursor: pageParam }) } }, signal })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const isWhole = head !== null && head.length < HEAD;
  return {
    rows: head === null ? null : isWhole ? head : joined(head, rest.data?.pages.flatMap((page) => page.executions) ?? []),
    problem,
    again: () => void (rest.data !== undefined && rest.refetch()),
    more: () => {
      if (isWhole || rest.isFetching || (rest.data !== undefined && !rest.hasNextPage)) return;
      void (rest.data === undefined ? rest.refetch() : rest.fetchNextPage());
    },
  };
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
