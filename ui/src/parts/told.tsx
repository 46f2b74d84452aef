/** A problem as a person reads it: what it is, what is wrong in which place, and the way on. */

import type { JSX } from "react";
import { Problem } from "../api/problem";
import { say } from "../words/en";
import { Button } from "./button";
import css from "./told.module.css";

interface ToldProps {
  readonly error: Error | { readonly detail: string };
  readonly onRetry?: () => void;
}

export function Told({ error, onRetry }: ToldProps): JSX.Element {
  const problem = error instanceof Problem ? error : null;
  const isAway = problem?.status === 0;
  const detail = error instanceof Error ? error.message : error.detail;
  return (
    <div className={css["told"]} role="alert">
      {isAway ? <p>{say("serverAway")}</p> : <p translate="no">{detail}</p>}
      {isAway && <p className="soft">{say("serverAwaySays")}</p>}
      {problem !== null && problem.problems.length > 0 && (
        <ul translate="no">
          {problem.problems.map((one, at) => (
            <li key={at}>
              <code>{one.path}</code> {one.message}
              {one.fix && <span className="soft"> {one.fix}</span>}
            </li>
          ))}
        </ul>
      )}
      {onRetry && <Button onClick={onRetry}>{say("retry")}</Button>}
    </div>
  );
}
