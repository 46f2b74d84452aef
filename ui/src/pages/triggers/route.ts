/** `/triggers`: what starts executions by itself, and which one is looked at. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { textIn } from "../search";
import { say } from "./title";

export interface TriggersSearch {
  readonly trigger?: string | undefined;
}

export const triggers = createRoute({
  getParentRoute: () => root,
  path: "/triggers",
  validateSearch: (search: Record<string, unknown>): TriggersSearch => ({ trigger: textIn(search, "trigger") }),
  component: lazyRouteComponent(() => import("./page"), "TriggersPage"),
  staticData: { says: () => say("title"), icon: "schedules", keys: "g s" },
});
