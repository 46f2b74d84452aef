/**
 * Many rows of one height, of which only those in view are there. One stop of Tab: arrows move the row that is chosen, Enter opens it.
 *
 * Rows may be as many as one likes: above what a browser can scroll (33,554,428 px) the scroll bar stands for more than its pixels.
 */

import { type JSX, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { names } from "./class-names";
import { BEYOND, useRows } from "./rows";
import css from "./table.module.css";

export interface Column<Row> {
  readonly id: string;
  readonly says: string;
  /** As in `grid-template-columns`. */
  readonly width: string;
  /** On a narrow page: its width there; without one it is left out. */
  readonly narrow?: string;
  readonly isEnd?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

interface TableProps<Row> {
  readonly says: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Where the row of a key is, where there are so many that looking through them would cost; -1 where it is not. */
  readonly atOf?: (key: string) => number;
  readonly onOpen?: (row: Row, event: { readonly isNewTab: boolean }) => void;
  /** The end is in view: fetch more, where there is more. */
  readonly onEnd?: () => void;
  /** How many there are in all, where more are still to come; else those that are given. */
  readonly count?: number;
}

export function Table<Row>({ says, columns, rows, keyOf, atOf, onOpen, onEnd, count }: TableProps<Row>): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [chosenKey, setChosen] = useState<string | null>(null);
  const { height, first, last, top, size, scrollTo } = useRows(scroller, rows.length, 1);
  const chosen = chosenKey === null ? -1 : (atOf?.(chosenKey) ?? rows.findIndex((row) => keyOf(row) === chosenKey));
  useEffect(() => {
    if (last >= rows.length - 1 && rows.length > 0) onEnd?.();
  }, [last, rows.length, onEnd]);
  const choose = (at: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, at));
    const row = rows[to];
    if (row === undefined) return;
    setChosen(keyOf(row));
    scrollTo(to);
  };
  const pressed = (event: KeyboardEvent) => {
    const page = Math.max(1, last - first - 2 * BEYOND);
    const moves: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    const by = moves[event.key];
    const row = rows[chosen];
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (by !== undefined) choose(chosen < 0 && by > 0 && by < rows.length ? 0 : chosen + by);
    else if (event.key === "Enter" && row !== undefined) onOpen?.(row, { isNewTab: false });
    else return;
    event.preventDefault();
  };
  const widths = {
    "--columns": columns.map(({ width }) => width).join(" "),
    "--narrow": columns.flatMap(({ narrow }) => narrow ?? []).join(" "),
  } as Record<string, string>;
  return (
    <div
      ref={scroller}
      className={css["table"]}
      role="grid"
      aria-label={says}
      aria-rowcount={(count ?? rows.length) + 1}
      aria-colcount={columns.length}
      aria-activedescendant={chosen >= first && chosen <= last ? `${id}-${chosen}` : undefined}
      tabIndex={0}
      style={widths}
      onKeyDown={pressed}
      onFocus={(event) => {
        if (event.target === scroller.current && chosenKey === null && rows[0] !== undefined && scroller.current.matches(":focus-visible")) setChosen(keyOf(rows[0]));
      }}
    >
      <div className={css["head"]} role="row" aria-rowindex={1}>
        {columns.map((column) => (
          <span key={column.id} role="columnheader" className={names(css["cell"], column.isEnd && css["end"])} data-narrow={column.narrow ? undefined : "out"}>
            {column.says}
          </span>
        ))}
      </div>
      <div className={css["body"]} role="rowgroup" style={{ height }}>
        {rows.slice(first, last + 1).map((row, offset) => {
          const key = keyOf(row);
          const at = first + offset;
          return (
            <div
              key={key}
              id={`${id}-${at}`}
              role="row"
              aria-rowindex={at + 2}
              aria-selected={key === chosenKey}
              className={names(css["row"], key === chosenKey && css["chosen"])}
              style={{ transform: `translateY(${top + offset * size}px)` }}
              onClick={(event) => {
                setChosen(key);
                onOpen?.(row, { isNewTab: event.metaKey || event.ctrlKey });
              }}
            >
              {columns.map((column) => (
                <span key={column.id} role="gridcell" className={names(css["cell"], column.isEnd && css["end"])} data-narrow={column.narrow ? undefined : "out"}>
                  {column.cell(row)}
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
