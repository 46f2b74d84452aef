/** Whether what is shown is live, and else since when it is not. */

import type { JSX } from "react";
import { live, useLiveState } from "../live/use";
import { Button } from "../parts/button";
import { shortTime } from "../parts/time";
import { say } from "../words/en";
import css from "./live-note.module.css";

/** A line above the page while the server is away: what is shown is not of now, and that is said, not hidden. */
export function LiveNote(): JSX.Element | null {
  const state = useLiveState();
  if (state.is !== "away") return null;
  return (
    <div className={css["away"]} role="status">
      <strong>{say("liveAway", { time: shortTime(state.since) })}</strong>
      <span>{say("liveAwaySays")}</span>
      <Button onClick={() => live.tryNow()}>{say("retry")}</Button>
    </div>
  );
}
