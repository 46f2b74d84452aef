/** Drafts that somebody is writing, each with the way back to it. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { api, ask } from "../../api/client";
import { When } from "../../parts/when";
import css from "./page.module.css";
import { say } from "./words";

export function DraftList(): JSX.Element | null {
  const found = useQuery({ queryKey: ["drafts"], queryFn: ({ signal }) => ask(api.GET("/v1/drafts", { signal })), staleTime: 0 });
  const drafts = found.data?.drafts ?? [];
  if (drafts.length === 0) return null;
  return (
    <section className={css["drafts"]} aria-label={say("drafts")}>
      <h2>{say("drafts")}</h2>
      <ul>
        {drafts.map(({ name, workflow, written_at, written_by }) => (
          <li key={name}>
            {workflow === null ? (
              <Link to="/workflows/new" search={{ draft: name }}>
                {name}
              </Link>
            ) : (
              <Link to="/workflows/$name/edit" params={{ name: workflow }}>
                {workflow}
              </Link>
            )}{" "}
            <span className="soft">
              <When at={written_at} /> · {written_by}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
