/** The form of what is chosen, below the graph: a node, an edge, or the workflow itself. */

import { type JSX, type RefObject, useMemo, useRef } from "react";
import type { Assist } from "../../edit/complete/assist";
import { type Around, EMPTY } from "../../edit/complete/around";
import { useCatalog, useLastExecutions, useRecorded } from "../../edit/complete/use-catalog";
import type { FormProps } from "../../edit/forms/form-shell";
import type { Sample } from "../../edit/forms/use-preview";
import type { Placed } from "../../edit/place";
import type { EditorHandle } from "../../edit/text-editor";
import type { LastParsed } from "../../edit/use-parsed";
import type { Validity } from "../../edit/use-validity";
import { boxOf, linkOf, type Room, roomsIn } from "../../graph/outline";
import { apart } from "../../parts/apart";
import { Guard } from "../../parts/guard";
import css from "./page.module.css";
import type { BuilderSearch } from "./route";

interface FormPanelProps {
  readonly parsed: LastParsed;
  readonly problems: readonly Placed[] | null;
  readonly validity: Validity | null;
  readonly editor: RefObject<EditorHandle | null>;
  readonly assist: Assist;
  readonly workflow: string | null;
  readonly search: BuilderSearch;
  readonly onShow: (changed: BuilderSearch) => void;
  /** How often the keys of the canvas have asked what the edge takes. */
  readonly asked: number;
  readonly hand: RefObject<EdgeHand | null>;
}

/** What the canvas does with the edge that is chosen. */
export interface EdgeHand {
  readonly remove: () => void;
  /** None is chosen any more, and the canvas has the keys. */
  readonly leave: () => void;
}

/** Loaded with the first that is chosen, and with them what reads and writes YAML. */
const NodeForm = apart(async () => (await import("../../edit/forms/node-form")).NodeForm);
const EdgeForm = apart(async () => (await import("../../edit/forms/edge-form")).EdgeForm);
const HeadForm = apart(async () => (await import("../../edit/forms/head-form")).HeadForm);
const NONE: readonly Placed[] = [];

export function FormPanel({ parsed, problems, validity, editor, assist, workflow, search, onShow, asked, hand }: FormPanelProps): JSX.Element | null {
  const { good, of, broken } = parsed;
  const catalog = useCatalog();
  const last = useLastExecutions(workflow).data?.[0]?.execution_id;
  const execution = search.on === "none" ? null : (search.on ?? last ?? null);
  const recorded = useRecorded(execution);
  const around = useMemo((): Around => (good === null ? EMPTY : { definition: good.definition, outline: good.outline, recorded, ports: new Map(Object.entries(validity?.ports ?? {})) }), [good, recorded, validity]);
  assist.current = catalog === null ? null : { catalog, around };
  const { box, key, rename } = useBox(good?.outline ?? null, search.node);
  const link = good === null || search.edge === undefined ? null : linkOf(good.outline, search.edge);
  const at = box?.path ?? link?.from;
  const sample = useMemo((): Sample | null => (execution === null || at === undefined ? null : { execution, node: at, ended: link !== null }), [execution, at, link !== null]);
  if (good === null || catalog === null || search.form === "closed") return null;
  const props: FormProps = {
    ...{ of, editor, catalog, around, workflow, sample },
    isBroken: broken !== null,
    problems: problems ?? NONE,
    onSample: (chosen) => onShow({ on: chosen === "" ? "none" : chosen }),
    onClose: () => onShow({ form: "closed" }),
  };
  const renamed = (to: string) => {
    rename(to);
    onShow({ node: to });
  };
  const isAhead = box === undefined && link === null && (search.node ?? search.edge) !== undefined && broken === null && editor.current?.text() !== of;
  const room = link === null ? undefined : [...roomsIn(good.outline)].find(({ links }) => links.some(({ id }) => id === link.id));
  return (
    <Guard of="form">
      {isAhead && <div className={css["form"]} />}
      {box !== undefined && <NodeForm key={key} {...props} box={box} good={good} onRename={renamed} />}
      {box === undefined && link !== null && room !== undefined && <EdgeForm key={link.id} {...props} {...{ link, room, asked }} onRemove={() => hand.current?.remove()} onClose={() => hand.current?.leave()} />}
      {box === undefined && link === null && search.form === "head" && <HeadForm {...props} />}
    </Guard>
  );
}

/** The box with a path; one that was renamed in its form is that of the name before until the text is read, and its form stays the same one. */
function useBox(outline: Room | null, path: string | undefined) {
  const renamed = useRef<{ readonly from: string; readonly to: string; readonly key: string } | null>(null);
  if (renamed.current !== null && renamed.current.to !== path) renamed.current = null;
  const find = (one: string | undefined) => (outline === null || one === undefined ? undefined : boxOf(outline, one)?.box);
  const box = find(path) ?? find(renamed.current?.from);
  const key = renamed.current?.key ?? box?.path;
  const rename = (to: string) => void (box !== undefined && (renamed.current = { from: box.path, to, key: key ?? to }));
  return { box, key, rename };
}
