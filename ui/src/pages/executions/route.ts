/** `/executions`: which there are, by state, workflow and filter; which columns, in which order; which are marked stands nowhere. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { joined, quoted } from "../../filter/cel";
import type { Sort } from "../../views/data";
import { root } from "../root";
import { oneIn, someIn, textIn, textsIn } from "../search";
import { STATUSES, type Status } from "./statuses";
import { say } from "./title";

export interface ExecutionsSearch {
  readonly status?: Status[] | undefined;
  readonly workflow?: string | undefined;
  readonly filter?: string | undefined;
  readonly columns?: string[] | undefined;
  readonly sort?: Sort | undefined;
  /** The view that it began as. */
  readonly view?: string | undefined;
  /** A bulk operation that is looked at. */
  readonly operation?: string | undefined;
}

export const executions = createRoute({
  getParentRoute: () => root,
  path: "/executions",
  validateSearch: (search: Record<string, unknown>): ExecutionsSearch => ({
    status: someIn(search, "status", STATUSES),
    workflow: textIn(search, "workflow"),
    filter: textIn(search, "filter"),
    columns: textsIn(search, "columns"),
    sort: oneIn(search, "sort", ["created_at", "-created_at"] as const),
    view: textIn(search, "view"),
    operation: textIn(search, "operation"),
  }),
  component: lazyRouteComponent(() => import("./page"), "ExecutionsPage"),
  staticData: { says: () => say("title"), icon: "executions", keys: "g e" },
});

/** All that is asked for, as one expression; empty where nothing is. */
export function wholeFilter({ status, workflow, filter }: ExecutionsSearch): string {
  const parts = [
    ...(workflow === undefined ? [] : [`workflow == ${quoted(workflow)}`]),
    ...(status === undefined ? [] : [`status in [${status.map((one) => quoted(one)).join(", ")}]`]),
    ...(filter === undefined ? [] : [filter]),
  ];
  return joined(parts);
}
