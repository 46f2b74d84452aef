/** `/analytics`: how many began and ended, how long it took, by hour or day; of all, of a workflow, a version, a node. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn, wholeIn } from "../search";
import { dayIn, GROUPS, LASTS, type Group, type Last } from "./ranges";
import { say } from "./title";

export interface AnalyticsSearch {
  readonly last?: Last | undefined;
  /** Whole days (UTC), in place of `last`; `to` is the last one. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly workflow?: string | undefined;
  readonly version?: number | undefined;
  readonly node?: string | undefined;
  /** What is told apart in the table. */
  readonly group?: Group | undefined;
}

export const analytics = createRoute({
  getParentRoute: () => root,
  path: "/analytics",
  validateSearch: (search: Record<string, unknown>): AnalyticsSearch => ({
    last: oneIn(search, "last", LASTS),
    from: dayIn(search, "from"),
    to: dayIn(search, "to"),
    workflow: textIn(search, "workflow"),
    version: wholeIn(search, "version"),
    node: textIn(search, "node"),
    group: oneIn(search, "group", GROUPS),
  }),
  component: lazyRouteComponent(() => import("./page"), "AnalyticsPage"),
  staticData: { says: () => say("title"), icon: "analytics", keys: "g y" },
});
