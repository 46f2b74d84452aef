/** The graph of one side, as it stood; the boxes of what did otherwise say so. */

import { type JSX, useEffect, useMemo } from "react";
import { Canvas } from "../../graph/canvas";
import type { Box, Room } from "../../graph/outline";
import type { Together } from "../../graph/together";
import { useLayout } from "../../graph/use-layout";
import { View } from "../../graph/view";
import { seenStatus, State } from "../../parts/state";
import type { Moment } from "../../trace/moment";
import { looksOf, type Side } from "./data";
import css from "./page.module.css";

interface SideGraphProps {
  readonly side: Side;
  readonly moment: Moment;
  readonly says: string;
  /** The nodes that did otherwise, by their paths in the definition. */
  readonly other: ReadonlySet<string>;
  readonly together: Together;
  readonly chosen: string | null;
  readonly onChoose: (path: string | null) => void;
}

const NONE: ReadonlySet<string> = new Set();
const nothing = () => undefined;

export function SideGraph({ side: { id, at, last, state, hash, outline }, moment, says, other, together, chosen, onChoose }: SideGraphProps): JSX.Element {
  const marked = useMemo(() => (outline === null ? null : markedRoom(outline, other)), [outline, other]);
  return (
    <div className={css["side"]}>
      <div className={css["caption"]}>
        <code translate="no">{at < last ? `${id}@${at}` : id}</code>
        {state !== undefined && <State status={at < last ? state.status : seenStatus(state.status, state.waiting_for)} />}
      </div>
      {marked !== null && hash !== undefined && <Drawn hash={hash} outline={marked} moment={moment} isPast={at < last} says={says} together={together} chosen={chosen} onChoose={onChoose} />}
    </div>
  );
}

interface DrawnProps extends Omit<SideGraphProps, "side" | "other"> {
  readonly hash: string;
  readonly outline: Room;
  readonly isPast: boolean;
}

function Drawn({ hash, outline, moment, isPast, says, together, chosen, onChoose }: DrawnProps): JSX.Element {
  const layout = useLayout(hash, outline, NONE);
  const view = useMemo(() => new View(), []);
  useEffect(() => view.show(looksOf(outline, moment), isPast), [view, outline, moment, isPast]);
  if (layout === null) return <div className={css["graph"]} />;
  return <Canvas says={says} outline={outline} layout={layout} view={view} chosen={chosen} onChoose={onChoose} closed={NONE} onFold={nothing} together={together} />;
}

function markedRoom(room: Room, other: ReadonlySet<string>): Room {
  return { ...room, boxes: room.boxes.map((box): Box => ({ ...box, rooms: box.rooms.map((inner) => markedRoom(inner, other)), ...(other.has(box.path) && { mark: { is: "differs" as const, from: null } }) })) };
}
