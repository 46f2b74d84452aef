/** The form of a node: what its kind takes, and its settings. Each change is a splice of the text, and is undone there. */

import { type JSX, type KeyboardEvent, type RefObject, useMemo, useState } from "react";
import type { Json } from "../../api/exact";
import { type Box, boxOf, type Where } from "../../graph/outline";
import { Button } from "../../parts/button";
import { SelectField, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import type { Around, Catalog } from "../complete/around";
import { standingOf } from "../complete/options";
import { namesAt } from "../complete/reach";
import { asMap, type Field, type Known } from "../complete/schema";
import type { Parsed } from "../parse";
import type { Placed } from "../place";
import { renameNode, whyNoId } from "../splice/rename";
import { read } from "../splice/source";
import { valueAt } from "../splice/value";
import { CannotSplice } from "../splice/splice";
import { nodeAt } from "../splice/walk";
import type { EditorHandle } from "../text-editor";
import { type Desk, FormField, Problems } from "./form-field";
import css from "./forms.module.css";
import { SampleField } from "./sample-field";
import { type Sample, usePreview } from "./use-preview";
import { useTyped, writeAll } from "./use-typed";
import { say } from "./words";
import { type Seen, spliceOf, whereNow } from "./written";

export interface NodeFormProps {
  readonly box: Box;
  readonly good: Parsed;
  /** The text that it was read from. */
  readonly of: string;
  readonly isBroken: boolean;
  readonly editor: RefObject<EditorHandle | null>;
  readonly catalog: Catalog;
  readonly around: Around;
  readonly problems: readonly Placed[];
  readonly workflow: string | null;
  readonly sample: Sample | null;
  readonly onSample: (execution: string) => void;
  readonly onChoose: (path: string) => void;
  readonly onClose: () => void;
}

const APART: ReadonlySet<string> = new Set(["id", "type", "name", "description", "config", "position"]);

export function NodeForm(props: NodeFormProps): JSX.Element {
  const { box, good, of, isBroken, editor, catalog, around, problems } = props;
  const node = useMemo(() => asMap(nodeValue(of, good, box)), [of, good, box]);
  const known = useMemo((): Known => (path) => textsOf(path.length < box.where.length ? at(around.definition, path) : at(node, path.slice(box.where.length))), [node, box, around]);
  const write = (path: Where, value: Json | undefined, seen?: Seen) => put(editor.current, of, box.where, path, value, seen);
  const variables = useMemo(() => [...(namesAt(around.definition, around.outline, standingOf([...box.where, "config"], around), around.recorded).get("vars")?.fields.keys() ?? [])], [around, box]);
  const kindOf = (where: Where) => catalog.kinds.get(known(where)["type"] ?? "");
  const desk: Desk = { asking: { catalog, known, kindOf, variables }, around, recorded: around.recorded, problems, sample: props.sample, write, open: (path) => show(editor.current, path) };
  const fields = catalog.language.fields(box.where, known);
  const config = catalog.language.fields([...box.where, "config"], known);
  const isSet = ({ name }: Field) => node[name] !== undefined;
  const settings = fields.filter(({ name }) => !APART.has(name));
  return (
    <section className={css["form"]} aria-label={say("title", { id: box.id })} onKeyDown={(event) => undoes(event, editor.current)}>
      <header className={css["head"]}>
        <h2 translate="no">{say("title", { id: box.id })}</h2>
        <SampleField workflow={props.workflow} sample={props.sample} onSample={props.onSample} />
        <Button onClick={() => show(editor.current, box.where)}>{say("openWhole")}</Button>
        <Button onClick={props.onClose} aria-label={say("close")}>
          ✕
        </Button>
      </header>
      <Standpoint sample={props.sample} />
      {isBroken && (
        <p className={css["note"]} role="status">
          {say("broken")}
        </p>
      )}
      <fieldset className={css["body"]} disabled={isBroken} style={{ border: 0, margin: 0 }}>
        <Id desk={desk} {...props} />
        <Plain label={say("name")} path={[...box.where, "name"]} value={node["name"]} desk={desk} />
        <SelectField label={say("kind")} value={box.kind} onChange={(kind) => write([...box.where, "type"], kind)} options={kindsOf(catalog, box.kind)} />
        <Plain label={say("description")} path={[...box.where, "description"]} value={node["description"]} desk={desk} />
        {config.length > 0 && <h3>{say("config")}</h3>}
        {config.map((field) => (
          <FormField key={`${box.kind}.${field.name}`} field={field} path={[...box.where, "config", field.name]} value={asMap(node["config"])[field.name]} desk={desk} />
        ))}
        {config.length === 0 && node["config"] !== undefined && <FormField field={{ name: "config", says: "", isRequired: false, takes: "", schemas: [{ type: "object" }] }} path={[...box.where, "config"]} value={node["config"]} desk={desk} />}
        <details className={css["part"]} open={settings.some(isSet)}>
          <summary>{say("settings")}</summary>
          {settings.map((field) => (
            <FormField key={field.name} field={field} path={[...box.where, field.name]} value={node[field.name]} desk={desk} />
          ))}
        </details>
      </fieldset>
    </section>
  ); // prettier-ignore
}

/** Where the previews of the form are asked. */
function Standpoint({ sample }: { sample: Sample | null }): JSX.Element | null {
  const preview = usePreview(sample, "true", false);
  if (preview?.error) return <p className={css["note"]}>{say("unknownExecution", { why: preview.error.message })}</p>;
  const found = preview?.evaluation;
  if (found === undefined) return null;
  return <p className={css["note"]}>{found.path === null ? say("notRan", { at: found.at }) : say("ran", { path: found.path, at: found.at })}</p>;
}

function Plain({ label, path, value, desk }: { label: string; path: Where; value: Json | undefined; desk: Desk }): JSX.Element {
  const { shown, onType, onLeave } = useTyped(typeof value === "string" ? value : "", (text) => (desk.write(path, text === "" ? undefined : text) ? "done" : "later"));
  return (
    <div className={css["field"]}>
      <TextField label={label} value={shown} onChange={(event) => onType(event.target.value)} onBlur={onLeave} />
      <Problems path={path} desk={desk} />
    </div>
  );
}

/** The id is changed once it is whole: edges and expressions go with it. */
function Id({ box, desk, of, good, editor, catalog, onChoose }: NodeFormProps & { desk: Desk }): JSX.Element {
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
    onChoose(`${box.path.slice(0, box.path.length - box.id.length)}${typed}`);
    setTyped(null);
  };
  return (
    <div className={css["field"]}>
      <TextField label={say("id")} mono value={typed ?? box.id} problem={why ?? undefined} onChange={(event) => setTyped(event.target.value)} onBlur={rename} onKeyDown={(event) => event.key === "Enter" && rename()} />
      <Problems path={[...box.where, "id"]} desk={desk} />
    </div>
  );
}

/** Writes one value; false where that cannot be done: the text is broken, or the node, or what was seen of it, is there no more. */
function put(editor: EditorHandle | null, of: string, where: Where, path: Where, value: Json | undefined, seen?: Seen): boolean {
  if (editor === null) return false;
  const text = editor.text();
  if (!isWhole(text)) return false;
  try {
    const splices = spliceOf(text, of, where, path, value, seen);
    if (splices !== null && splices.length > 0) editor.change(splices);
    return splices !== null;
  } catch (error) {
    if (!(error instanceof CannotSplice)) throw error;
    toast({ says: error.message });
    return true;
  }
}

/** Whether the text can be read as it is; it is not while somebody types there. */
function isWhole(text: string): boolean {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
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

function show(editor: EditorHandle | null, path: Where): void {
  if (editor === null) return;
  const source = read(editor.text());
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const range = nodeAt(source, path.slice(0, depth))?.range;
    if (range == null) continue;
    editor.goTo({ from: range[0], to: range[1] });
    break;
  }
  editor.focus();
}

function undoes(event: KeyboardEvent, editor: EditorHandle | null): void {
  if (!(event.ctrlKey || event.metaKey) || editor === null) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  writeAll();
  if (key === "y" || event.shiftKey) editor.redo();
  else editor.undo();
}

function kindsOf(catalog: Catalog, kind: string) {
  const all = [...catalog.kinds.keys()];
  return (all.includes(kind) ? all : [kind, ...all]).map((value) => ({ value, says: value }));
}

function textsOf(value: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(asMap(value)).flatMap(([name, one]) => (typeof one === "string" ? [[name, one]] : [])));
}

function at(value: Json, path: Where): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) found = Array.isArray(found) ? (found as readonly Json[])[Number(key)] : asMap(found)[String(key)];
  return found;
}

