/** `/parts`: what pages are made of, for whoever builds one. It stands in no rail. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";

export const parts = createRoute({
  getParentRoute: () => root,
  path: "/parts",
  component: lazyRouteComponent(() => import("./page"), "PartsPage"),
});
