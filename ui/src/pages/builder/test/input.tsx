/** The input of a test run: fields where the text describes it, or JSON. What is kept is the JSON. */

import { type JSX, useMemo, useState } from "react";
import { type Json, parse, write } from "../../../api/exact";
import type { Found } from "../../../api/problem";
import { fieldsOf, type Typed, typedOf } from "../../../form/fields";
import { Form, valueIn } from "../../../form/form";
import { Choice } from "../../../parts/choice";
import { LongField } from "../../../parts/field";
import css from "./panel.module.css";
import { Wrong } from "./wrong";
import { say } from "./words";

interface InputProps {
  /** What the text says of its input. */
  readonly schema: Json;
  readonly text: string;
  readonly problems: readonly Found[] | undefined;
  /** `wrong`: why it cannot be sent as it stands. */
  readonly onInput: (text: string, wrong: string | null) => void;
}

export function Input({ schema, text, problems, onInput }: InputProps): JSX.Element {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [shape, setShape] = useState<"form" | "json">("form");
  const [typed, setTyped] = useState<Typed | null>(null);
  const read = readJson(text);
  const isForm = fields !== null && shape === "form" && (typed !== null || !(read instanceof Error));
  const shown = typed ?? (fields === null || read instanceof Error ? {} : typedOf(fields, read));
  const made = useMemo(() => valueIn(schema, shown), [schema, shown]);
  const type = (next: Typed) => {
    const now = valueIn(schema, next);
    setTyped(next);
    onInput(write(now.value), Object.values(now.problems)[0] ?? null);
  };
  const turn = (to: "form" | "json") => {
    if (to === "json") onInput(write(read instanceof Error ? {} : read, 2), null);
    setTyped(null);
    setShape(to);
  };
  return (
    <fieldset className={css["group"]}>
      <legend>{say("input")}</legend>
      {fields !== null && <Choice label={say("shownAs")} chosen={isForm ? "form" : "json"} onChoose={(to) => (read instanceof Error ? undefined : turn(to))} options={[{ value: "form", says: say("form") }, { value: "json", says: say("json") }]} />}
      {isForm ? (
        <Form schema={schema} typed={shown} onType={type} problems={typed === null ? {} : made.problems} />
      ) : (
        <LongField label={say("inputJson")} mono rows={4} value={text} problem={read instanceof Error ? say("noJson", { why: read.message }) : undefined} onChange={(event) => onInput(event.target.value, null)} />
      )}
      <Wrong problems={read instanceof Error ? undefined : problems} />
    </fieldset>
  ); // prettier-ignore
}

function readJson(text: string): Json | Error {
  try {
    return parse(text.trim() === "" ? "{}" : text);
  } catch (error) {
    return error as Error;
  }
}
