/** A breakpoint in words. */

import type { JSX } from "react";
import css from "./debug.module.css";
import type { On } from "./draft";
import { say } from "./words";

interface SaysProps {
  readonly on: On;
  /** A node, `*` for every one, or a variable. */
  readonly target: string;
  readonly condition: string | null;
  readonly halts: "branch" | "all";
  /** For how long at most, where that is not the usual time. */
  readonly timeout: string | null;
  readonly isOnce?: boolean;
}

export function Says({ on, target, condition, halts, timeout, isOnce = false }: SaysProps): JSX.Element {
  const [before, after] = say(`says_${on}`, { node: HOLE }).split(HOLE);
  return (
    <span className={css["says"]}>
      {before}
      {target === "*" ? say("everyNode") : <code>{target}</code>}
      {after}
      {condition !== null && (
        <>
          {" "}
          {say("onlyIf")} <code>{condition}</code>
        </>
      )}
      {halts === "all" && <span className="soft"> · {say("all")}</span>}
      {timeout !== null && <span className="soft"> · {say("atMost", { time: timeout })}</span>}
      {isOnce && <span className="soft"> · {say("says_once")}</span>}
    </span>
  );
}

/** Where the target stands in the words: it is drawn as code. */
const HOLE = "\u0000";
