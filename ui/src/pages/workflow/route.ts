/** `/workflows/NAME`: a workflow and its versions; one as graph or text, or what is different between two. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { VIEWS, type ViewId } from "../../compare/views";
import { root } from "../root";
import { oneIn, textIn, textsIn, wholeIn } from "../search";

export const TABS = ["graph", "text", "diff", "coverage"] as const;
export type TabId = (typeof TABS)[number];

export interface WorkflowSearch {
  /** The one that is looked at; without it, the active one. */
  readonly version?: number | undefined;
  readonly tab?: TabId | undefined;
  /** With which one it is compared; without it, the one before. */
  readonly before?: number | undefined;
  /** How the comparison is shown; without it, by node. */
  readonly as?: ViewId | undefined;
  readonly node?: string | undefined;
  readonly closed?: string[] | undefined;
  /** Whether the diff tells where nodes stand in the picture, too. */
  readonly layout?: "yes" | undefined;
  /** Of so many executions it is counted what they took. */
  readonly last?: number | undefined;
}

export const workflow = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$name",
  validateSearch: (search: Record<string, unknown>): WorkflowSearch => ({
    version: wholeIn(search, "version"),
    tab: oneIn(search, "tab", TABS),
    before: wholeIn(search, "before"),
    as: oneIn(search, "as", VIEWS),
    node: textIn(search, "node"),
    closed: textsIn(search, "closed"),
    layout: oneIn(search, "layout", ["yes"]),
    last: wholeIn(search, "last"),
  }),
  component: lazyRouteComponent(() => import("./page"), "WorkflowPage"),
});
