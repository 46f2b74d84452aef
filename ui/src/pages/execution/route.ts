/** `/executions/ID`: one execution, as it is or as it was after event `at`, with what is chosen in it. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { oneIn, someIn, textIn, textsIn, wholeIn } from "../search";
import { chosenBy } from "./run-path";

export const TABS = ["output", "input", "variables", "why", "events", "debug"] as const;
export type TabId = (typeof TABS)[number];

/** How the graph is shown. */
export const SHOWN_AS = ["graph", "outline"] as const;
/** How the list of events is narrowed and put together. */
export const EVENTS = ["failed", "decisions"] as const;
export const REEL = ["event", "time"] as const;
/** In the address: the execution itself is chosen, where one that failed would open at the node that did. */
export const WHOLE = "*";

export interface ExecutionSearch {
  /** The event that it is looked at after; without it, it is live. */
  readonly at?: number | undefined;
  /** A moment that is marked, to compare another one with it. */
  readonly mark?: number | undefined;
  /** What is chosen: the path of a node of the definition, `each[]/charge`; said as that of a run, `each[3]/charge`, it chooses its iterations, too. */
  readonly node?: string | undefined;
  readonly tab?: TabId | undefined;
  /** Which iterations are shown: `each:3`. */
  readonly iteration?: string[] | undefined;
  /** How the graph is shown: as such, unless said. */
  readonly as?: (typeof SHOWN_AS)[number] | undefined;
  /** The child whose graph and timeline are shown in place. */
  readonly child?: string | undefined;
  readonly events?: (typeof EVENTS)[number][] | undefined;
  /** Only events of this type are listed. */
  readonly type?: string | undefined;
  /** What the reel runs by: events, unless said. */
  readonly reel?: (typeof REEL)[number] | undefined;
  /** Containers that are closed. */
  readonly closed?: string[] | undefined;
}

export const execution = createRoute({
  getParentRoute: () => root,
  path: "/executions/$id",
  validateSearch: (search: Record<string, unknown>): ExecutionSearch => ({
    at: wholeIn(search, "at"),
    mark: wholeIn(search, "mark"),
    tab: oneIn(search, "tab", TABS),
    ...chosenBy(textIn(search, "node"), textsIn(search, "iteration")),
    as: oneIn(search, "as", SHOWN_AS),
    child: textIn(search, "child"),
    events: someIn(search, "events", EVENTS),
    type: textIn(search, "type"),
    reel: oneIn(search, "reel", REEL),
    closed: textsIn(search, "closed"),
  }),
  component: lazyRouteComponent(() => import("./page"), "ExecutionPage"),
});
