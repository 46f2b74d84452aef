/** `/workers`: who does the work, what they have in hand, and who owns what of the log. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn } from "../search";
import { say } from "./title";

export const TABS = ["workers", "tasks", "cluster"] as const;

export interface WorkersSearch {
  readonly tab?: (typeof TABS)[number] | undefined;
}

export const workers = createRoute({
  getParentRoute: () => root,
  path: "/workers",
  validateSearch: (search: Record<string, unknown>): WorkersSearch => ({ tab: oneIn(search, "tab", TABS) }),
  component: lazyRouteComponent(() => import("./page"), "WorkersPage"),
  staticData: { says: () => say("title"), icon: "workers", keys: "g c" },
});
