/** `/connectors`: the APIs that nodes can ask, which one is looked at, and which of its actions. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn, wholeIn } from "../search";
import { say } from "./title";

export const TABS = ["actions", "auth", "uses", "versions"] as const;

export interface ConnectorsSearch {
  readonly connector?: string | undefined;
  /** Without one it is the latest. */
  readonly version?: number | undefined;
  readonly tab?: (typeof TABS)[number] | undefined;
  readonly action?: string | undefined;
  /** A part of the name, the path or the summary of the actions that are listed. */
  readonly find?: string | undefined;
}

export const connectors = createRoute({
  getParentRoute: () => root,
  path: "/connectors",
  validateSearch: (search: Record<string, unknown>): ConnectorsSearch => ({
    connector: textIn(search, "connector"),
    version: wholeIn(search, "version"),
    tab: oneIn(search, "tab", TABS),
    action: textIn(search, "action"),
    find: textIn(search, "find"),
  }),
  component: lazyRouteComponent(() => import("./page"), "ConnectorsPage"),
  staticData: { says: () => say("title"), icon: "connectors", keys: "g h" },
});
