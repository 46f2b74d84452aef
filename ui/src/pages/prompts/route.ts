/** `/prompts`: the prompts that are kept, which version is looked at, and which one it is compared with. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn, wholeIn } from "../search";
import { say } from "./title";

export const TABS = ["says", "diff", "versions"] as const;

export interface PromptsSearch {
  readonly prompt?: string | undefined;
  /** Without one it is the latest. */
  readonly version?: number | undefined;
  /** With which one it is compared; without one with that before it. */
  readonly before?: number | undefined;
  readonly tab?: (typeof TABS)[number] | undefined;
}

export const prompts = createRoute({
  getParentRoute: () => root,
  path: "/prompts",
  validateSearch: (search: Record<string, unknown>): PromptsSearch => ({
    prompt: textIn(search, "prompt"),
    version: wholeIn(search, "version"),
    before: wholeIn(search, "before"),
    tab: oneIn(search, "tab", TABS),
  }),
  component: lazyRouteComponent(() => import("./page"), "PromptsPage"),
  staticData: { says: () => say("title"), icon: "prompts", keys: "g p" },
});
