/** `/credentials`: the secrets that are kept, which one is looked at, and what came of it when a person is back from its server. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, textIn } from "../search";
import { say } from "./title";

/** How an authorization ended that was begun here, as the server says it in the address. */
export const OUTCOMES = ["connected", "again", "refused", "away", "expired", "broken_off", "foreign", "unreadable", "unready"] as const;

export type Outcome = (typeof OUTCOMES)[number];

export interface CredentialsSearch {
  readonly chosen?: string | undefined;
  readonly outcome?: Outcome | undefined;
}

export const credentials = createRoute({
  getParentRoute: () => root,
  path: "/credentials",
  validateSearch: (search: Record<string, unknown>): CredentialsSearch => ({ chosen: textIn(search, "chosen"), outcome: oneIn(search, "outcome", OUTCOMES) }),
  component: lazyRouteComponent(() => import("./page"), "CredentialsPage"),
  staticData: { says: () => say("title"), icon: "credentials", keys: "g k" },
});
