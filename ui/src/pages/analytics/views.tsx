/** The pages of analytics, side by side: what executions did, and what models cost. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import css from "./views.module.css";
import { say } from "./words";

const EXACT = { exact: true, includeSearch: false } as const;

export function Views(): JSX.Element {
  return (
    <nav className={css["views"]} aria-label={say("title")}>
      <Link to="/analytics" className={css["view"]} activeOptions={EXACT}>
        {say("ofExecutions")}
      </Link>
      <Link to="/analytics/models" className={css["view"]} activeOptions={EXACT}>
        {say("ofModels")}
      </Link>
    </nav>
  );
}
