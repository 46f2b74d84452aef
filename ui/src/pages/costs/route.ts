/** `/analytics/models`: what asking models took, in calls, tokens and money, by day; of all, of a workflow, a node, a model, a prompt. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { dayIn } from "../analytics/ranges";
import { root } from "../root";
import { oneIn, textIn, wholeIn } from "../search";
import { say } from "./title";

export const LASTS = ["7d", "30d", "365d"] as const;
export const GROUPS = ["day", "workflow", "version", "node", "model", "prompt"] as const;
export type Group = (typeof GROUPS)[number];

export interface CostsSearch {
  readonly last?: (typeof LASTS)[number] | undefined;
  /** Whole days (UTC), in place of `last`; `to` is the last one. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly workflow?: string | undefined;
  readonly version?: number | undefined;
  readonly node?: string | undefined;
  /** `provider:model`. */
  readonly model?: string | undefined;
  /** `reply`, or a version of it, `reply@4`. */
  readonly prompt?: string | undefined;
  /** What is told apart in the table. */
  readonly group?: Group | undefined;
}

export const costs = createRoute({
  getParentRoute: () => root,
  path: "/analytics/models",
  validateSearch: (search: Record<string, unknown>): CostsSearch => ({
    last: oneIn(search, "last", LASTS),
    from: dayIn(search, "from"),
    to: dayIn(search, "to"),
    workflow: textIn(search, "workflow"),
    version: wholeIn(search, "version"),
    node: textIn(search, "node"),
    model: textIn(search, "model"),
    prompt: textIn(search, "prompt"),
    group: oneIn(search, "group", GROUPS),
  }),
  component: lazyRouteComponent(() => import("./page"), "CostsPage"),
  staticData: { says: () => say("title") },
});
