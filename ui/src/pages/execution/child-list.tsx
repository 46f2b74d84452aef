/** The children of an execution, of a loop or of one run, each with its state: shown in place, or as a page of its own. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { statusOf } from "../../graph/status";
import { type Column, Table } from "../../parts/table";
import { State } from "../../parts/state";
import { Button } from "../../parts/button";
import type { Child } from "./children";
import css from "./inspector.module.css";
import { say } from "./words";

interface ChildListProps {
  readonly of: readonly Child[];
  readonly onChild: (id: string) => void;
}

const LISTED = 5;

export function ChildList({ of, onChild }: ChildListProps): JSX.Element {
  return (
    <section>
      <h3 className={css["heading"]}>{say("childrenOf", { n: of.length })}</h3>
      {of.length > LISTED ? (
        <div className={css["children"]}>
          <Table says={say("children")} columns={COLUMNS} rows={of} keyOf={({ id }) => id} onOpen={({ id }) => onChild(id)} />
        </div>
      ) : (
        <ul className={css["few"]}>
          {of.map((child) => (
            <li key={child.id}>
              <Status of={child} /> <Link to="/executions/$id" params={{ id: child.id }}>{child.id}</Link>{" "}
              <Button look="bare" onClick={() => onChild(child.id)} aria-label={say("showChild", { id: child.id })}>
                {say("showHere")}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
} // prettier-ignore

const COLUMNS: readonly Column<Child>[] = [
  { id: "run", says: say("path"), width: "minmax(0, 1fr)", narrow: "minmax(0, 1fr)", cell: ({ run }) => <code>{run}</code> },
  { id: "state", says: say("stateOf"), width: "120px", narrow: "120px", cell: (child) => <Status of={child} /> },
];

function Status({ of }: { of: Child }): JSX.Element {
  return <State status={statusOf("sub_workflow", of.state)} />;
}
