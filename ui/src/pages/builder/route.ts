/** `/workflows/NAME/edit`, and `/workflows/new`, whose draft has a name of its own. */

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../root";
import { textIn, textsIn } from "../search";
import { say } from "./words";

export interface BuilderSearch {
  readonly node?: string | undefined;
  /** The edge that is chosen instead: its body and its place in it. */
  readonly edge?: string | undefined;
  readonly closed?: string[] | undefined;
  /** Whether the form of what is chosen is out of the way; without anything chosen `head` is that of the workflow. */
  readonly form?: "closed" | "head" | undefined;
  /** The execution on which expressions are previewed; without it the last one, `none` for none. */
  readonly on?: string | undefined;
  /** The test run that is looked at; `open` before there is one. */
  readonly test?: string | undefined;
  /** Of a new one: under which name its draft is kept. */
  readonly draft?: string | undefined;
}

function searchOf(search: Record<string, unknown>): BuilderSearch {
  return { node: textIn(search, "node"), edge: textIn(search, "edge"), closed: textsIn(search, "closed"), form: search["form"] === "closed" || search["form"] === "head" ? search["form"] : undefined, on: textIn(search, "on"), test: textIn(search, "test"), draft: textIn(search, "draft") };
}

export const edited = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$name/edit",
  validateSearch: searchOf,
  component: lazyRouteComponent(() => import("./page"), "EditPage"),
});

export const fresh = createRoute({
  getParentRoute: () => root,
  path: "/workflows/new",
  validateSearch: searchOf,
  component: lazyRouteComponent(() => import("./page"), "NewPage"),
  staticData: { says: () => say("titleNew") },
});
