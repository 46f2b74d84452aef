/**
 * The graph for who does not see it, and for narrow pages: a tree of its boxes with their states in words and where each leads. It chooses
 * and opens what the graph does; what else can be done with a box is given as actions.
 */

import { type JSX, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { names } from "../parts/class-names";
import { Icon } from "../parts/icon";
import { Menu, type MenuItem } from "../parts/menu";
import { useRows } from "../parts/rows";
import { lookOf, Mark } from "../parts/state";
import { sayState } from "../words/en";
import { kindIcon } from "./kinds";
import { type Box, boxOf, type Link, type Room } from "./outline";
import { statusOf } from "./status";
import css from "./tree.module.css";
import { leadsOf, type TreeRow, treeRows, treeStep } from "./tree-rows";
import { useBoxLook, useLinkLook, type View, ViewContext } from "./view";
import { say } from "./words";

export interface TreeProps {
  readonly says: string;
  readonly outline: Room;
  readonly view: View;
  readonly chosen: string | null;
  readonly onChoose: (path: string | null) => void;
  readonly closed: ReadonlySet<string>;
  readonly onFold: (path: string) => void;
  readonly detail?: (box: Box) => string;
  /** What can be done with a box beside looking at it; `null` is none of them, such as adding the first. */
  readonly actions?: (box: Box | null) => readonly MenuItem[];
}

export function Tree({ says, outline, view, chosen, onChoose, closed, onFold, detail, actions }: TreeProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const rows = useMemo(() => treeRows(outline, closed), [outline, closed]);
  const leads = useMemo(() => leadsOf(outline), [outline]);
  const [room, setRoom] = useState<string | null>(null); // a body is no box: only the tree knows that one is there
  const current = room ?? chosen;
  const at = current === null ? -1 : rows.findIndex(({ key }) => key === current);
  const { first, last, top, height, size, scrollTo } = useRows(scroller, rows.length);
  const isMeasured = last >= 0;
  useEffect(() => setRoom(null), [chosen]);
  useEffect(() => {
    if (at >= 0 && isMeasured) scrollTo(at);
  }, [at, isMeasured]);
  const go = (to: TreeRow | undefined) => {
    if (to === undefined) return;
    setRoom(to.box === null ? to.key : null);
    if (to.box !== null) onChoose(to.key);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.target !== event.currentTarget) return;
    const row = rows[at];
    const step = treeStep(rows, at, event.key);
    if (step !== undefined && "to" in step) go(rows[step.to]);
    else if (step !== undefined) onFold(step.fold);
    else if (event.key === "Enter" && row?.box && row.isOpen !== null) onFold(row.key);
    else if (event.key === "Escape" && chosen !== null) onChoose(boxOf(outline, chosen)?.around?.path ?? null);
    else return;
    event.preventDefault(); // letters lead to rows here, and are no keys of the page
  };
  const box = rows[at]?.box ?? null;
  const can = actions?.(box) ?? [];
  return (
    <ViewContext value={view}>
      {can.length > 0 && (
        <div className={css["can"]}>
          <Menu says={box === null ? say("does") : say("doesWith", { name: box.says })} items={can} />
        </div>
      )}
      <div
        ref={scroller}
        className={css["tree"]}
        role="tree"
        aria-label={says}
        aria-activedescendant={at >= first && at <= last ? `${id}-${at}` : undefined}
        tabIndex={0}
        onKeyDown={pressed}
      >
        <div role="presentation" className={css["rows"]} style={{ height }}>
          {rows.slice(first, last + 1).map((row, offset) => (
            <Row key={row.key} id={`${id}-${first + offset}`} row={row} top={top + offset * size} isChosen={row.key === current} leads={leads.get(row.key) ?? NONE} onGo={go} onFold={onFold} detail={detail} />
          ))}
        </div>
      </div>
    </ViewContext>
  );
}

const NONE: readonly Link[] = [];

interface RowProps {
  readonly id: string;
  readonly row: TreeRow;
  readonly top: number;
  readonly isChosen: boolean;
  readonly leads: readonly Link[];
  readonly onGo: (row: TreeRow) => void;
  readonly onFold: (path: string) => void;
  readonly detail: TreeProps["detail"];
}

function Row({ id, row, top, isChosen, leads, onGo, onFold, detail }: RowProps): JSX.Element {
  const { look, isPast, isOfExecution, isWrong, sign } = useBoxLook(row.key);
  const status = look === undefined || row.box === null ? undefined : statusOf(row.box.kind, look.state);
  const more = look === undefined || row.box === null ? "" : (detail?.(row.box) ?? "");
  const isIdle = isOfExecution && row.box !== null && look === undefined;
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.at}
      aria-setsize={row.of}
      aria-selected={isChosen}
      aria-expanded={row.isOpen ?? undefined}
      data-row={row.key}
      className={names(css["row"], isChosen && css["chosen"], isIdle && css["idle"])}
      style={{ transform: `translateY(${top}px)`, paddingLeft: `calc(var(--edge) + ${(row.level - 1) * 18}px)` }}
      onClick={() => onGo(row)}
    >
      <span
        className={css["fold"]}
        aria-hidden="true"
        onClick={(event) => {
          if (row.isOpen === null || row.box === null) return;
          event.stopPropagation();
          onFold(row.key);
        }}
      >
        {row.isOpen === null ? "" : row.isOpen ? "▾" : "▸"}
      </span>
      {row.box !== null && <Icon name={kindIcon(row.box.kind)} size={14} />}
      <span className={css["name"]}>{row.says}</span>
      {row.box !== null && <span className={css["soft"]}>{row.box.kind}</span>}
      {status !== undefined && (
        <span className={css["state"]}>
          <Mark look={lookOf(status)} size={14} /> {sayState(status)}
        </span>
      )}
      {isIdle && <span className={css["soft"]}>{say(isPast ? "notYet" : "notBegun")}</span>}
      {isWrong && <span className={css["state"]}>{say("wrong")}</span>}
      {sign && <span className={css["state"]}>{say(sign)}</span>}
      {more !== "" && <span className={css["soft"]}>{more}</span>}
      {leads.map((link) => (
        <Lead key={link.id} link={link} isOfExecution={isOfExecution} />
      ))}
    </div>
  );
}

/** An edge in words: where it leads, by which port and condition, and whether it was taken. */
function Lead({ link, isOfExecution }: { link: Link; isOfExecution: boolean }): JSX.Element {
  const look = useLinkLook(link.id);
  const by = [link.port === "out" ? "" : link.port, link.when ?? "", link.isBack ? say("back") : "", isOfExecution && look !== "open" ? say(look) : ""].filter(Boolean).join(", ");
  return (
    <span className={names(css["lead"], look === "untaken" && css["untaken"])}>
      <span aria-hidden="true">→ </span>
      <span className="only-heard">{say("leads")} </span>
      {link.to.slice(link.to.lastIndexOf("/") + 1)}
      {by !== "" && ` (${by})`}
    </span>
  );
}
