/** `/executions/ID`: one execution, as it is or as it was after event `at`, with what is chosen in it. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn, textsIn, wholeIn } from "../search";
import { chosenBy } from "./run-path";

export const TABS = ["output", "input", "variables", "why", "events"] as const;
export type TabId = (typeof TABS)[number];

export interface ExecutionSearch {
  /** The event that it is looked at after; without it, it is live. */
  readonly at?: number | undefined;
  /** What is chosen: the path of a node of the definition, `each[]/charge`; said as that of a run, `each[3]/charge`, it chooses its iterations, too. */
  readonly node?: string | undefined;
  readonly tab?: TabId | undefined;
  /** Which iterations are shown: `each:3`. */
  readonly iteration?: string[] | undefined;
  /** Containers that are closed. */
  readonly closed?: string[] | undefined;
}

export const execution = createRoute({
  getParentRoute: () => root,
  path: "/executions/$id",
  validateSearch: (search: Record<string, unknown>): ExecutionSearch => ({
    at: wholeIn(search, "at"),
    tab: oneIn(search, "tab", TABS),
    ...chosenBy(textIn(search, "node"), textsIn(search, "iteration")),
    closed: textsIn(search, "closed"),
  }),
  component: lazyRouteComponent(() => import("./page"), "ExecutionPage"),
});
