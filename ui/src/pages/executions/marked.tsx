/** What is marked in the list, and what can be done with it: one thing with all of them, or two beside each other. */

import { Link } from "@tanstack/react-router";
import { type JSX, useState } from "react";
import { ACTIONS, NAMED_MAX, type Which } from "../../bulk/data";
import { BulkDialog } from "../../bulk/dialog";
import { useOffered } from "../../frame/commands";
import { Button } from "../../parts/button";
import css from "./page.module.css";
import { say } from "./words";

interface MarkedProps {
  readonly marks: ReadonlySet<string>;
  /** All that is asked for. */
  readonly filter: string;
  /** All that the filter takes are meant, seen or not. */
  readonly areAll: boolean;
  readonly onAll: () => void;
  readonly onNone: () => void;
  readonly onStarted: (operation: string) => void;
}

export function Marked({ marks, filter, areAll, onAll, onNone, onStarted }: MarkedProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const which: Which = areAll ? { filter: filter || "true" } : { executions: [...marks] };
  const tooMany = !areAll && marks.size > NAMED_MAX;
  const open = () => setOpen(!tooMany);
  useOffered([
    { id: "do-marked", says: say("doMarked"), keys: "d", group: say("title"), run: open },
    { id: "mark-all", says: say("allMatching"), keys: "a", group: say("title"), run: onAll },
  ]);
  return (
    <div className={css["marked"]} role="region" aria-label={say("markedSays")}>
      <strong role="status">{areAll ? (filter === "" ? say("allThere") : say("allOfFilter")) : say("marked", { n: marks.size })}</strong>
      <Button look="main" aria-disabled={tooMany} title={tooMany ? say("tooManyMarked", { n: NAMED_MAX }) : undefined} onClick={open}>
        {say("doMarked")}
      </Button>
      {!areAll && marks.size === 2 && <CompareLink marks={[...marks]} />}
      {!areAll && <Button onClick={onAll}>{say("allMatching")}</Button>}
      <Button look="bare" onClick={onNone}>
        {say("markNone")}
      </Button>
      {tooMany && <span className="soft">{say("tooManyMarked", { n: NAMED_MAX })}</span>}
      {isOpen && (
        <BulkDialog
          title={say("doMarked")}
          actions={ACTIONS}
          which={which}
          onStarted={(operation) => {
            onNone();
            onStarted(operation);
          }}
          onClose={() => setOpen(false)}
        />
      )}
    </div>
  );
}

function CompareLink({ marks: [left = "", right = ""] }: { marks: readonly string[] }): JSX.Element {
  return (
    <Link to="/compare" search={{ left, right }} className={css["compare"]}>
      {say("compare")}
    </Link>
  );
}
