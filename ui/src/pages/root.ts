/** The route above all pages, and what each says of itself for rail and palette. */

import { createRootRoute } from "@tanstack/react-router";
import { Frame } from "../frame/frame";
import type { IconName } from "../parts/icon";
import { NotFound } from "./not-found";

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    /** What the page is called, in rail and palette. */
    says?: () => string;
    /** With one, it stands in the rail. */
    icon?: IconName;
    /** The keys that lead there, such as `g e`. */
    keys?: string;
  }
}

export const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });
