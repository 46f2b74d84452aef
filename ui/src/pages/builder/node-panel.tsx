/** The form of the node that is chosen, below the graph. */

import { type JSX, lazy, type RefObject, Suspense, useMemo } from "react";
import type { Assist } from "../../edit/complete/assist";
import { type Around, EMPTY } from "../../edit/complete/around";
import { useCatalog, useLastExecutions, useRecorded } from "../../edit/complete/use-catalog";
import type { Placed } from "../../edit/place";
import type { EditorHandle } from "../../edit/text-editor";
import type { LastParsed } from "../../edit/use-parsed";
import type { Validity } from "../../edit/use-validity";
import { boxOf } from "../../graph/outline";
import { Guard } from "../../parts/guard";
import type { BuilderSearch } from "./route";

interface NodePanelProps {
  readonly parsed: LastParsed;
  readonly problems: readonly Placed[] | null;
  readonly validity: Validity | null;
  readonly editor: RefObject<EditorHandle | null>;
  readonly assist: Assist;
  readonly workflow: string | null;
  readonly search: BuilderSearch;
  readonly onShow: (changed: BuilderSearch) => void;
}

/** Loaded with the first node that is chosen, and with it what reads and writes YAML. */
const NodeForm = lazy(async () => ({ default: (await import("../../edit/forms/node-form")).NodeForm }));
const NONE: readonly Placed[] = [];

export function NodePanel({ parsed, problems, validity, editor, assist, workflow, search, onShow }: NodePanelProps): JSX.Element | null {
  const { good, of, broken } = parsed;
  const catalog = useCatalog();
  const last = useLastExecutions(workflow).data?.[0]?.execution_id;
  const execution = search.on === "none" ? null : (search.on ?? last ?? null);
  const recorded = useRecorded(execution);
  const around = useMemo((): Around => (good === null ? EMPTY : { definition: good.definition, outline: good.outline, recorded, ports: new Map(Object.entries(validity?.ports ?? {})) }), [good, recorded, validity]);
  assist.current = catalog === null ? null : { catalog, around };
  const box = good === null || search.node === undefined ? undefined : boxOf(good.outline, search.node)?.box;
  const sample = useMemo(() => (execution === null || box === undefined ? null : { execution, node: box.path }), [execution, box?.path]);
  if (good === null || catalog === null || box === undefined || search.form === "closed") return null;
  return (
    <Guard of="form">
      <Suspense fallback={null}>
      <NodeForm
        key={box.path}
        {...{ box, good, of, editor, catalog, around, workflow, sample }}
        isBroken={broken !== null}
        problems={problems ?? NONE}
        onSample={(chosen) => onShow({ on: chosen === "" ? "none" : chosen })}
        onChoose={(node) => onShow({ node })}
        onClose={() => onShow({ form: "closed" })}
      />
      </Suspense>
    </Guard>
  ); // prettier-ignore
}
