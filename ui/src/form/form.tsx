/** The fields of a JSON Schema, to be filled in by a person. What no field can show is typed as JSON. */

import type { JSX } from "react";
import { type Json, parse } from "../api/exact";
import { Check } from "../parts/check";
import { LongField, SelectField, TextField } from "../parts/field";
import { speak } from "../words/speak";
import { type Field, fieldsOf, made, type Made, type Typed } from "./fields";

export const say = speak("form", {
  required: "Needed",
  number: "This is no number",
  json: "This is no JSON",
  optional: "{name} (may be left out)",
  none: "–",
  whole: "As JSON",
});

/** The key under which the whole is typed, where there are no fields. */
const WHOLE = "";

interface FormProps {
  readonly schema: Json;
  readonly typed: Typed;
  readonly onType: (typed: Typed) => void;
  /** What is wrong, by name of the field, once one has tried. */
  readonly problems: Readonly<Record<string, string>>;
}

export function Form({ schema, typed, onType, problems }: FormProps): JSX.Element {
  const fields = fieldsOf(schema);
  const put = (name: string, text: string) => onType({ ...typed, [name]: text });
  if (fields === null) {
    return <LongField label={say("whole")} mono rows={6} value={typed[WHOLE] ?? ""} problem={problems[WHOLE]} onChange={(event) => put(WHOLE, event.target.value)} />;
  }
  return (
    <>
      {fields.map((field) => (
        <One key={field.name} field={field} text={typed[field.name] ?? field.first} problem={problems[field.name]} onType={(text) => put(field.name, text)} />
      ))}
    </>
  );
}

/** The value of what was typed, and what is wrong with it in words. */
export function valueIn(schema: Json, typed: Typed): { readonly value: Json; readonly problems: Readonly<Record<string, string>> } {
  const fields = fieldsOf(schema);
  if (fields !== null) return inWords(made(schema, fields, typed));
  const text = (typed[WHOLE] ?? "").trim();
  if (text === "") return { value: null, problems: {} };
  try {
    return { value: parse(text), problems: {} };
  } catch {
    return { value: null, problems: { [WHOLE]: say("json") } };
  }
}

function inWords({ value, problems }: Made): { value: Json; problems: Record<string, string> } {
  return { value, problems: Object.fromEntries(Object.entries(problems).map(([name, what]) => [name, say(what)])) };
}

interface OneProps {
  readonly field: Field;
  readonly text: string;
  readonly problem: string | undefined;
  readonly onType: (text: string) => void;
}

function One({ field, text, problem, onType }: OneProps): JSX.Element {
  const label = field.isRequired ? field.says : say("optional", { name: field.says });
  const common = { label, problem, title: field.hint };
  switch (field.kind) {
    case "yes":
      return <Check label={field.says} checked={text === "true"} onCheck={(checked) => onType(String(checked))} />;
    case "choice":
      return <SelectField {...common} value={text} onChange={onType} options={[{ value: "", says: say("none") }, ...field.choices.map((value) => ({ value, says: value }))]} />;
    case "long":
    case "json":
      return <LongField {...common} mono={field.kind === "json"} value={text} placeholder={field.hint} onChange={(event) => onType(event.target.value)} />;
    default: {
      const type = field.kind === "secret" ? "password" : field.kind === "date" ? "date" : "text";
      const mode = field.kind === "number" ? "decimal" : undefined;
      return <TextField {...common} type={type} inputMode={mode} value={text} placeholder={field.hint} onChange={(event) => onType(event.target.value)} />;
    }
  }
}
