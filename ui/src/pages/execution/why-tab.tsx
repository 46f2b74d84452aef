/** Why it ran, or did not: each step leads to the moment that it speaks of. */

import type { JSX } from "react";
import { boxesIn } from "../../graph/outline";
import { statusOf } from "../../graph/status";
import { State } from "../../parts/state";
import { sayState } from "../../words/en";
import css from "./inspector.module.css";
import type { InspectorProps } from "./inspector";
import { type Step, whyOf } from "./why";
import { say } from "./words";

export function Why({ outline, shown, chosen, onGo, onChoose }: InspectorProps): JSX.Element {
  if (outline === null || chosen === null) return <p className="soft">{say("whyOfNothing")}</p>;
  const kinds = new Map([...boxesIn(outline)].map(({ path, kind }) => [path, kind]));
  const steps = whyOf(outline, shown.looks, chosen);
  const look = shown.looks.boxes.get(chosen);
  return (
    <>
      {look === undefined && <p>{say(shown.isPast ? "notBegunAt" : "notBegun")}</p>}
      {steps.length === 0 && <p className="soft">{say("begins")}</p>}
      <ol className={css["why"]}>
        {steps.map((step) => (
          <li key={step.path}>
            <button type="button" className={css["step"]} onClick={() => onChoose(step.path)}>
              {step.says}
            </button>{" "}
            {step.state === null ? <span className="soft">{say(shown.isPast ? "notBegunAt" : "notBegun")}</span> : <State status={statusOf(kinds.get(step.path) ?? "", step.state)} />}{" "}
            {step.version !== null && (
              <button type="button" className={css["version"]} aria-label={say("led", { state: sayState(statusOf(kinds.get(step.path) ?? "", step.state ?? "")), version: step.version })} onClick={() => onGo(step.version as number)}>
                {`v${step.version}`}
              </button>
            )}
            <By step={step} />
          </li>
        ))}
      </ol>
    </>
  );
}

function By({ step: { by } }: { step: Step }): JSX.Element | null {
  if (by === null) return <p className="soft">{say("inside")}</p>;
  return (
    <p className="soft">
      {by.port !== "out" && (
        <>
          {say("byEdge", { port: "" })}
          <code>{by.port}</code>{" "}
        </>
      )}
      {by.when !== null && (
        <>
          {say("byWhen", { when: "" })}
          <code>{by.when}</code>{" "}
        </>
      )}
      {by.taken === "untaken" && say("notTaken")}
      {by.taken === "open" && say("notYetTaken")}
    </p>
  );
}
