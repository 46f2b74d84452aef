/** `/workflows`: which there are, by a few letters of their names. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { textIn } from "../search";
import { say } from "./title";

export interface WorkflowsSearch {
  readonly find?: string | undefined;
}

export const workflows = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  validateSearch: (search: Record<string, unknown>): WorkflowsSearch => ({ find: textIn(search, "find") }),
  component: lazyRouteComponent(() => import("./page"), "WorkflowsPage"),
  staticData: { says: () => say("title"), icon: "workflows", keys: "g w" },
});
