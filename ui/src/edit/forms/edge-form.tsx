/** The form of an edge: from which port of which node it leads where, when it is taken, and what else the language knows of edges. */

import { type JSX, type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import type { Box, Link, Room } from "../../graph/outline";
import { Button } from "../../parts/button";
import { SelectField } from "../../parts/field";
import { asMap, asText } from "../complete/schema";
import { written } from "../place";
import { valueAt } from "../splice/value";
import { type Desk, useDesk } from "./desk";
import { FormField, Problems } from "./form-field";
import css from "./forms.module.css";
import { type FormProps, FormShell } from "./form-shell";
import { useChosen } from "./use-typed";
import { say } from "./words";

interface EdgeFormProps extends FormProps {
  readonly link: Link;
  /** The body that it is in. */
  readonly room: Room;
  /** How often the keys of the graph have asked for it: then what it takes is typed. */
  readonly asked: number;
  readonly onRemove: () => void;
}

const ENDS: ReadonlySet<string> = new Set(["from", "to"]);

export function EdgeForm(props: EdgeFormProps): JSX.Element {
  const { link, room, of, catalog, asked, onClose } = props;
  const where = useMemo(() => [...room.where, "edges", link.at], [room, link]);
  const edge = useMemo(() => asMap(valueAt(of, where)), [of, where]);
  const desk = useDesk({ ...props, where, value: edge });
  const fields = catalog.language.fields(where, desk.asking.known).filter(({ name }) => !ENDS.has(name));
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (asked > 0) place.current?.querySelectorAll("[data-field=when] *").forEach(intoShadow);
  }, [asked]);
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    onClose();
  };
  const from = link.port === "out" ? link.from : `${link.from}.${link.port}`;
  return (
    <div ref={place} className={css["around"]} onKeyDown={pressed}>
      <FormShell {...props} title={say("edge", { from, to: link.to })} short={`${from} → ${link.to}`} where={where} desk={desk} actions={<Button onClick={props.onRemove}>{say("removeEdge")}</Button>}>
        <Ends {...{ link, room, desk }} from={asText(edge["from"])} to={asText(edge["to"])} />
        {fields.map((field) => (
          <FormField key={field.name} field={field} path={[...where, field.name]} value={edge[field.name]} desk={desk} />
        ))}
      </FormShell>
    </div>
  );
}

function Ends({ link, room, desk, from, to }: { link: Link; room: Room; desk: Desk; from: string; to: string }): JSX.Element {
  const at = [...room.where, "edges", link.at];
  const [begin, setBegin] = useChosen(from, desk.standing, (next) => desk.write([...at, "from"], next));
  const [end, setEnd] = useChosen(to, desk.standing, (next) => desk.write([...at, "to"], next));
  const box = room.boxes.find(({ path }) => path === link.from);
  const begins = box === undefined ? [] : portsOf(box, desk).map((port) => (port === "out" ? box.id : `${box.id}.${port}`));
  const ends = room.boxes.map(({ id }) => id);
  return (
    <>
      <div className={css["field"]}>
        <SelectField label={say("from")} value={begin} onChange={setBegin} options={withIt(begins, begin)} />
        <Problems path={[...at, "from"]} desk={desk} />
      </div>
      <div className={css["field"]}>
        <SelectField label={say("to")} value={end} onChange={setEnd} options={withIt(ends, end)} />
        <Problems path={[...at, "to"]} desk={desk} />
      </div>
    </>
  );
}

/** As the server has found them, else as the kind begins; any node has `error`. */
function portsOf(box: Box, { around, asking }: Desk): readonly string[] {
  const said = around.ports.get(written(box.where));
  return [...new Set([...(said ?? asking.catalog.kinds.get(box.kind)?.ports ?? ["out"]), "error"])];
}

/** Options with the one that is there, whatever it is. */
function withIt(all: readonly string[], one: string) {
  return (all.includes(one) ? all : [one, ...all]).map((value) => ({ value, says: value }));
}

/** An editor of code stands in a root of its own. */
function intoShadow(element: Element): void {
  element.shadowRoot?.querySelector<HTMLElement>("[role=textbox]")?.focus();
}
