/** The graph of what is typed, where it can be changed too; while the text is broken that of the text before, greyed. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, type RefObject, useEffect, useMemo, useRef } from "react";
import { api, ask } from "../../api/client";
import type { Broken, Parsed } from "../../edit/parse";
import type { EditorHandle } from "../../edit/text-editor";
import { Canvas } from "../../graph/canvas";
import { folded } from "../../graph/fold";
import type { Layout } from "../../graph/layout";
import { boxesIn, type Room } from "../../graph/outline";
import { useLayout } from "../../graph/use-layout";
import type { View } from "../../graph/view";
import { Button } from "../../parts/button";
import { CanvasTools } from "./canvas-tools";
import { say as sayCanvas } from "./canvas-words";
import css from "./page.module.css";
import parts from "./stage.module.css";
import type { Kind } from "./gesture";
import type { BuilderSearch } from "./route";
import { type HandProps, useHand } from "./use-hand";
import { say } from "./words";

interface DrawnProps extends Pick<HandProps, "edgeHand" | "onEdgeAsked"> {
  readonly view: View;
  readonly editor: RefObject<EditorHandle | null>;
  readonly parsed: Parsed | null;
  readonly broken: Broken | null;
  /** The paths of boxes, and the ids of edges, in which something is wrong. */
  readonly wrong: ReadonlySet<string>;
  /** The ports of nodes by their paths, as far as the server has said them. */
  readonly ports: Readonly<Record<string, readonly string[]>>;
  readonly search: BuilderSearch;
  readonly onChoose: (path: string | null) => void;
  readonly onShow: (changed: BuilderSearch) => void;
}

export function Drawn({ view, editor, parsed, broken, wrong, ports, search, onChoose, onShow, edgeHand, onEdgeAsked }: DrawnProps): JSX.Element {
  const outline = parsed?.outline ?? null;
  const closed = useMemo(() => new Set(search.closed), [search.closed]);
  const key = useMemo(() => (outline === null ? "" : JSON.stringify(outline)), [outline]);
  const layout = useLayout(key, outline, closed);
  const last = useRef<{ layout: Layout; outline: Room } | null>(null);
  if (layout !== null && outline !== null) last.current = { layout, outline };
  const kinds = useQuery({ queryKey: ["node-kinds"], queryFn: () => ask(api.GET("/v1/node-kinds")), staleTime: 60_000 });
  const red = useMemo(() => withUnknown(wrong, outline, kinds.data?.kinds), [wrong, outline, kinds.data]);
  useEffect(() => view.mark(red), [view, red]);
  const fold = useRef<(path: string) => void>(() => undefined);
  fold.current = (path) => onShow({ closed: folded(closed, path) });
  const onFold = useMemo(() => (path: string) => fold.current(path), []);
  const shown = last.current;
  const stage = useRef<HTMLDivElement>(null);
  const hand = useHand({ editor, stage, outline: shown?.outline ?? null, layout: shown?.layout ?? null, kinds: kinds.data?.kinds ?? NONE, ports, broken, search, onShow, edgeHand, onEdgeAsked });
  return (
    <div className={css["drawn"]} data-stale={broken !== null} onKeyDownCapture={hand.onKeyDown}>
      <CanvasTools hand={hand} isHead={search.form === "head" && search.node === undefined && search.edge === undefined} />
      {broken !== null && (
        <p className={css["stale"]} role="status">
          {say("broken", { line: broken.line })}
        </p>
      )}
      <div className={parts["stage"]} ref={stage}>
        {hand.library}
        <div className={parts["canvas"]}>
          {shown !== null && <Canvas says={say("graph")} outline={shown.outline} layout={shown.layout} view={view} chosen={search.node ?? null} onChoose={onChoose} closed={closed} onFold={onFold} editing={hand.editing} />}
          {shown !== null && shown.outline.boxes.length === 0 && (
            <div className={parts["empty"]}>
              <h2>{sayCanvas("empty")}</h2>
              <p className="soft">{sayCanvas("emptySays")}</p>
              <Button onClick={hand.add}>{sayCanvas("add")}</Button>
            </div>
          )}
        </div>
      </div>
      {hand.dialog}
    </div>
  );
}

const NONE: readonly Kind[] = [];

/** With those whose kind nobody has now, which is no fault as long as a worker may come that offers it. */
function withUnknown(wrong: ReadonlySet<string>, outline: Room | null, kinds: readonly Kind[] | undefined): ReadonlySet<string> {
  if (outline === null || kinds === undefined) return wrong;
  const known = new Set(kinds.map(({ kind }) => kind));
  return new Set([...wrong, ...[...boxesIn(outline)].filter(({ kind }) => !known.has(kind)).map(({ path }) => path)]);
}
