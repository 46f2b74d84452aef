/** `/executions`: which there are, by state, workflow and filter. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { someIn, textIn } from "../search";
import { STATUSES, type Status } from "./statuses";
import { say } from "./words";

export interface ExecutionsSearch {
  readonly status?: Status[] | undefined;
  readonly workflow?: string | undefined;
  readonly filter?: string | undefined;
}

export const executions = createRoute({
  getParentRoute: () => root,
  path: "/executions",
  validateSearch: (search: Record<string, unknown>): ExecutionsSearch => ({
    status: someIn(search, "status", STATUSES),
    workflow: textIn(search, "workflow"),
    filter: textIn(search, "filter"),
  }),
  component: lazyRouteComponent(() => import("./page"), "ExecutionsPage"),
  staticData: { says: () => say("title"), icon: "executions", keys: "g e" },
});
