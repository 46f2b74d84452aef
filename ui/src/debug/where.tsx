/** Where it halts, why, by whom and until when. */

import type { JSX } from "react";
import { Mark } from "../parts/state";
import { When } from "../parts/when";
import css from "./debug.module.css";
import type { Halt } from "./data";
import { say } from "./words";

export function Where({ halt, onRun }: { halt: Halt; onRun: (run: string) => void }): JSX.Element {
  const [before, after] = say("halts", { node: HOLE }).split(HOLE);
  const breakpoint = halt.breakpoint.startsWith("step:") ? say("step", { from: halt.breakpoint.slice("step:".length) }) : halt.breakpoint;
  return (
    <p className={css["where"]}>
      <Mark look="paused" size={14} />
      <span>
        {before}
        <button type="button" className={css["node"]} onClick={() => onRun(halt.path)}>
          <code>{halt.path}</code>
        </button>
        {after}
      </span>
      <span className="soft">{halt.by === null ? say("byNobody", { breakpoint }) : say("by", { breakpoint, who: halt.by })}</span>
      <span className="soft">
        {say("untilThen")} <When at={halt.until} />
      </span>
      {halt.changed_by !== null && <span className={css["changed"]}>{say("changedBy", { who: halt.changed_by })}</span>}
    </p>
  );
}

const HOLE = "\u0000";
