/** `/audit`: who did what, by person, deed, workflow, execution, time and filter. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { textIn } from "../search";
import { say } from "./title";

export interface AuditSearch {
  readonly actor?: string | undefined;
  readonly command?: string | undefined;
  readonly workflow?: string | undefined;
  readonly execution?: string | undefined;
  /** Times, as of RFC 3339: done then or later, done before. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly filter?: string | undefined;
}

const NAMES = ["actor", "command", "workflow", "execution", "after", "before", "filter"] as const;

export const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): AuditSearch => Object.fromEntries(NAMES.map((name) => [name, textIn(search, name)])),
  component: lazyRouteComponent(() => import("./page"), "AuditPage"),
  staticData: { says: () => say("title"), icon: "audit", keys: "g a" },
});
