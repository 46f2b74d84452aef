/**
 * Many rows of one height, of which only those in view are there. One stop of Tab: arrows move the row that is chosen, Enter opens it.
 *
 * Rows may be as many as one likes: above what a browser can scroll (33,554,428 px) the scroll bar stands for more than its pixels.
 */

import { type JSX, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Check } from "./check";
import { names } from "./class-names";
import { marked, range, share } from "./marks";
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

/** Rows that are marked to do something with them: by their boxes, with Shift all up to there; by `x`, and Shift with arrows. */
export interface Marks {
  readonly keys: ReadonlySet<string>;
  readonly onMark: (keys: ReadonlySet<string>) => void;
  /** What the box of all is called, and that of a row, by its key. */
  readonly saysAll: string;
  readonly says: (key: string) => string;
}

const MARK = "20px";

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
  readonly marks?: Marks;
  /** So many pixels a row has at least; where there is no room for it, the list scrolls sideways. */
  readonly least?: number;
}

export function Table<Row>({ says, columns, rows, keyOf, atOf, onOpen, onEnd, count, marks, least = 0 }: TableProps<Row>): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [chosenKey, setChosen] = useState<string | null>(null);
  const anchor = useRef<string | null>(null);
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
  const mark = (keys: readonly string[], isMarked: boolean) => marks?.onMark(marked(marks.keys, keys, isMarked));
  /** The row that a range begins at stays what it is until one is marked by itself. */
  const markOne = (key: string, isRange: boolean) => {
    const isMarked = marks?.keys.has(key) !== true;
    if (isRange) mark(range(rows.map(keyOf), anchor.current, key), true);
    else {
      anchor.current = key;
      mark([key], isMarked);
    }
  };
  const pressed = (event: KeyboardEvent) => {
    const page = Math.max(1, last - first - 2 * BEYOND);
    const moves: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    const by = moves[event.key];
    const row = rows[chosen];
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (marks !== undefined && event.key === "x" && row !== undefined) markOne(keyOf(row), false);
    else if (marks !== undefined && event.shiftKey && row !== undefined && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const next = rows[chosen + (by ?? 0)] ?? row;
      anchor.current ??= keyOf(row);
      mark([...range(rows.map(keyOf), anchor.current, keyOf(row)), keyOf(next)], true);
      choose(rows.indexOf(next));
    } else if (marks !== undefined && event.key === "Escape" && marks.keys.size > 0) {
      anchor.current = null;
      marks.onMark(new Set());
    } else if (by !== undefined) choose(chosen < 0 && by > 0 && by < rows.length ? 0 : chosen + by);
    else if (event.key === "Enter" && row !== undefined) onOpen?.(row, { isNewTab: false });
    else return;
    event.preventDefault();
  };
  const widths = {
    "--least": `${least}px`,
    "--columns": [...(marks ? [MARK] : []), ...columns.map(({ width }) => width)].join(" "),
    "--narrow": [...(marks ? [MARK] : []), ...columns.flatMap(({ narrow }) => narrow ?? [])].join(" "),
  } as Record<string, string>;
  return (
    <div
      ref={scroller}
      className={css["table"]}
      role="grid"
      aria-label={says}
      aria-rowcount={(count ?? rows.length) + 1}
      aria-colcount={columns.length + (marks ? 1 : 0)}
      aria-activedescendant={chosen >= first && chosen <= last ? `${id}-${chosen}` : undefined}
      tabIndex={0}
      data-wide={least > 0}
      style={widths}
      onKeyDown={pressed}
      onFocus={(event) => {
        if (event.target === scroller.current && chosenKey === null && rows[0] !== undefined && scroller.current.matches(":focus-visible")) setChosen(keyOf(rows[0]));
      }}
    >
      <div className={css["head"]} role="row" aria-rowindex={1}>
        {marks && (
          <span role="columnheader" className={css["mark"]}>
            <Check label={marks.saysAll} hideLabel tabIndex={-1} checked={share(rows.map(keyOf), marks.keys)} onCheck={(isAll) => mark(rows.map(keyOf), isAll)} />
          </span>
        )}
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
              {marks && (
                <span
                  role="gridcell"
                  className={css["mark"]}
                  onMouseDown={(event) => event.shiftKey && event.preventDefault()} // marks no text
                  onClick={(event) => {
                    event.stopPropagation(); // beside the box is not the row
                    if (event.target instanceof HTMLInputElement || !(event.target instanceof Element && event.target.closest("label"))) markOne(key, event.shiftKey);
                  }}
                >
                  <Check label={marks.says(key)} hideLabel tabIndex={-1} checked={marks.keys.has(key)} onCheck={() => undefined} />
                </span>
              )}
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
