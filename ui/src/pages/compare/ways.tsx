/** Where the two part: the first event that is another one, and each node that did otherwise, the earliest first. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { type Column, Table } from "../../parts/table";
import type { Difference, Stands } from "../../trace/differences";
import { sayState } from "../../words/en";
import type { Side } from "./data";
import css from "./page.module.css";
import { say } from "./words";

interface WaysProps {
  readonly found: { readonly runs: readonly Difference[]; readonly event: number | null };
  readonly left: Side;
  readonly right: Side;
  readonly chosen: string | null;
  readonly onChoose: (run: string) => void;
}

export function Ways({ found: { runs, event }, left, right, onChoose }: WaysProps): JSX.Element {
  const [first] = runs;
  if (event === null && first === undefined) return <p className={css["facts"]}>{say("same")}</p>;
  return (
    <div className={css["ways"]}>
      <div className={css["facts"]}>
        {event !== null && first === undefined && <p>{say("sameOrder", { n: event })}</p>}
        {event !== null && first !== undefined && (
          <p>
            {say("firstEvent", { n: event })}: <EventLink side={left} event={event} /> | <EventLink side={right} event={event} />
          </p>
        )}
        {first !== undefined && (
          <p>
            {say("firstRun")}: <code>{first.path}</code>, {say(`is_${first.is}`)} (<Why side={left} run={first.path} stands={first.left} says={say("left")} />, <Why side={right} run={first.path} stands={first.right} says={say("right")} />)
          </p>
        )}
        <p role="status">{say("differences", { n: runs.length })}</p>
      </div>
      {runs.length > 0 && <Table says={say("list")} columns={columns()} rows={runs} keyOf={(row) => row.path} onOpen={(row) => onChoose(row.path)} />}
    </div>
  );
}

/** The event of a side: what it is and where, and a link to how all was after it. */
function EventLink({ side: { id, trace, at }, event }: { side: Side; event: number }): JSX.Element {
  if (trace === null || event > at) return <span>{say("none")}</span>;
  const { type, place } = trace.event(event);
  return (
    <Link to="/executions/$id" params={{ id }} search={{ at: event }}>
      {type} <code>{trace.path(place)}</code>
    </Link>
  );
}

/** How it stood, and the way to the reason: the execution as it was then, with the chain of its causes. */
function Why({ side: { id }, run, stands, says }: { side: Side; run: string; stands: Stands | null; says: string }): JSX.Element {
  if (stands === null) return <span>{`${says}: ${say("none")}`}</span>;
  return (
    <>
      {`${says}: ${sayStands(stands)} · `}
      <Link to="/executions/$id" params={{ id }} search={{ at: stands.since, node: run, tab: "why" }}>
        {say("why")}
      </Link>
    </>
  );
}

function sayStands(stands: Stands | null): string {
  if (stands === null) return say("none");
  const ports = stands.ports.length === 0 ? "" : ` ${say("by", { ports: stands.ports.join(", ") })}`;
  return `${sayState(stands.state as Parameters<typeof sayState>[0])}${ports}${stands.attempt > 1 ? `, ${say("attempts", { n: stands.attempt })}` : ""}`;
}

function columns(): readonly Column<Difference>[] {
  return [
    { id: "run", says: say("run"), width: "minmax(120px, 1fr)", narrow: "minmax(0, 1fr)", cell: (row) => <code>{row.path}</code> },
    { id: "what", says: say("what"), width: "168px", narrow: "minmax(0, 1fr)", cell: (row) => say(`is_${row.is}`) },
    { id: "left", says: say("left"), width: "minmax(0, 1fr)", cell: (row) => <span>{sayStands(row.left)}</span> },
    { id: "right", says: say("right"), width: "minmax(0, 1fr)", cell: (row) => <span>{sayStands(row.right)}</span> },
  ];
}
