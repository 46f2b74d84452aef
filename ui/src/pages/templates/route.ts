/** `/templates`: definitions to begin with; one is looked at, found by a few letters. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { textIn, textsIn } from "../search";
import { say } from "./title";

export interface TemplatesSearch {
  readonly find?: string | undefined;
  /** The one that is looked at, by its id; without it the first one that is found. */
  readonly template?: string | undefined;
  readonly node?: string | undefined;
  readonly closed?: string[] | undefined;
}

export const templates = createRoute({
  getParentRoute: () => root,
  path: "/templates",
  validateSearch: (search: Record<string, unknown>): TemplatesSearch => ({
    find: textIn(search, "find"),
    template: textIn(search, "template"),
    node: textIn(search, "node"),
    closed: textsIn(search, "closed"),
  }),
  component: lazyRouteComponent(() => import("./page"), "TemplatesPage"),
  staticData: { says: () => say("title") },
});
