/** A filter as conditions, each of which can be changed and taken away; what is no such condition stands there as it was written. */

import { type JSX, useState } from "react";
import { Button, IconButton } from "../parts/button";
import { conjuncts, joined } from "./cel";
import css from "./filter.module.css";
import { TermDialog } from "./term-dialog";
import { kindOf, LENGTH, type Term, termOf, written } from "./terms";
import { say, sayOfTime, sayOperator } from "./words";

interface ChipsProps {
  readonly filter: string | undefined;
  readonly workflows: readonly string[];
  readonly searchNames: readonly string[];
  readonly onFilter: (filter: string | undefined) => void;
}

export function Chips({ filter = "", workflows, searchNames, onFilter }: ChipsProps): JSX.Element {
  const [changing, setChanging] = useState<{ readonly at: number; readonly term: Term | null } | null>(null);
  const parts = conjuncts(filter);
  const put = (next: readonly string[]) => onFilter(joined(next) || undefined);
  return (
    <div className={css["chips"]} role="group" aria-label={say("conditions")}>
      {parts.map((part, at) => {
        const term = termOf(part);
        const says = term === null ? part : sayTerm(term);
        return (
          <span key={`${at} ${part}`} className={css["chip"]}>
            {term === null ? (
              <code className={css["raw"]} title={part}>
                {part}
              </code>
            ) : (
              <button type="button" className={css["says"]} aria-label={say("change", { says })} onClick={() => setChanging({ at, term })}>
                {says}
              </button>
            )}
            <IconButton icon="close" says={say("remove", { says })} onClick={() => put(parts.filter((_, other) => other !== at))} />
          </span>
        );
      })}
      <Button look="bare" icon="plus" onClick={() => setChanging({ at: parts.length, term: null })}>
        {say("add")}
      </Button>
      {changing !== null && (
        <TermDialog
          term={changing.term}
          workflows={workflows}
          searchNames={searchNames}
          onTerm={(term) => put([...parts.slice(0, changing.at), written(term), ...parts.slice(changing.at + 1)])}
          onClose={() => setChanging(null)}
        />
      )}
    </div>
  );
}

/** A condition in words. */
export function sayTerm({ column, operator, value }: Term): string {
  if (kindOf(column) !== "time") return `${column} ${sayOperator(operator)} ${value}`;
  const when = LENGTH.test(value) ? sayOfTime("ago", { length: value }) : value;
  return `${column} ${sayOfTime(operator as ">" | ">=" | "<" | "<=")} ${when}`;
}
