/** A graph, drawn or as an outline: what is chosen, opened and done in one is so in the other. */

import { type JSX, lazy, Suspense, useMemo } from "react";
import { Choice } from "../parts/choice";
import { Canvas, type CanvasProps } from "./canvas";
import css from "./pane.module.css";
import type { TreeProps } from "./tree";
import { say } from "./words";

const Tree = lazy(async () => ({ default: (await import("./tree")).Tree }));

export type ShownAs = "graph" | "outline";

type GraphPaneProps = CanvasProps & Pick<TreeProps, "actions"> & { readonly as: ShownAs; readonly onAs: (as: ShownAs) => void };

export function GraphPane({ as, onAs, actions, ...graph }: GraphPaneProps): JSX.Element {
  const options = useMemo(() => (["graph", "outline"] as const).map((value) => ({ value, says: say(value === "graph" ? "asGraph" : "asOutline") })), []);
  return (
    <div className={css["pane"]} data-as={as}>
      <div className={css["as"]}>
        <Choice label={say("shownAs")} options={options} chosen={as} onChoose={onAs} />
      </div>
      {as === "graph" ? (
        <Canvas {...graph} />
      ) : (
        <Suspense>
          <Tree {...graph} {...(actions && { actions })} />
        </Suspense>
      )}
    </div>
  );
}
