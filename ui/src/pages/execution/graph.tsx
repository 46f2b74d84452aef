/** The graph of an execution at the moment that is shown, drawn or as an outline. */

import { type JSX, memo, useEffect, useLayoutEffect, useMemo, useState } from "react";
import type { Box, Room } from "../../graph/outline";
import { GraphPane, type ShownAs } from "../../graph/pane";
import { useLayout } from "../../graph/use-layout";
import { type Sign, View } from "../../graph/view";
import type { Lens } from "../../graph/zoom";
import { useSteady } from "../../parts/steady";
import { IterationsInLine } from "./iterations";
import type { Shown } from "./moment";
import css from "./page.module.css";
import { detailOf } from "./runs";
import { Seen, useSeen } from "./seen";

interface GraphProps {
  readonly says: string;
  readonly hash: string;
  readonly outline: Room;
  readonly shown: Shown;
  readonly chosen: string | null;
  readonly closed: ReadonlySet<string>;
  readonly as: ShownAs;
  readonly lens: Lens;
  /** Where it halts, or would. */
  readonly signs?: ReadonlyMap<string, Sign>;
  readonly onAs: (as: ShownAs) => void;
  readonly onChoose: (path: string | null) => void;
  readonly onFold: (path: string) => void;
  readonly onIteration: (loop: string, number: number | null) => void;
}

export function Graph({ says, hash, outline, shown, chosen, closed, as, lens, signs, onAs, onChoose, onFold, onIteration }: GraphProps): JSX.Element {
  const layout = useLayout(hash, outline, closed);
  const view = useMemo(() => new View(), []);
  const [seen] = useState(() => new Seen(shown));
  const detail = useMemo(() => detailOf(seen.now), [seen]);
  const choose = useSteady(onIteration);
  const caption = useMemo(() => (box: Box) => (box.rooms.some(({ label }) => label === "[]") ? <OfLoop box={box} seen={seen} onIteration={choose} /> : null), [seen, choose]);
  const steady = { onFold: useSteady(onFold), onChoose: useSteady(onChoose), onAs: useSteady(onAs) };
  useLayoutEffect(() => seen.show(shown), [seen, shown]);
  useEffect(() => view.show(shown.looks, shown.isPast, shown.looks.takeChanged?.()), [view, shown]);
  useEffect(() => signs && view.sign(signs), [view, signs]);
  if (layout === null) return <div className={css["blank"]} />;
  return <Pane as={as} lens={lens} says={says} outline={outline} layout={layout} view={view} chosen={chosen} closed={closed} detail={detail} caption={caption} {...steady} />;
}

function OfLoop({ box, seen, onIteration }: { box: Box; seen: Seen<Shown>; onIteration: GraphProps["onIteration"] }): JSX.Element | null {
  const shown = useSeen(seen);
  const look = shown.looks.boxes.get(box.path);
  return look === undefined ? null : <IterationsInLine trace={shown.moment.trace} {...{ shown, box, look, onIteration }} />;
}

/** What changes from moment to moment it hears from its view. */
const Pane = memo(GraphPane);
