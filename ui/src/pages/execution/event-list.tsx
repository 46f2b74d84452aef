/** The events, of the execution or of one run; choosing one goes there, and shows what it says. */

import { type JSX, useMemo } from "react";
import type { Json } from "../../api/exact";
import { names } from "../../parts/class-names";
import { type Column, Table } from "../../parts/table";
import { duration } from "../../parts/time";
import type { Trace } from "../../trace/trace";
import { Recorded } from "./big";
import { useEvents } from "./data";
import css from "./inspector.module.css";
import { say } from "./words";

interface EventListProps {
  readonly id: string;
  readonly trace: Trace;
  readonly version: number;
  readonly at: number;
  readonly isResting: boolean;
  /** Of which run; null is all. */
  readonly place: number | null;
  readonly onGo: (at: number) => void;
}

export function EventList({ id, trace, version, at, isResting, place, onGo }: EventListProps): JSX.Element {
  const rows = useMemo(() => versionsIn(trace, place), [trace, version, place]);
  const said = useEvents(id, place === null || trace.eventPlaces.at(at - 1) === place ? [at] : [], isResting);
  const data = said.data?.find((event) => event.version === at)?.data as Json | undefined;
  const began = trace.times.at(0);
  const columns: readonly Column<number>[] = [
    { id: "version", says: "#", width: "64px", narrow: "56px", isEnd: true, cell: (one) => <span className={names(one === at && css["changed"])}>{one}</span> },
    { id: "type", says: say("events"), width: "minmax(0, 1fr)", narrow: "minmax(0, 1fr)", cell: (one) => trace.event(one).type },
    { id: "path", says: say("path"), width: "minmax(0, 1fr)", cell: (one) => <code>{trace.path(trace.event(one).place)}</code> },
    { id: "after", says: say("after"), width: "88px", narrow: "80px", isEnd: true, cell: (one) => duration(trace.event(one).time - began) },
  ];
  return (
    <div className={css["events"]}>
      <div className={css["list"]}>
        <Table says={say("events")} columns={columns} rows={rows} keyOf={String} onOpen={(one) => onGo(one)} />
      </div>
      {data !== undefined && <Recorded id={id} says={say("eventSays", { at })} value={data} linesMax={14} />}
    </div>
  );
}

function versionsIn(trace: Trace, place: number | null): readonly number[] {
  return place === null ? Array.from({ length: trace.version }, (_, at) => at + 1) : trace.eventsAt(place);
}
