/** Somebody else has changed the draft: says so, and leads to the merge. One can go on typing; nothing is overwritten before. */

import { type JSX, useState } from "react";
import type { SaverState } from "../../edit/saver";
import { Button } from "../../parts/button";
import { When } from "../../parts/when";
import css from "./conflict.module.css";
import { begunMerge, forgetMerge, keepMerge, keptMerge, type Merge } from "./merge-state";
import { MergeDialog } from "./merge-dialog";
import { say } from "./conflict-words";

interface ConflictProps {
  readonly draft: string;
  readonly mine: string;
  readonly conflict: Extract<SaverState, { is: "conflict" }>;
  readonly onSettle: (merged: string) => void;
}

export function Conflict({ draft, mine, conflict, onSettle }: ConflictProps): JSX.Element {
  const { base, theirs } = conflict;
  const [merge, setMerge] = useState<Merge | null>(() => keptMerge(draft, theirs.text));
  const [isOpen, setOpen] = useState(false);
  const [begun, count] = useState(0);
  const isOf = merge !== null && merge.theirs === theirs.text;
  const anew = () => {
    put(begunMerge(base, mine, theirs.text));
    count((before) => before + 1);
  };
  const put = (next: Merge) => {
    setMerge(next);
    keepMerge(draft, next);
  };
  const open = () => {
    if (!isOf) put(begunMerge(base, mine, theirs.text));
    setOpen(true);
  };
  const settle = (merged: string) => {
    forgetMerge(draft);
    setOpen(false);
    onSettle(merged);
  };
  return (
    <section className={css["conflict"]} role="alert" aria-label={say("theirs")}>
      <p>
        <b>{say(theirs.revision === 0 ? "theirsGone" : "theirs")}</b>
        {theirs.by !== undefined && ` · ${theirs.by}`}
        {theirs.at !== undefined && (
          <>
            {" · "}
            <When at={theirs.at} />
          </>
        )}
      </p>
      <p className="soft">{say("theirsSays")}</p>
      <Button look="main" onClick={open}>
        {say("merge")}
      </Button>
      {isOpen && isOf && <MergeDialog key={begun} merge={merge} mine={mine} onMerge={put} onAnew={anew} onSettle={settle} onClose={() => setOpen(false)} />}
    </section>
  );
}
