/** One field of a node, by what it is for. */

import { type FocusEvent, type JSX, type ReactNode, useEffect, useMemo, useState } from "react";
import { type Json, write } from "../../api/exact";
import { standingOf } from "../complete/options";
import { namesAt } from "../complete/reach";
import { asList, asMap, type Field } from "../complete/schema";
import { written } from "../place";
import type { Where } from "../../graph/outline";
import { Button } from "../../parts/button";
import { Check } from "../../parts/check";
import { LongField, SelectField, TextField } from "../../parts/field";
import { CodeField } from "./code-field";
import { type Control, controlOf, textIn, valueOf, wordOf } from "./control";
import css from "./forms.module.css";
import type { Desk } from "./desk";
import { usePreview } from "./use-preview";
import { useChosen, useTyped } from "./use-typed";
import { say } from "./words";

export interface FieldProps {
  readonly field: Field;
  readonly path: Where;
  readonly value: Json | undefined;
  readonly desk: Desk;
  readonly label?: string;
  readonly depth?: number;
}

/** While somebody is in it a field stays what it is, whatever its value becomes meanwhile: nothing is taken away from under the hands. */
export function FormField({ field, path, value, desk, label = field.name, depth = 0 }: FieldProps): JSX.Element {
  const [held, hold] = useState<Control | null>(null);
  const control = held ?? controlOf(field, path, value, desk.asking, depth);
  const left = ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (!currentTarget.contains(relatedTarget)) hold(null);
  };
  return (
    <div className={css["held"]} data-field={field.name} onFocus={() => hold(control)} onBlur={left}>
      <Controlled {...{ field, path, value, desk, depth, control }} label={`${label}${field.isRequired ? " *" : ""}`} />
    </div>
  );
}

function Controlled({ control, ...all }: FieldProps & { control: Control; label: string }): JSX.Element {
  switch (control.is) {
    case "group":
      return <Group {...all} fields={control.fields} />;
    case "groups":
      return <Groups {...all} fields={control.fields} />;
    case "map":
      return <Pairs {...all} />;
    case "bodies":
      return <Bodies {...all} />;
    case "elsewhere":
      return <Elsewhere {...all} says={control.says} />;
    case "yes":
      return <Yes {...all} standard={control.default} />;
    case "choice":
      return <Choice {...all} all={control.words} standard={control.default} />;
    default:
      return <TypedField key={control.is} {...all} control={control} />;
  }
}

function Yes({ path, value, desk, label, standard }: FieldProps & { label: string; standard: boolean }): JSX.Element {
  const [isOn, turn] = useChosen(typeof value === "boolean" ? value : standard, desk.standing, (now) => desk.write(path, now === standard ? undefined : now));
  return (
    <div className={css["field"]}>
      <Check label={label} checked={isOn} onCheck={turn} />
      <Problems path={path} desk={desk} />
    </div>
  );
}

function Choice({ field, path, value, desk, label, all, standard }: FieldProps & { label: string; all: readonly string[]; standard: string }): JSX.Element {
  const [word, choose] = useChosen(value === undefined || value === null ? "" : String(value), desk.standing, (next) => desk.write(path, next === "" ? undefined : next));
  const words = word === "" || all.includes(word) ? all : [word, ...all];
  const none = standard === "" ? say("none") : say("standard", { word: standard });
  return (
    <div className={css["field"]}>
      <SelectField label={label} value={word} title={field.says} onChange={choose} options={[{ value: "", says: none }, ...words.map((one) => ({ value: one, says: one }))]} />
      <Problems path={path} desk={desk} />
    </div>
  );
}

const ANY: Control = { is: "code", isTemplate: true, isLong: true, isAny: true };
const VALUE: Control = { is: "code", isTemplate: true, isLong: false };

/** `isOwn`: its key is one's own, too, and is written by itself. */
function TypedField({ field, path, value, desk, label, control, isOwn = false }: FieldProps & { control: Control; label: string; isOwn?: boolean }): JSX.Element {
  const { shown, isTyped, onType, onLeave } = useTyped({
    label,
    text: textIn(control, value),
    standing: desk.standing,
    write: (text) => {
      try {
        return desk.write(path, isOwn ? text : valueOf(control, text), isOwn ? { isThere: true } : undefined) ? "done" : "later";
      } catch {
        return "wrong";
      }
    },
    again: (text) => textIn(control, valueOf(control, text)),
  });
  const wrong = isTyped ? wrongIn(control, shown) : undefined;
  const hint = field.says;
  const common = { label, title: hint, problem: wrong, onBlur: onLeave };
  return (
    <div className={(control.is === "code" && control.isLong) || control.is === "json" ? css["whole"] : css["field"]}>
      {control.is === "code" ? (
        <Code {...{ path, desk, label, hint, isTyped, onType, onLeave }} isLabelHidden={isOwn} text={shown} isTemplate={control.isTemplate} isLong={control.isLong} isAny={control.isAny === true} />
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
      {control.is === "json" && (
        <Button look="bare" onClick={() => desk.open(path)} aria-label={`${say("open")}: ${label}`}>
          {say("open")}
        </Button>
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
  const { around } = desk;
  const roots = useMemo(() => namesAt(around.definition, around.outline, standingOf(path, around), around.recorded), [around, path]);
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

/** What is folded away until there is something in it, or somebody looks; it does not close by itself. */
export function Unfolded({ className, says, isNeeded, children }: { className: string | undefined; says: string; isNeeded: boolean; children: ReactNode }): JSX.Element {
  const [isOpen, open] = useState(isNeeded);
  useEffect(() => {
    if (isNeeded) open(true);
  }, [isNeeded]);
  return (
    <details className={className} open={isOpen} onToggle={({ currentTarget }) => open(currentTarget.open)}>
      <summary>{says}</summary>
      {children}
    </details>
  );
}

/** What is in a map; one that is not there is opened to be filled in. */
function Group({ field, path, value, desk, label, fields, depth = 0 }: FieldProps & { fields: readonly Field[]; label: string }): JSX.Element {
  const given = asMap(value);
  return (
    <Unfolded className={css["group"]} says={label} isNeeded={field.isRequired || (value !== undefined && value !== null)}>
      <Problems path={path} desk={desk} isOwn />
      <div className={css["fields"]}>
        {fields.map((one) => (
          <FormField key={one.name} field={one} path={[...path, one.name]} value={given[one.name]} desk={desk} depth={depth + 1} />
        ))}
      </div>
    </Unfolded>
  );
}

function Groups({ field, path, value, desk, label, fields, depth = 0 }: FieldProps & { fields: readonly Field[]; label: string }): JSX.Element {
  const empty = Object.fromEntries(fields.filter(({ isRequired }) => isRequired).map(({ name }) => [name, ""]));
  return (
    <fieldset className={css["group"]}>
      <legend>{label}</legend>
      <Problems path={path} desk={desk} isOwn />
      {asList(value).map((item, at) => (
        <fieldset key={at} className={css["group"]}>
          <legend>{say("item", { name: field.name, n: at + 1 })}</legend>
          {fields.map((one) => (
            <FormField key={one.name} field={one} path={[...path, at, one.name]} value={asMap(item)[one.name]} desk={desk} depth={depth + 1} />
          ))}
          <Button onClick={() => desk.change([...path, at], undefined, { was: item })} aria-label={say("removeOf", { name: field.name, n: at + 1 })}>
            {say("remove")}
          </Button>
        </fieldset>
      ))}
      <Button onClick={() => desk.change(path, (now) => [...asList(now), empty])} aria-label={say("addTo", { name: field.name })}>
        {say("add")}
      </Button>
    </fieldset>
  );
}

/** A map whose names are one's own. */
function Pairs({ field, path, value, desk, label }: FieldProps & { label: string }): JSX.Element {
  const pairs = Object.entries(asMap(value));
  return (
    <fieldset className={css["group"]}>
      <legend>{label}</legend>
      <Problems path={path} desk={desk} isOwn />
      {pairs.map(([name, one], at) => (
        <div key={at} className={css["row"]}>
          <Key label={say("keyOf", { name: field.name, n: at + 1 })} path={[...path, name]} desk={desk} />
          <TypedField field={{ ...field, isRequired: false }} path={[...path, name]} value={one} desk={desk} label={say("valueOf", { name: field.name, n: at + 1 })} control={VALUE} isOwn />
          <Button onClick={() => desk.change([...path, name], undefined)} aria-label={say("removeOf", { name: field.name, n: at + 1 })}>
            {say("remove")}
          </Button>
        </div>
      ))}
      <Button onClick={() => desk.change(path, (now) => ({ ...asMap(now), [freeIn(asMap(now))]: "" }))} aria-label={say("addTo", { name: field.name })}>
        {say("add")}
      </Button>
    </fieldset>
  );
}

/** A name of one's own; it is written once it is whole. */
function Key({ label, path, desk, isShown = false }: { label: string; path: Where; desk: Desk; isShown?: boolean }): JSX.Element {
  const name = String(path.at(-1));
  const [typed, setTyped] = useState<string | null>(null);
  useEffect(() => setTyped(null), [name]);
  const rename = () => {
    const to = typed?.trim() ?? "";
    if (to === "") setTyped(null);
    else if (to !== name) desk.rename(path, to);
  };
  return <TextField label={label} hideLabel={!isShown} mono value={typed ?? name} onChange={(event) => setTyped(event.target.value)} onBlur={rename} onKeyDown={(event) => event.key === "Enter" && rename()} />;
}

/** Bodies by their names; what is in each is drawn, and written in its text. */
function Bodies({ field, path, value, desk, label }: FieldProps & { label: string }): JSX.Element {
  return (
    <fieldset className={css["group"]}>
      <legend>{label}</legend>
      <Problems path={path} desk={desk} isOwn />
      {Object.entries(asMap(value)).map(([name, body], at) => (
        <div key={at} className={css["row"]}>
          <Key label={say("keyOf", { name: field.name, n: at + 1 })} path={[...path, name]} desk={desk} />
          <div className={css["elsewhere"]}>
            <code translate="no">{asList(asMap(body)["nodes"]).map((one) => asMap(one)["id"]).join(", ") || say("noNodes")}</code>
            <Button onClick={() => desk.open([...path, name])} aria-label={`${say("open")}: ${name}`}>
              {say("open")}
            </Button>
          </div>
          <Button onClick={() => desk.change([...path, name], undefined)} aria-label={say("removeOf", { name: field.name, n: at + 1 })}>
            {say("remove")}
          </Button>
        </div>
      ))}
      <Button onClick={() => desk.change(path, (now) => ({ ...asMap(now), [freeIn(asMap(now), "branch")]: { nodes: [] } }))} aria-label={say("addTo", { name: field.name })}>
        {say("add")}
      </Button>
    </fieldset>
  );
}

function freeIn(map: Record<string, Json>, name = "name"): string {
  for (let n = 1; ; n += 1) if (!Object.hasOwn(map, `${name}_${n}`)) return `${name}_${n}`;
}

export function Elsewhere({ path, desk, label, says }: Pick<FieldProps, "path" | "desk"> & { says: string; label: string }): JSX.Element {
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
