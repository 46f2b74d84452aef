/** Variables as they were, and what the event that is looked at changed in them. */

import type { JSX } from "react";
import { type Json, write } from "../../api/exact";
import { Recorded } from "./big";
import { type State, useStateAt } from "./data";
import css from "./inspector.module.css";
import { say } from "./words";

export function Variables({ id, at, state }: { id: string; at: number; state: State | undefined }): JSX.Element {
  const before = useStateAt(id, at - 1, at);
  const now = (state?.variables ?? {}) as Record<string, Json>;
  const was = (at > 1 && before.data?.at === at - 1 ? before.data.variables : now) as Record<string, Json>;
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])].sort();
  if (state === undefined) return <p className="soft">{say("loading")}</p>;
  if (names.length === 0) return <p className="soft">{say("noVariables")}</p>;
  return (
    <dl className={css["variables"]}>
      {names.map((name) => {
        const isOther = said(was[name]) !== said(now[name]);
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {isOther && <s className="soft">{short(was[name])}</s>}{" "}
              {isSmall(now[name]) ? <code className={isOther ? css["changed"] : undefined}>{short(now[name])}</code> : <Recorded id={id} says={name} value={now[name] as Json} linesMax={12} />}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function said(value: Json | undefined): string {
  return value === undefined ? "" : write(value);
}

function short(value: Json | undefined): string {
  const text = said(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function isSmall(value: Json | undefined): boolean {
  return said(value).length <= 80;
}
