/** The graph of an execution at the moment that is shown, drawn or as an outline. */

import { type JSX, memo, useEffect, useMemo, useRef } from "react";
import type { Room } from "../../graph/outline";
import { GraphPane, type ShownAs } from "../../graph/pane";
import { useLayout } from "../../graph/use-layout";
import { View } from "../../graph/view";
import type { Lens } from "../../graph/zoom";
import { useSteady } from "../../parts/steady";
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
  const steady = { onFold: useSteady(onFold), onChoose: useSteady(onChoose), onAs: useSteady(onAs) };
  useEffect(() => view.show(shown.looks, shown.isPast, shown.looks.takeChanged?.()), [view, shown]);
  if (layout === null) return <div className={css["blank"]} />;
  return <Pane as={as} lens={lens} says={says} outline={outline} layout={layout} view={view} chosen={chosen} closed={closed} detail={detail} {...steady} />;
}

/** What changes from moment to moment it hears from its view. */
const Pane = memo(GraphPane);
