/** The inspector beside what moves: while one drags it is drawn again only where it shows something else. */

import { type JSX, memo, useRef } from "react";
import { useSteady } from "../../parts/steady";
import { Inspector, type InspectorProps } from "./inspector";
import type { Shown } from "./moment";
import type { TabId } from "./route";

export function InspectorAt(props: InspectorProps): JSX.Element {
  return (
    <Still
      {...props}
      shown={useStill(props)}
      onTab={useSteady(props.onTab)}
      onChoose={useSteady(props.onChoose)}
      onRun={useSteady(props.onRun)}
      onGo={useSteady(props.onGo)}
      onIteration={useSteady(props.onIteration)}
      onShow={useSteady(props.onShow)}
      onChild={useSteady(props.onChild)}
      onDone={useSteady(props.onDone)}
    />
  );
}

const Still = memo(Inspector);

/** What these show follows when the reel rests, but for the state of what is chosen. */
const FOLLOW: ReadonlySet<TabId> = new Set<TabId>(["output", "input", "variables"]);

/** The moment that it is drawn for: while one drags the one before, where nothing would look otherwise. */
function useStill({ shown, chosen, tab }: InspectorProps): Shown {
  const look = chosen === null ? undefined : shown.looks.boxes.get(chosen);
  const sign = `${chosen} ${tab} ${shown.isPast} ${look?.place} ${look?.since} ${shown.looks.rooms.get(`${chosen}[]`)}`;
  const held = useRef({ shown, sign });
  const isLoop = shown.looks.rooms.has(`${chosen}[]`); // of which the states of all iterations are shown
  if (shown.isResting || isLoop || !FOLLOW.has(tab) || held.current.sign !== sign) held.current = { shown, sign };
  return held.current.shown;
}
