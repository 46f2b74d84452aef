/** All of the time in a line of figures, and what these do not say. */

import type { JSX } from "react";
import type { Cost } from "./data";
import { count, money, share } from "./money";
import css from "./page.module.css";
import { say } from "./words";

export function Totals({ total }: { readonly total: Cost }): JSX.Element {
  const { calls, tokens, usd, unmeasured, unpriced, lost } = total;
  const cached = share(tokens.cached, tokens.input);
  const notes = [
    unmeasured > 0 && say("unmeasured", { n: unmeasured }),
    unpriced > 0 && say("unpriced", { n: unpriced }),
    lost.attempts > 0 && say("untold", { n: lost.attempts, usd: money(Number(lost.usd)) }),
  ].filter((note) => note !== false);
  return (
    <section aria-label={say("totals")}>
      <dl className={css["totals"]}>
        <Figure says={say("total")} shown={money(Number(usd))} />
        <Figure says={say("calls")} shown={count(calls)} />
        <Figure says={say("inputTokens")} shown={count(tokens.input)} more={tokens.cached > 0 && cached !== null ? say("cachedShare", { share: cached }) : null} />
        <Figure says={say("outputTokens")} shown={count(tokens.output)} more={tokens.reasoning > 0 ? say("reasoned", { n: tokens.reasoning }) : null} />
        {notes.length > 0 && (
          <div className={css["notes"]}>
            <dt className="only-heard">{say("ofUnmeasured")}</dt>
            {notes.map((note) => (
              <dd key={note} className={css["note"]}>
                {note}
              </dd>
            ))}
          </div>
        )}
      </dl>
    </section>
  );
}

function Figure({ says, shown, more = null }: { readonly says: string; readonly shown: string; readonly more?: string | null }): JSX.Element {
  return (
    <div>
      <dt>{says}</dt>
      <dd>
        {shown}
        {more !== null && <small>{more}</small>}
      </dd>
    </div>
  );
}
