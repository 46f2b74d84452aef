/** The form of a node: what its kind takes, and its settings. Each change is a splice of the text, and is undone there. */

import { type JSX, useEffect, useMemo, useState } from "react";
import type { Json } from "../../api/exact";
import { type Box, boxOf } from "../../graph/outline";
import { SelectField, TextField } from "../../parts/field";
import type { Catalog } from "../complete/around";
import { asMap, type Field } from "../complete/schema";
import type { Parsed } from "../parse";
import { renameNode, whyNoId } from "../splice/rename";
import { valueAt } from "../splice/value";
import { type Desk, isWhole, useDesk } from "./desk";
import { FormField, Problems, Unfolded } from "./form-field";
import css from "./forms.module.css";
import { type FormProps, FormShell, Plain } from "./form-shell";
import { useChosen } from "./use-typed";
import { say } from "./words";
import { whereNow } from "./written";

export interface NodeFormProps extends FormProps {
  readonly box: Box;
  readonly good: Parsed;
  /** It has another path by now; the form goes on. */
  readonly onRename: (path: string) => void;
}

const APART: ReadonlySet<string> = new Set(["id", "type", "name", "description", "config", "position"]);

export function NodeForm(props: NodeFormProps): JSX.Element {
  const { box, good, of, catalog } = props;
  const node = useMemo(() => asMap(nodeValue(of, good, box)), [of, good, box]);
  const desk = useDesk({ ...props, where: box.where, value: node });
  const { known } = desk.asking;
  const fields = catalog.language.fields(box.where, known);
  const config = catalog.language.fields([...box.where, "config"], known);
  const isSet = ({ name }: Field) => node[name] !== undefined;
  const settings = fields.filter(({ name }) => !APART.has(name));
  return (
    <FormShell {...props} title={say("title", { id: box.id })} where={box.where} desk={desk}>
        <Id desk={desk} {...props} />
        <Plain label={say("name")} path={[...box.where, "name"]} value={node["name"]} desk={desk} />
        <Kind box={box} desk={desk} />
        <Plain label={say("description")} path={[...box.where, "description"]} value={node["description"]} desk={desk} />
        {config.length > 0 && <h3>{say("config")}</h3>}
        {config.map((field) => (
          <FormField key={`${box.kind}.${field.name}`} field={field} path={[...box.where, "config", field.name]} value={asMap(node["config"])[field.name]} desk={desk} />
        ))}
        {config.length === 0 && node["config"] !== undefined && <FormField field={{ name: "config", says: "", isRequired: false, takes: "", schemas: [{ type: "object" }] }} path={[...box.where, "config"]} value={node["config"]} desk={desk} />}
        <Unfolded className={css["part"]} says={say("settings")} isNeeded={settings.some(isSet)}>
          {settings.map((field) => (
            <FormField key={field.name} field={field} path={[...box.where, field.name]} value={node[field.name]} desk={desk} />
          ))}
        </Unfolded>
    </FormShell>
  ); // prettier-ignore
}

function Kind({ box, desk }: { box: Box; desk: Desk }): JSX.Element {
  const [kind, choose] = useChosen(box.kind, desk.standing, (next) => desk.write([...box.where, "type"], next));
  return <SelectField label={say("kind")} value={kind} onChange={choose} options={kindsOf(desk.asking.catalog, kind)} />;
}

/** The id is changed once it is whole: edges and expressions go with it. */
function Id({ box, desk, of, good, editor, catalog, onRename }: NodeFormProps & { desk: Desk }): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const found = boxOf(good.outline, box.path);
  const taken = new Set(found?.room.boxes.map(({ id }) => id).filter((id) => id !== box.id));
  const why = typed === null || typed === box.id ? null : whyNoId(typed, taken);
  const rename = () => {
    const shown = editor.current;
    if (typed === null || typed === box.id || why !== null || shown === null) return;
    const text = shown.text();
    const now = isWhole(text) ? whereNow(text, of, box.where) : null;
    if (now === null) return;
    const expressions = (kind: string) => new Set(catalog.kinds.get(kind)?.fields.filter(({ roles }) => roles.some((role) => role === "expression" || role === "items")).map(({ path }) => path));
    shown.change(renameNode(text, now.slice(0, -2), box.id, typed, expressions)); // its body is there, and the id free
    onRename(`${box.path.slice(0, box.path.length - box.id.length)}${typed}`);
  };
  useEffect(() => setTyped((before) => (before === box.id ? null : before)), [box.id]); // it is called so now
  return (
    <div className={css["field"]}>
      <TextField label={say("id")} mono value={typed ?? box.id} problem={why ?? undefined} onChange={(event) => setTyped(event.target.value)} onBlur={rename} onKeyDown={(event) => event.key === "Enter" && rename()} />
      <Problems path={[...box.where, "id"]} desk={desk} />
    </div>
  );
}

/** The value of the node, digit by digit: read from its own lines, or where those say not all of it, from the whole text. */
function nodeValue(text: string, { spans }: Parsed, { path, where }: Box): Json {
  const span = spans.get(path);
  if (span !== undefined && !/[&*]\w/.test(text.slice(span.from, span.to))) {
    const column = span.from - (text.lastIndexOf("\n", span.from - 1) + 1);
    const found = valueAt(`${" ".repeat(column)}${text.slice(span.from, span.to)}`, []);
    if (found !== undefined) return found;
  }
  return valueAt(text, where) ?? {};
}

function kindsOf(catalog: Catalog, kind: string) {
  const all = [...catalog.kinds.keys()];
  return (all.includes(kind) ? all : [kind, ...all]).map((value) => ({ value, says: value }));
}
