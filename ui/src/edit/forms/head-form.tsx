/** The form of the workflow itself: what it is called, takes and gives, and how its executions behave. Its graph is drawn. */

import { type JSX, useMemo } from "react";
import { asList, asMap, asText, type Field } from "../complete/schema";
import { valueAt } from "../splice/value";
import { useDesk } from "./desk";
import { Elsewhere, FormField } from "./form-field";
import { type FormProps, FormShell, Plain } from "./form-shell";
import { say } from "./words";

/** What is drawn, and what publishing adds. */
const APART: ReadonlySet<string> = new Set(["nodes", "edges", "language"]);
const FIRST = ["name", "description", "tags", "input", "variables", "output", "settings", "triggers"];

export function HeadForm(props: FormProps): JSX.Element {
  const { of, catalog } = props;
  const head = useMemo(() => asMap(valueAt(of, []) ?? {}), [of]);
  const desk = useDesk({ ...props, where: HERE, value: head });
  const fields = catalog.language.fields(HERE, desk.asking.known).filter(({ name }) => !APART.has(name));
  const rank = ({ name }: Field) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return (
    <FormShell {...props} title={say("head")} where={HERE} desk={desk} isPlain>
      {fields.sort((one, other) => rank(one) - rank(other)).map((field) => {
        const path = [field.name];
        const value = head[field.name];
        if (field.name === "name" || field.name === "description") return <Plain key={field.name} label={say(field.name)} path={path} value={value} desk={desk} />;
        if (field.name === "triggers") return <Elsewhere key={field.name} label={field.name} path={path} desk={desk} says={asList(value).map((one) => `${asText(asMap(one)["id"])} (${asText(asMap(one)["type"])})`).join(", ")} />;
        return <FormField key={field.name} field={field} path={path} value={value} desk={desk} />;
      })}
    </FormShell>
  ); // prettier-ignore
}

const HERE: readonly string[] = [];
