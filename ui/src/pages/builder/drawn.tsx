/** The graph of what is typed; while the text is broken that of the text before, greyed. */

import { type JSX, useEffect, useMemo, useRef } from "react";
import type { Broken, Parsed } from "../../edit/parse";
import { Canvas } from "../../graph/canvas";
import { folded } from "../../graph/fold";
import type { Layout } from "../../graph/layout";
import type { Room } from "../../graph/outline";
import { useLayout } from "../../graph/use-layout";
import { View } from "../../graph/view";
import css from "./page.module.css";
import type { BuilderSearch } from "./route";
import { say } from "./words";

interface DrawnProps {
  readonly parsed: Parsed | null;
  readonly broken: Broken | null;
  /** The paths of boxes in which something is wrong. */
  readonly wrong: ReadonlySet<string>;
  readonly search: BuilderSearch;
  readonly onChoose: (path: string | null) => void;
  readonly onShow: (changed: BuilderSearch) => void;
}

export function Drawn({ parsed, broken, wrong, search, onChoose, onShow }: DrawnProps): JSX.Element {
  const outline = parsed?.outline ?? null;
  const closed = useMemo(() => new Set(search.closed), [search.closed]);
  const key = useMemo(() => (outline === null ? "" : JSON.stringify(outline)), [outline]);
  const layout = useLayout(key, outline, closed);
  const view = useMemo(() => new View(false), []);
  const last = useRef<{ layout: Layout; outline: Room } | null>(null);
  if (layout !== null && outline !== null) last.current = { layout, outline };
  useEffect(() => view.mark(wrong), [view, wrong]);
  const fold = useRef<(path: string) => void>(() => undefined);
  fold.current = (path) => onShow({ closed: folded(closed, path) });
  const onFold = useMemo(() => (path: string) => fold.current(path), []);
  const shown = last.current;
  return (
    <div className={css["drawn"]} data-stale={broken !== null}>
      {broken !== null && (
        <p className={css["stale"]} role="status">
          {say("broken", { line: broken.line })}
        </p>
      )}
      {shown !== null && <Canvas says={say("graph")} outline={shown.outline} layout={shown.layout} view={view} chosen={search.node ?? null} onChoose={onChoose} closed={closed} onFold={onFold} />}
    </div>
  );
}
