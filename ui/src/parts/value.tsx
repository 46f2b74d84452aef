/**
 * A value as it was recorded: its numbers digit by digit, its objects and lists to be folded, however large. What is cut says so, and
 * never looks like a value.
 */

import { type JSX, type KeyboardEvent, memo, useMemo, useRef, useState } from "react";
import { type Json, write } from "../api/exact";
import { say } from "../words/en";
import { Button, IconButton } from "./button";
import { names } from "./class-names";
import { copy } from "./copy";
import { Dialog } from "./dialog";
import { useRows } from "./rows";
import { at, type Folds, isOpen, type Line, lines } from "./value-lines";
import css from "./value.module.css";

interface ValueProps {
  /** What it is a value of. */
  readonly says: string;
  readonly value: Json;
  /** So many lines are shown before it scrolls; without it, it fills what is around it. */
  readonly linesMax?: number;
}

export const Value = memo(function Value({ says, value, linesMax }: ValueProps): JSX.Element {
  const [folds, setFolds] = useState<Folds>(new Map());
  const [chosen, choose] = useState(0);
  const [whole, setWhole] = useState<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const all = useMemo(() => lines(value, folds), [value, folds]);
  const { first, last, top, height, size, scrollTo } = useRows(scroller, all.length);
  const fold = (one: Line | undefined) => {
    if (one === undefined || (one.kind !== "open" && one.kind !== "closed")) return;
    setFolds(new Map(folds).set(one.path, !isOpen(folds, one.path, one.depth, one.count ?? 0)));
  };
  const show = (one: Line) => setWhole(String(at(value, one.path)));
  const pressed = (event: KeyboardEvent) => {
    const one = all[chosen];
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      const next = Math.max(0, Math.min(all.length - 1, to));
      choose(next);
      scrollTo(next);
    } else if (event.key === "Enter" && one?.isCut) show(one);
    else if (event.key === "Enter" || (event.key === "ArrowLeft" && one?.kind === "open") || (event.key === "ArrowRight" && one?.kind === "closed")) fold(one);
    else return;
    event.preventDefault();
  };
  return (
    <div className={css["value"]}>
      <div
        ref={scroller}
        className={css["lines"]}
        role="group"
        translate="no"
        aria-label={says}
        tabIndex={0}
        style={linesMax === undefined ? { flex: 1 } : { height: Math.min(all.length, linesMax) * size + 16 }}
        onKeyDown={pressed}
      >
        <div style={{ height, position: "relative" }}>
          {all.slice(first, last + 1).map((one, offset) => (
            <Row key={`${one.path} ${one.kind}`} line={one} top={top + offset * size} isChosen={first + offset === chosen} onFold={() => fold(one)} onWhole={() => show(one)} />
          ))}
        </div>
      </div>
      <div className={css["copy"]}>
        <IconButton icon="copy" says={`${say("copy")}: ${says}`} onClick={() => void copy(write(value, 2))} />
      </div>
      {whole !== null && (
        <Dialog title={says} onClose={() => setWhole(null)} width={800}>
          <pre className={css["whole"]} tabIndex={0}>
            {whole}
          </pre>
        </Dialog>
      )}
    </div>
  );
});

interface RowProps {
  readonly line: Line;
  readonly top: number;
  readonly isChosen: boolean;
  readonly onFold: () => void;
  readonly onWhole: () => void;
}

function Row({ line, top, isChosen, onFold, onWhole }: RowProps): JSX.Element {
  const canFold = line.kind === "open" || line.kind === "closed";
  return (
    <div
      className={names(css["line"], isChosen && css["chosen"], canFold && css["folds"])}
      style={{ transform: `translateY(${top}px)`, paddingLeft: `calc(${Math.min(line.depth, 40)} * 2ch + 2ch)` }}
      onClick={canFold ? onFold : undefined}
    >
      {canFold && <span className={css["sign"]}>{line.kind === "open" ? "▾" : "▸"}</span>}
      {line.name !== null && (
        <>
          <span className={css["name"]}>{JSON.stringify(line.name)}</span>
          {": "}
        </>
      )}
      <span className={css[line.type]}>{line.text}</span>
      {line.isCut && (
        <Button className={css["more"]} tabIndex={-1} onClick={onWhole}>
          {say("cutText", { n: line.count ?? 0 })}
        </Button>
      )}
      {line.hasComma && !line.isCut && ","}
      {line.kind === "closed" && <span className={css["count"]}> {say("inside", { n: line.count ?? 0 })}</span>}
    </div>
  );
}
