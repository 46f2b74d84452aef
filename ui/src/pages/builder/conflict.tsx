/** Two have changed a draft: both texts, and a choice. Nothing is overwritten before. */

import type { JSX } from "react";
import type { Kept } from "../../edit/saver";
import { Button } from "../../parts/button";
import { unifiedDiff } from "../../parts/diff-lines";
import { TextDiff } from "../../parts/text-diff";
import css from "./page.module.css";
import { say } from "./words";

interface ConflictProps {
  readonly mine: string;
  readonly theirs: Kept;
  readonly onKeep: () => void;
  readonly onTake: () => void;
}

export function Conflict({ mine, theirs, onKeep, onTake }: ConflictProps): JSX.Element {
  return (
    <section className={css["conflict"]} role="alert" aria-label={say("theirs")}>
      <h2>{say("theirs")}</h2>
      <p>{say("theirsSays")}</p>
      <p className="soft">{say("difference")}</p>
      <div className={css["both"]}>
        <TextDiff says={say("difference")} text={unifiedDiff(theirs.text, mine)} />
      </div>
      <div className={css["buttons"]}>
        <Button onClick={onTake}>{say("takeTheirs")}</Button>
        <Button onClick={onKeep}>{say("keepMine")}</Button>
      </div>
    </section>
  );
}
