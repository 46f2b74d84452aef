/** `/settings`: the server with its settings, its read models, how it is backed up, and the settings of this browser. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn } from "../search";
import { say } from "./title";

export const TABS = ["server", "readModels", "backup", "browser"] as const;

export interface SettingsSearch {
  readonly tab?: (typeof TABS)[number] | undefined;
  /** A part of the name, the value or the meaning of the settings that are shown. */
  readonly find?: string | undefined;
}

export const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  validateSearch: (search: Record<string, unknown>): SettingsSearch => ({ tab: oneIn(search, "tab", TABS), find: textIn(search, "find") }),
  component: lazyRouteComponent(() => import("./page"), "SettingsPage"),
  staticData: { says: () => say("title"), icon: "server", keys: "g o" },
});
