/** The keys of the reel: from event to event, failure to failure, decision to decision; and playing it. */

import { useEffect, useEffectEvent, useState } from "react";
import { useOffered } from "../../frame/commands";
import { type Lens, type ZoomBy, ZOOMS } from "../../graph/zoom";
import type { Trace } from "../../trace/trace";
import { nextOf } from "./bars";
import type { Shown } from "./moment";
import { say as sayOfGraph } from "../../graph/words";
import { say } from "./words";

type Go = (at: number | undefined, isResting: boolean) => void;
/** The whole of it is played in so long, but no event is shorter than a frame. */
const PLAY_MS = 12_000;

export function usePageKeys(trace: Trace | null, shown: Shown | null, go: Go): void {
  const [isPlaying, play] = useState(false);
  const group = say("title");
  const at = shown?.at ?? 1;
  const jump = (by: 1 | -1, wanted: "failure" | "decision") => {
    const next = trace === null ? undefined : nextOf(trace, at, by, wanted);
    if (next !== undefined) go(next, true);
  };
  useOffered(
    trace === null
      ? []
      : [
          { id: "next", says: say("nextEvent"), keys: "arrowright", group, isListed: false, run: () => go(at + 1, false) },
          { id: "before", says: say("eventBefore"), keys: "arrowleft", group, isListed: false, run: () => go(at - 1, false) },
          { id: "next-failure", says: say("nextFailure"), keys: "]", group, run: () => jump(1, "failure") },
          { id: "failure-before", says: say("failureBefore"), keys: "[", group, run: () => jump(-1, "failure") },
          { id: "next-decision", says: say("nextDecision"), keys: ".", group, run: () => jump(1, "decision") },
          { id: "decision-before", says: say("decisionBefore"), keys: ",", group, run: () => jump(-1, "decision") },
          { id: "live", says: say("goLive"), keys: "l", group, run: () => go(undefined, true) },
          { id: "play", says: say("play"), keys: "p", group, run: () => play(!isPlaying) },
        ],
  );
  const on = useEffectEvent(() => {
    if (trace === null || at >= trace.version) {
      play(false);
      go(undefined, true);
    } else go(at + Math.max(1, Math.round(trace.version / (PLAY_MS / 60))), false);
  });
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(on, 60);
    return () => clearInterval(timer);
  }, [isPlaying]);
}

/** A moment is marked, and another one compared with it; without a mark one of the past with now. */
export function useMarkKeys(shown: Shown | null, mark: number | undefined, onMark: (mark: number | undefined) => void, onCompare: (other: number | undefined) => void): void {
  const group = say("title");
  const isOther = shown !== null && mark !== undefined && mark !== shown.at;
  useOffered(
    shown === null
      ? []
      : [
          { id: "mark", says: say(mark === shown.at ? "unmark" : "mark"), keys: "m", group, run: () => onMark(mark === shown.at ? undefined : shown.at) },
          ...(isOther || shown.isPast ? [{ id: "compare-moments", says: isOther ? say("compareWith", { at: mark }) : say("compareNow"), keys: "c", group, run: () => onCompare(isOther ? mark : undefined) }] : []),
        ],
  );
}

const ZOOM_KEYS: Readonly<Record<ZoomBy, string>> = { in: "+", out: "-", "as it is": "0", all: "f" };

const WORDS = { in: "zoomIn", out: "zoomOut", "as it is": "zoomAsItIs", all: "zoomAll" } as const;

/** The keys of the graph, wherever the focus is; and the one that makes it an outline. */
export function useGraphKeys(lens: Lens, onOutline: () => void): void {
  const group = say("graph");
  useOffered([
    ...ZOOMS.map((by) => ({ id: `zoom-${by}`, says: sayOfGraph(WORDS[by]), keys: ZOOM_KEYS[by], group, run: () => lens.zoom(by) })),
    { id: "outline", says: say("outlineOrGraph"), keys: "o", group, run: onOutline },
  ]);
}
