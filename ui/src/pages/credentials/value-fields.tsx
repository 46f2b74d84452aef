/** The values of a credential as they are typed: what is secret is hidden, stays in this component, and is gone with it. */

import { type ClipboardEvent, type JSX, useState } from "react";
import { Button } from "../../parts/button";
import { SelectField, TextField } from "../../parts/field";
import type { Kind, Values } from "./data";
import css from "./page.module.css";
import { say } from "./words";

/** What was typed, in the order of the fields; of a kind that takes any, the names are typed, too. */
export type Typed = readonly { readonly name: string; readonly value: string }[];

export function typedFor(kind: Kind): Typed {
  return kind.takes_any ? [{ name: "", value: "" }] : kind.fields.map(({ name }) => ({ name, value: "" }));
}

export function valuesOf(typed: Typed): Values {
  return Object.fromEntries(typed.filter(({ name, value }) => name !== "" && value !== "").map(({ name, value }) => [name.trim(), value]));
}

/** Why these cannot be kept yet. */
export function lacking(kind: Kind, typed: Typed): string | undefined {
  const values = valuesOf(typed);
  const missing = kind.takes_any ? (Object.keys(values).length === 0 ? say("valueSecret", { n: 1 }) : undefined) : kind.fields.find((field) => field.is_required && !values[field.name])?.name;
  return missing === undefined ? undefined : say("missing", { name: missing });
}

interface ValueFieldsProps {
  readonly kind: Kind;
  readonly typed: Typed;
  readonly onType: (typed: Typed) => void;
}

export function ValueFields({ kind, typed, onType }: ValueFieldsProps): JSX.Element {
  const set = (at: number, changed: Partial<Typed[number]>) => onType(typed.map((one, index) => (index === at ? { ...one, ...changed } : one)));
  if (kind.takes_any) return <AnyFields kind={kind} typed={typed} onType={onType} onSet={set} />;
  return (
    <>
      {kind.fields.map((field, at) => {
        const label = say(field.is_required ? "value" : "optional", { name: field.name, says: field.says });
        const value = typed[at]?.value ?? "";
        if (field.is_secret) return <SecretField key={field.name} kind={kind.kind} label={label} value={value} onType={(next) => set(at, { value: next })} />;
        if (field.choices !== null) {
          return <SelectField key={field.name} label={label} value={value} onChange={(next) => set(at, { value: next })} options={[{ value: "", says: say("unchosen") }, ...field.choices.map((one) => ({ value: one, says: one }))]} />;
        }
        return <TextField key={field.name} mono label={label} value={value} onChange={(event) => set(at, { value: event.target.value })} />;
      })}
    </>
  );
}

function AnyFields({ kind, typed, onType, onSet }: ValueFieldsProps & { onSet: (at: number, changed: Partial<Typed[number]>) => void }): JSX.Element {
  return (
    <>
      {typed.map(({ name, value }, at) => (
        <div key={at} className={css["any"]}>
          <TextField mono label={say("valueName", { n: at + 1 })} value={name} onChange={(event) => onSet(at, { name: event.target.value })} />
          <SecretField kind={kind.kind} label={say("valueSecret", { n: at + 1 })} value={value} onType={(next) => onSet(at, { value: next })} />
        </div>
      ))}
      <Button icon="plus" className={css["another"]} onClick={() => onType([...typed, { name: "", value: "" }])}>
        {say("more")}
      </Button>
    </>
  );
}

interface SecretFieldProps {
  readonly kind: string;
  readonly label: string;
  readonly value: string;
  readonly onType: (value: string) => void;
}

/** A browser takes the line breaks out of what is pasted here: another secret than was meant, so it is refused. */
function SecretField({ kind, label, value, onType }: SecretFieldProps): JSX.Element {
  const [hasLines, setLines] = useState(false);
  const pasted = (event: ClipboardEvent) => {
    const isLong = /[\r\n]/.test(event.clipboardData.getData("text").trimEnd());
    setLines(isLong);
    if (isLong) event.preventDefault();
  };
  return (
    <TextField
      mono
      type="password"
      autoComplete="new-password"
      label={label}
      value={value}
      problem={hasLines ? say("lines", { kind }) : undefined}
      onPaste={pasted}
      onChange={(event) => {
        setLines(false);
        onType(event.target.value);
      }}
    />
  );
}
