/** What is other in the values: input, variables, output and error of the executions, and of the run that is chosen. */

import type { JSX } from "react";
import { type Json, write } from "../../api/exact";
import { unifiedDiff } from "../../parts/diff-lines";
import { TextDiff } from "../../parts/text-diff";
import { type Side, useRunValues } from "./data";
import css from "./page.module.css";
import { say } from "./words";

const OF_ALL = ["variables", "output", "error", "input"] as const;

export function Values({ left, right, run }: { left: Side; right: Side; run: string | null }): JSX.Element {
  const one = useRunValues(left.id, run, left.at).data;
  const other = useRunValues(right.id, run, right.at).data;
  return (
    <div className={css["values"]}>
      {run !== null && (
        <>
          <Diff says={say("runInput", { run })} left={one?.input as Json | undefined} right={other?.input as Json | undefined} />
          <Diff says={say("runOutput", { run })} left={one?.output as Json | undefined} right={other?.output as Json | undefined} />
          <p className="soft">{say("valuesNow")}</p>
        </>
      )}
      {OF_ALL.map((name) => (
        <Diff key={name} says={say(name)} left={valueOf(left, name)} right={valueOf(right, name)} />
      ))}
    </div>
  );
}

function valueOf({ state, variables }: Side, name: (typeof OF_ALL)[number]): Json | undefined {
  return name === "variables" ? variables : (state?.[name] as Json | undefined);
}

function Diff({ says, left, right }: { says: string; left: Json | undefined; right: Json | undefined }): JSX.Element {
  const [before, after] = [written(left), written(right)];
  return (
    <section>
      <h2 translate="no">{says}</h2>
      {before === after ? <p className="soft">{say("equal")}</p> : <TextDiff says={says} text={unifiedDiff(before, after)} />}
    </section>
  );
}

function written(value: Json | undefined): string {
  return value === undefined ? "" : write(value, 2);
}
