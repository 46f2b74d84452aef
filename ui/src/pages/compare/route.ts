/** `/compare?left=ID@V&right=ID@V`: two executions, or two moments of one. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn } from "../search";
import { say } from "./title";

export const TABS = ["ways", "values"] as const;

export interface CompareSearch {
  readonly left?: string | undefined;
  readonly right?: string | undefined;
  /** The path of the run that is chosen. */
  readonly run?: string | undefined;
  readonly tab?: (typeof TABS)[number] | undefined;
}

export const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: (search: Record<string, unknown>): CompareSearch => ({
    left: textIn(search, "left"),
    right: textIn(search, "right"),
    run: textIn(search, "run"),
    tab: oneIn(search, "tab", TABS),
  }),
  component: lazyRouteComponent(() => import("./page"), "ComparePage"),
  staticData: { says: () => say("title") },
});
