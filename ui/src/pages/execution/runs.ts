/** Runs of nodes: their paths, and what matters of each in a line. */

import type { Box } from "../../graph/outline";
import { hasEnded } from "../../graph/status";
import { duration } from "../../parts/time";
import type { Shown } from "./moment";
import { say } from "./words";

/** How long it took, or which attempt it is. */
export function detailOf(shown: () => Shown): (box: Box) => string {
  return (box) => {
    const { moment, looks } = shown();
    const look = looks.boxes.get(box.path);
    if (look === undefined || look.state === "skipped") return "";
    const { trace } = moment;
    const began = trace.times.at(trace.begunAt(look.place) - 1);
    const parts = [
      look.attempt > 1 ? say("attempts", { n: look.attempt }) : "",
      hasEnded(look.state) && look.since > trace.begunAt(look.place) ? duration(Math.max(0, trace.times.at(look.since - 1) - began)) : "",
    ];
    return parts.filter(Boolean).join(" · ");
  };
}
