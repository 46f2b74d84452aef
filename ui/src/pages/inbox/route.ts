/** `/inbox` and `/inbox/TASK`: what people are asked. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn } from "../search";
import { say } from "./title";

export const WHICH = ["mine", "groups", "all", "overdue", "over"] as const;
export type Which = (typeof WHICH)[number];

export interface InboxSearch {
  readonly which?: Which | undefined;
  readonly workflow?: string | undefined;
}

const validateSearch = (search: Record<string, unknown>): InboxSearch => ({ which: oneIn(search, "which", WHICH), workflow: textIn(search, "workflow") });

export const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  validateSearch,
  component: lazyRouteComponent(() => import("./page"), "InboxPage"),
  staticData: { says: () => say("title"), icon: "inbox", keys: "g i" },
});

export const task = createRoute({
  getParentRoute: () => root,
  path: "/inbox/$task",
  validateSearch,
  component: lazyRouteComponent(() => import("./page"), "TaskPage"),
});
