/** The graph of an execution at the moment that is shown, drawn or as an outline. */

import { type JSX, useEffect, useMemo, useRef } from "react";
import type { Room } from "../../graph/outline";
import { GraphPane, type ShownAs } from "../../graph/pane";
import { useLayout } from "../../graph/use-layout";
import { View } from "../../graph/view";
import type { Lens } from "../../graph/zoom";
import type { Shown } from "./moment";
import css from "./page.module.css";
import { detailOf } from "./runs";

interface GraphProps {
  readonly says: string;
  readonly hash: string;
  readonly outline: Room;
  readonly shown: Shown;
  readonly chosen: string | null;
  readonly closed: ReadonlySet<string>;
  readonly as: ShownAs;
  readonly lens: Lens;
  readonly onAs: (as: ShownAs) => void;
  readonly onChoose: (path: string | null) => void;
  readonly onFold: (path: string) => void;
}

export function Graph({ says, hash, outline, shown, chosen, closed, as, lens, onAs, onChoose, onFold }: GraphProps): JSX.Element {
  const layout = useLayout(hash, outline, closed);
  const view = useMemo(() => new View(), []);
  const latest = useRef(shown);
  latest.current = shown;
  const detail = useMemo(() => detailOf(() => latest.current), []);
  const fold = useRef(onFold);
  fold.current = onFold;
  const onFoldNow = useMemo(() => (path: string) => fold.current(path), []);
  useEffect(() => view.show(shown.looks, shown.isPast), [view, shown]);
  if (layout === null) return <div className={css["blank"]} />;
  return (
    <GraphPane
      as={as}
      onAs={onAs}
      lens={lens}
      says={says}
      outline={outline}
      layout={layout}
      view={view}
      chosen={chosen}
      onChoose={onChoose}
      closed={closed}
      onFold={onFoldNow}
      detail={detail}
    />
  );
}
