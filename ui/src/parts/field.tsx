/** Fields: a name, something to type or choose in, and what is wrong with it. */

import { type InputHTMLAttributes, type JSX, type ReactNode, type Ref, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";
import { names } from "./class-names";
import { Icon } from "./icon";
import css from "./field.module.css";

interface Named {
  /** What it is called. */
  readonly label: string;
  /** Heard, but not shown: what stands around it says the same. */
  readonly hideLabel?: boolean;
  readonly problem?: string | undefined;
}

function Frame({ id, label, hideLabel, problem, children }: Named & { id: string; children: ReactNode }): JSX.Element {
  return (
    <div className={css["field"]}>
      <label htmlFor={id} className={hideLabel ? "only-heard" : css["label"]}>
        {label}
      </label>
      {children}
      {problem !== undefined && (
        <p id={`${id}-problem`} className={css["problem"]}>
          {problem}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps extends Named, InputHTMLAttributes<HTMLInputElement> {
  /** An expression, a path, an id: what has to be seen sign by sign. */
  readonly mono?: boolean;
  readonly ref?: Ref<HTMLInputElement>;
}

export function TextField({ label, hideLabel = false, problem, mono = false, ...rest }: TextFieldProps): JSX.Element {
  const id = useId();
  return (
    <Frame id={id} label={label} hideLabel={hideLabel} problem={problem}>
      <input
        id={id}
        className={names(css["input"], mono && css["mono"])}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        autoComplete="off"
        spellCheck={!mono}
        {...rest}
      />
    </Frame>
  );
}

interface LongFieldProps extends Named, TextareaHTMLAttributes<HTMLTextAreaElement> {
  readonly mono?: boolean;
  readonly ref?: Ref<HTMLTextAreaElement>;
}

/** Text of several lines; as high as what is in it. */
export function LongField({ label, hideLabel = false, problem, mono = false, ...rest }: LongFieldProps): JSX.Element {
  const id = useId();
  return (
    <Frame id={id} label={label} hideLabel={hideLabel} problem={problem}>
      <textarea
        id={id}
        className={names(css["input"], css["long"], mono && css["mono"])}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        spellCheck={!mono}
        rows={3}
        {...rest}
      />
    </Frame>
  );
}

interface SelectFieldProps extends Named, Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange"> {
  readonly options: readonly { readonly value: string; readonly says: string }[];
  readonly onChange: (value: string) => void;
}

export function SelectField({ label, hideLabel = false, problem, options, onChange, ...rest }: SelectFieldProps): JSX.Element {
  const id = useId();
  return (
    <Frame id={id} label={label} hideLabel={hideLabel} problem={problem}>
      <div className={css["choice"]}>
        <select id={id} className={css["input"]} onChange={(event) => onChange(event.target.value)} {...rest}>
          {options.map(({ value, says }) => (
            <option key={value} value={value}>
              {says}
            </option>
          ))}
        </select>
        <Icon name="down" />
      </div>
    </Frame>
  );
}
