/** One of a few that stand side by side. */

import { type JSX, type ReactNode, useId } from "react";
import css from "./choice.module.css";

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly says: string }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

export function Choice<Value extends string>({ label, options, chosen, onChoose }: ChoiceProps<Value>): JSX.Element {
  const name = useId();
  return (
    <fieldset className={css["choice"]} onKeyDown={(event) => event.key.startsWith("Arrow") && event.stopPropagation() /* they choose here, and are no keys of the page */}>
      <legend className="only-heard">{label}</legend>
      {options.map(({ value, says }) => (
        <label key={value} className={css["option"]}>
          <input type="radio" className="only-heard" name={name} value={value} checked={value === chosen} onChange={() => onChoose(value)} />
          {says}
        </label>
      ))}
    </fieldset>
  );
}

/** A page of which the choice above says what stands below it. */
export function ChoicePage<Value extends string>({ children, ...choice }: ChoiceProps<Value> & { readonly children: ReactNode }): JSX.Element {
  return (
    <div className={css["page"]}>
      <div className={css["above"]}>
        <Choice {...choice} />
      </div>
      {children}
    </div>
  );
}
