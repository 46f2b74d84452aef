/** `/incidents`: what needs a person, by its cause; a cause stands in the address by its four parts. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { textIn } from "../search";
import { say } from "./title";

export interface IncidentsSearch {
  readonly workflow?: string | undefined;
  readonly node?: string | undefined;
  readonly type?: string | undefined;
  /** The message as the cause has it: words with a digit in them are `#`. */
  readonly shape?: string | undefined;
  /** A bulk operation that is looked at. */
  readonly operation?: string | undefined;
}

export const incidents = createRoute({
  getParentRoute: () => root,
  path: "/incidents",
  validateSearch: (search: Record<string, unknown>): IncidentsSearch => ({
    workflow: textIn(search, "workflow"),
    node: textIn(search, "node"),
    type: textIn(search, "type"),
    shape: textIn(search, "shape"),
    operation: textIn(search, "operation"),
  }),
  component: lazyRouteComponent(() => import("./page"), "IncidentsPage"),
  staticData: { says: () => say("title"), icon: "incidents", keys: "g n" },
});
