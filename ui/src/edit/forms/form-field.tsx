/** One field of a node, by what it is for. */

import { type JSX, useMemo } from "react";
import { type Json, write } from "../../api/exact";
import type { Around, Recorded } from "../complete/around";
import { standingOf } from "../complete/options";
import { namesAt } from "../complete/reach";
import { asList, asMap, type Field } from "../complete/schema";
import { type Placed, written } from "../place";
import type { Where } from "../../graph/outline";
import { Button } from "../../parts/button";
import { Check } from "../../parts/check";
import { LongField, SelectField, TextField } from "../../parts/field";
import { CodeField } from "./code-field";
import { type Asking, type Control, controlOf, textIn, valueOf, wordOf } from "./control";
import css from "./forms.module.css";
import { type Sample, usePreview } from "./use-preview";
import { useTyped } from "./use-typed";
import { say } from "./words";
import type { Seen } from "./written";

/** What all fields of a form have to do with. */
export interface Desk {
  readonly asking: Asking;
  readonly around: Around;
  readonly recorded: Recorded;
  readonly problems: readonly Placed[];
  readonly sample: Sample | null;
  /** Changes the value at a path, or takes it out; false where that cannot be done at the moment, or something else was `seen` there. */
  readonly write: (path: Where, value: Json | undefined, seen?: Seen) => boolean;
  readonly open: (path: Where) => void;
}

export interface FieldProps {
  readonly field: Field;
  readonly path: Where;
  readonly value: Json | undefined;
  readonly desk: Desk;
  readonly label?: string;
  readonly depth?: number;
}

export function FormField({ field, path, value, desk, label = field.name, depth = 0 }: FieldProps): JSX.Element {
  const control = controlOf(field, path, value, desk.asking, depth);
  const says = `${label}${field.isRequired ? " *" : ""}`;
  const all = { field, path, value, desk, label: says, depth };
  switch (control.is) {
    case "group":
      return <Group {...all} fields={control.fields} />;
    case "groups":
      return <Groups {...all} fields={control.fields} />;
    case "map":
      return <Pairs {...all} />;
    case "elsewhere":
      return <Elsewhere {...all} says={control.says} />;
    case "yes":
      return (
        <div className={css["field"]}>
          <Check label={says} checked={typeof value === "boolean" ? value : control.default} onCheck={(now) => desk.write(path, now === control.default ? undefined : now)} />
          <Problems path={path} desk={desk} />
        </div>
      );
    case "choice": {
      const words = typeof value === "string" && !control.words.includes(value) ? [value, ...control.words] : control.words;
      const none = control.default === "" ? say("none") : say("standard", { word: control.default });
      return (
        <div className={css["field"]}>
          <SelectField label={says} value={value === undefined || value === null ? "" : String(value)} title={field.says} onChange={(word) => desk.write(path, word === "" ? undefined : word)} options={[{ value: "", says: none }, ...words.map((word) => ({ value: word, says: word }))]} />
          <Problems path={path} desk={desk} />
        </div>
      );
    }
    default:
      return <TypedField key={control.is} {...all} control={control} />;
  }
}

const ANY: Control = { is: "code", isTemplate: true, isLong: true, isAny: true };
const VALUE: Control = { is: "code", isTemplate: true, isLong: false };

function TypedField({ field, path, value, desk, label, control, isLabelHidden = false }: FieldProps & { control: Control; label: string; isLabelHidden?: boolean }): JSX.Element {
  const { shown, isTyped, onType, onLeave } = useTyped(textIn(control, value), (text) => {
    try {
      return desk.write(path, valueOf(control, text)) ? "done" : "later";
    } catch {
      return "wrong";
    }
  });
  const wrong = isTyped ? wrongIn(control, shown) : undefined;
  const hint = field.says;
  const common = { label, title: hint, problem: wrong, onBlur: onLeave };
  return (
    <div className={control.is === "code" && control.isLong ? css["whole"] : css["field"]}>
      {control.is === "code" ? (
        <Code {...{ path, desk, label, hint, isTyped, isLabelHidden, onType, onLeave }} text={shown} isTemplate={control.isTemplate} isLong={control.isLong} isAny={control.isAny === true} />
      ) : control.is === "json" || control.is === "lines" ? (
        <LongField {...common} mono value={shown} placeholder={control.is === "lines" ? say("lines") : ""} onChange={(event) => onType(event.target.value)} />
      ) : (
        <TextField {...common} inputMode={control.is === "number" ? "decimal" : undefined} list={control.is === "named" ? `names-${written(path)}` : undefined} value={shown} placeholder={wordOf(field)} onChange={(event) => onType(event.target.value)} />
      )}
      {control.is === "named" && (
        <datalist id={`names-${written(path)}`}>
          {control.names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
      {hint !== "" && <p className={css["hint"]}>{hint}</p>}
      <Problems path={path} desk={desk} />
    </div>
  );
}

interface CodeProps {
  readonly path: Where;
  readonly desk: Desk;
  readonly label: string;
  readonly hint: string;
  readonly text: string;
  readonly isTyped: boolean;
  readonly isLabelHidden: boolean;
  readonly isTemplate: boolean;
  readonly isLong: boolean;
  readonly isAny: boolean;
  readonly onType: (text: string) => void;
  readonly onLeave: () => void;
}

function Code({ path, desk, label, hint, text, isTyped, isLabelHidden, isTemplate, isLong, isAny, onType, onLeave }: CodeProps): JSX.Element {
  const { around, recorded } = desk;
  const roots = useMemo(() => namesAt(around.definition, around.outline, standingOf(path, around), recorded), [around, recorded, path]);
  const names = useMemo(() => ({ current: { roots, functions: desk.asking.catalog.functions } }), []);
  names.current = { roots, functions: desk.asking.catalog.functions };
  const preview = usePreview(isAny && typeof valueOf(ANY, text) === "object" ? null : desk.sample, text, isTemplate);
  const result = preview?.evaluation?.results[0];
  return (
    <>
      <CodeField label={label} hint={hint} text={text} isTyped={isTyped} isLabelHidden={isLabelHidden} isTemplate={isTemplate} isLong={isLong} names={names} problem={undefined} onType={onType} onLeave={onLeave} />
      {result !== undefined && result.error === null && (
        <output className={css["gives"]} translate="no">
          = {result.beginning === null ? write(result.value as Json) : say("cut", { beginning: result.beginning.slice(0, 500), n: result.bytes })}
        </output>
      )}
      {result !== undefined && result.error !== null && (
        <output className={css["fails"]} translate="no">
          ≠ {result.error}
        </output>
      )}
    </>
  );
}

/** What is in a map; one that is not there is opened to be filled in. */
function Group({ field, path, value, desk, label, fields, depth = 0 }: FieldProps & { fields: readonly Field[]; label: string }): JSX.Element {
  const given = asMap(value);
  return (
    <details className={css["group"]} open={field.isRequired || (value !== undefined && value !== null)}>
      <summary>{label}</summary>
      <Problems path={path} desk={desk} isOwn />
      <div className={css["fields"]}>
        {fields.map((one) => (
          <FormField key={one.name} field={one} path={[...path, one.name]} value={given[one.name]} desk={desk} depth={depth + 1} />
        ))}
      </div>
    </details>
  );
}

function Groups({ field, path, value, desk, label, fields, depth = 0 }: FieldProps & { fields: readonly Field[]; label: string }): JSX.Element {
  const items = asList(value);
  const empty = Object.fromEntries(fields.filter(({ isRequired }) => isRequired).map(({ name }) => [name, ""]));
  return (
    <fieldset className={css["group"]}>
      <legend>{label}</legend>
      <Problems path={path} desk={desk} isOwn />
      {items.map((item, at) => (
        <fieldset key={at} className={css["group"]}>
          <legend>{say("item", { name: field.name, n: at + 1 })}</legend>
          {fields.map((one) => (
            <FormField key={one.name} field={one} path={[...path, at, one.name]} value={asMap(item)[one.name]} desk={desk} depth={depth + 1} />
          ))}
          <Button onClick={() => desk.write([...path, at], undefined, { was: item })} aria-label={say("removeOf", { name: field.name, n: at + 1 })}>
            {say("remove")}
          </Button>
        </fieldset>
      ))}
      <Button onClick={() => desk.write(path, [...items, empty], { was: value })} aria-label={say("addTo", { name: field.name })}>
        {say("add")}
      </Button>
    </fieldset>
  );
}

/** A map whose names are one's own. */
function Pairs({ field, path, value, desk, label }: FieldProps & { label: string }): JSX.Element {
  const pairs = Object.entries(asMap(value));
  const free = () => {
    for (let n = 1; ; n += 1) if (!pairs.some(([name]) => name === `name_${n}`)) return `name_${n}`;
  };
  const rename = (from: string, to: string) => to === "" || to === from || pairs.some(([name]) => name === to) || desk.write(path, Object.fromEntries(pairs.map(([name, one]) => [name === from ? to : name, one])), { was: value });
  return (
    <fieldset className={css["group"]}>
      <legend>{label}</legend>
      <Problems path={path} desk={desk} isOwn />
      {pairs.map(([name, one], at) => (
        <div key={at} className={css["row"]}>
          <TextField label={say("keyOf", { name: field.name, n: at + 1 })} hideLabel mono defaultValue={name} key={name} onBlur={(event) => rename(name, event.target.value.trim())} />
          <TypedField field={{ ...field, isRequired: false }} path={[...path, name]} value={one} desk={desk} label={say("valueOf", { name: field.name, n: at + 1 })} control={VALUE} isLabelHidden />
          <Button onClick={() => desk.write([...path, name], undefined)} aria-label={say("removeOf", { name: field.name, n: at + 1 })}>
            {say("remove")}
          </Button>
        </div>
      ))}
      <Button onClick={() => desk.write([...path, free()], "")} aria-label={say("addTo", { name: field.name })}>
        {say("add")}
      </Button>
    </fieldset>
  );
}

function Elsewhere({ path, desk, label, says }: FieldProps & { says: string; label: string }): JSX.Element {
  return (
    <div className={css["field"]}>
      <span className={css["label"]}>{label}</span>
      <div className={css["elsewhere"]}>
        <code translate="no">{says || say("none")}</code>
        <Button onClick={() => desk.open(path)} aria-label={`${say("open")}: ${label}`}>
          {say("open")}
        </Button>
      </div>
      <Problems path={path} desk={desk} />
    </div>
  );
}

/** What is wrong at a field; with `isOwn` only with itself, and not with what is in it. */
export function Problems({ path, desk, isOwn = false }: { path: Where; desk: Pick<Desk, "problems">; isOwn?: boolean }): JSX.Element {
  const at = written(path);
  const own = desk.problems.filter(({ problem }) => problem.path === at || (!isOwn && (problem.path.startsWith(`${at}.`) || problem.path.startsWith(`${at}[`))));
  return (
    <>
      {own.map(({ problem, severity }, index) => (
        <p key={index} className={severity === "error" ? css["problem"] : css["warning"]} translate="no">
          {problem.message} {problem.fix}
        </p>
      ))}
    </>
  );
}

function wrongIn(control: Control, text: string): string | undefined {
  try {
    valueOf(control, text);
    return undefined;
  } catch {
    return say(control.is === "number" ? "number" : "json");
  }
}
