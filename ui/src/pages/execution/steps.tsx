/** The steps that the attempts of a run had recorded by the moment that is looked at, with their results; of many the last ones. */

import { type JSX, useMemo } from "react";
import type { Json } from "../../api/exact";
import { Told } from "../../parts/told";
import type { Trace } from "../../trace/trace";
import { Recorded } from "./big";
import { useEvents } from "./data";
import css from "./inspector.module.css";
import { stepsAt } from "./steps-at";
import { say } from "./words";

const SHOWN = 20;

interface StepsProps {
  readonly id: string;
  readonly trace: Trace;
  readonly place: number;
  readonly at: number;
  readonly isResting: boolean;
}

export function Steps({ id, trace, place, at, isResting }: StepsProps): JSX.Element | null {
  const versions = useMemo(() => stepsAt(trace, place, at), [trace, place, at]);
  const found = useEvents(id, versions.slice(-SHOWN), isResting && versions.length > 0);
  if (versions.length === 0) return null;
  if (found.error) return <Told error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <section>
      <h3 className={css["heading"]}>{say("steps", { n: versions.length })}</h3>
      {versions.length > SHOWN && <p className="soft">{say("stepsLast", { n: SHOWN })}</p>}
      <dl className={css["variables"]}>
        {(found.data ?? []).map(({ version, attempt, data }) => {
          const { name, output } = data as Record<string, Json>;
          return (
            <div key={version}>
              <dt>
                {String(name)} <span className="soft">{say("attempts", { n: attempt ?? 1 })}</span>
              </dt>
              <dd>
                <Recorded id={id} says={String(name)} value={output ?? null} linesMax={6} />
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
