/** What is wrong with the text, each at its line, with its fix. */

import type { JSX } from "react";
import type { Span } from "../../edit/parse";
import type { Placed } from "../../edit/place";
import { Mark } from "../../parts/state";
import css from "./page.module.css";
import { say } from "./words";

interface ProblemsProps {
  /** Null until it is known. */
  readonly problems: readonly Placed[] | null;
  readonly error: Error | null;
  readonly onGo: (span: Span) => void;
}

export function Problems({ problems, error, onGo }: ProblemsProps): JSX.Element {
  return (
    <section className={css["problems"]} aria-label={say("problems")}>
      <p className="soft" role="status">
        {error !== null ? say("notJudged", { why: error.message }) : problems === null ? say("judging") : problems.some(({ severity }) => severity === "error") ? say("problems") : say("valid")}
      </p>
      <ul>
        {problems?.slice(0, SHOWN_MAX).map((one, at) => (
          <li key={at}>
            <button type="button" className={css["problem"]} onClick={() => onGo(one)}>
              <Mark look={one.severity === "error" ? "failed" : "incident"} size={14} />
              <span translate="no">
                <code>{one.problem.path}</code> {one.problem.message}
                {one.problem.fix && <span className="soft"> {one.problem.fix}</span>}
              </span>
              {one.problem.line !== null && <span className={css["line"]}>{say("atLine", { line: one.problem.line })}</span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const SHOWN_MAX = 100;
