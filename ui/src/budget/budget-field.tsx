/** Of an incident because a budget is used up: what it allows, what became of that, and another limit. */

import type { JSX } from "react";
import { TextField } from "../parts/field";
import { Pairs } from "../parts/pairs";
import { leastOf, type Over, raised } from "./over";
import { say } from "./words";

interface BudgetFieldProps {
  readonly over: Over;
  /** What is typed. */
  readonly text: string;
  readonly onType: (text: string) => void;
}

export function BudgetField({ over, text, onType }: BudgetFieldProps): JSX.Element {
  const { what, node } = over;
  const amount = (value: number) => say(what, { n: written(value) });
  return (
    <>
      <Pairs
        of={[
          [node === null ? say("limitOf") : say("limitOfNode", { node }), amount(over.limit)],
          [say("spent"), amount(over.spent)],
          [say("reserved"), amount(over.reserved)],
          [say("needed"), amount(over.needed)],
        ]}
      />
      <TextField
        label={say("raise", { unit: say(`unit_${what}`), least: written(leastOf(over)) })}
        inputMode="decimal"
        value={text}
        problem={wrongIn(over, text)}
        onChange={(event) => onType(event.target.value)}
      />
      <p className="soft">{say("raiseSays")}</p>
    </>
  );
}

/** Why what is typed is no limit. */
export function wrongIn(over: Over | null, text: string): string | undefined {
  return over !== null && raised(over.what, text) === null ? say("wrong") : undefined;
}

const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 });

function written(value: number): string {
  return NUMBER.format(value);
}
