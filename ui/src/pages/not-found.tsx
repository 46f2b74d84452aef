/** A path that no page has: what was looked for, and the nearest that there is. */

import { Link, useLocation, useRouter } from "@tanstack/react-router";
import type { JSX } from "react";
import { Head } from "../frame/head";
import { Empty } from "../parts/empty";
import { say } from "../words/en";
import { nearest } from "./nearest";

export function NotFound(): JSX.Element {
  const { pathname } = useLocation();
  const router = useRouter();
  const there = Object.keys(router.routesByPath).filter((path) => path !== "/" && !path.includes("$"));
  const near = nearest(pathname, there);
  return (
    <>
      <Head title={say("notFound")} />
      <Empty title={say("notFound")} says={say("notFoundSays", { path: pathname })}>
        {near && (
          <p>
            {say("notFoundNearest")} <Link to={near} translate="no">{near}</Link>.
          </p>
        )}
      </Empty>
    </>
  );
}
