/** The events, of the execution or of one run, filtered and by decision as one likes; choosing one goes there, and shows what it says. */

import { type JSX, useMemo } from "react";
import type { Json } from "../../api/exact";
import { Check } from "../../parts/check";
import { names } from "../../parts/class-names";
import { SelectField } from "../../parts/field";
import { type Column, Table } from "../../parts/table";
import { duration } from "../../parts/time";
import type { Trace } from "../../trace/trace";
import { Recorded } from "./big";
import { useEvents } from "./data";
import { endsAt, type EventRow, EventRows, rowAt } from "./event-rows";
import css from "./inspector.module.css";
import { EVENTS, type ExecutionSearch } from "./route";
import { say } from "./words";

interface EventListProps {
  readonly id: string;
  readonly trace: Trace;
  readonly version: number;
  readonly at: number;
  readonly isResting: boolean;
  /** Of which run; null is all. */
  readonly place: number | null;
  readonly search: ExecutionSearch;
  readonly onShow: (changed: ExecutionSearch) => void;
  readonly onGo: (at: number) => void;
}

export function EventList({ id, trace, version, at, isResting, place, search, onShow, onGo }: EventListProps): JSX.Element {
  const isFailed = search.events?.includes("failed") ?? false;
  const isGrouped = search.events?.includes("decisions") ?? false;
  const { type } = search;
  const rows = useMemo(() => new EventRows(trace, { place, isFailed, type, isGrouped }), [trace, place, isFailed, type, isGrouped]).now;
  const said = useEvents(id, place === null || trace.eventPlaces.at(at - 1) === place ? [at] : [], isResting);
  const data = said.data?.find((event) => event.version === at)?.data as Json | undefined;
  return (
    <div className={css["events"]}>
      <Filter trace={trace} version={version} search={search} onShow={onShow} />
      <div className={css["list"]}>
        <Table
          says={say("events")}
          columns={columnsOf(trace, at)}
          rows={rows}
          keyOf={String}
          atOf={(key) => rowAt(rows, Number(key))}
          onOpen={(row) => onGo(row < 0 ? endsAt(trace, -row) : row)}
        />
      </div>
      {data !== undefined && <Recorded id={id} says={say("eventSays", { at })} value={data} linesMax={14} />}
    </div>
  );
}

function columnsOf(trace: Trace, at: number): readonly Column<EventRow>[] {
  const began = trace.times.at(0);
  const isHead = (row: EventRow) => row < 0;
  return [
    { id: "version", says: "#", width: "48px", narrow: "48px", isEnd: true, cell: (row) => !isHead(row) && <span className={names(row === at && css["changed"])}>{row}</span> },
    { id: "type", says: say("events"), width: "minmax(0, 3fr)", narrow: "minmax(0, 1fr)", cell: (row) => (isHead(row) ? <strong>{trace.event(-row).command ?? ""}</strong> : trace.event(row).type) },
    { id: "path", says: say("path"), width: "minmax(0, 2fr)", cell: (row) => (isHead(row) ? <span className="soft">{say("ofDecision", { n: endsAt(trace, -row) + row + 1 })}</span> : <code>{trace.path(trace.event(row).place)}</code>) },
    { id: "after", says: say("after"), width: "72px", narrow: "72px", isEnd: true, cell: (row) => duration(trace.event(Math.abs(row)).time - began) },
  ];
}

interface FilterProps {
  readonly trace: Trace;
  readonly version: number;
  readonly search: ExecutionSearch;
  readonly onShow: (changed: ExecutionSearch) => void;
}

function Filter({ trace, version, search, onShow }: FilterProps): JSX.Element {
  const types = useMemo(() => [...trace.types].sort(), [trace, version]);
  const flip = (one: (typeof EVENTS)[number], isOn: boolean) => {
    const next = EVENTS.filter((each) => (each === one ? isOn : search.events?.includes(each)));
    onShow({ events: next.length === 0 ? undefined : next });
  };
  const chosen = search.type ?? "";
  const options = [...new Set([...types, ...(chosen === "" ? [] : [chosen])])].map((type) => ({ value: type, says: type }));
  return (
    <div className={css["filter"]}>
      <SelectField label={say("eventType")} hideLabel value={chosen} options={[{ value: "", says: say("everyType") }, ...options]} onChange={(type) => onShow({ type: type === "" ? undefined : type })} />
      <Check label={say("failedOnly")} checked={search.events?.includes("failed") ?? false} onCheck={(isOn) => flip("failed", isOn)} />
      <Check label={say("byDecision")} checked={search.events?.includes("decisions") ?? false} onCheck={(isOn) => flip("decisions", isOn)} />
    </div>
  );
}
