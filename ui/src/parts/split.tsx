/** Two panes that meet at a hairline, which can be moved by mouse, touch and arrows. Its place is kept in this browser, by its name. */

import { type JSX, type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { names } from "./class-names";
import css from "./split.module.css";

interface SplitProps {
  /** Under which its place is kept. */
  readonly name: string;
  /** What the border is called: that which it makes larger and smaller. */
  readonly says: string;
  /** `right`: the second pane stands beside the first, and on a narrow page below it; `below`: always below. */
  readonly second: "right" | "below";
  /** How large the second one is at first, in pixels. */
  readonly size: number;
  readonly least?: number;
  readonly children: readonly [ReactNode, ReactNode];
}

const STEP = 16;

export function Split({ name, says, second, size, least = 120, children }: SplitProps): JSX.Element {
  const key = `refold.split.${name}`;
  const [kept, setKept] = useState(() => keptAt(key) ?? size);
  const frame = useRef<HTMLDivElement>(null);
  const isBeside = second === "right";
  const most = () => {
    const box = frame.current;
    return box === null ? kept : Math.max(least, (isBeside ? box.clientWidth : box.clientHeight) - least);
  };
  const move = (to: number) => {
    const next = Math.round(Math.max(least, Math.min(most(), to)));
    setKept(next);
    try {
      localStorage.setItem(key, String(next));
    } catch {
      // it holds until the page is left
    }
  };
  const dragged = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    if (box === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    move(isBeside ? box.right - event.clientX : box.bottom - event.clientY);
  };
  const pressed = (event: KeyboardEvent) => {
    const by = { ArrowLeft: STEP, ArrowUp: STEP, ArrowRight: -STEP, ArrowDown: -STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(kept + by);
  };
  return (
    <div ref={frame} className={names(css["split"], isBeside ? css["beside"] : css["below"])} style={{ ["--second" as string]: `${kept}px` }}>
      <div className={css["pane"]}>{children[0]}</div>
      <div
        role="separator"
        aria-label={says}
        aria-orientation={isBeside ? "vertical" : "horizontal"}
        aria-valuenow={kept}
        aria-valuemin={least}
        aria-valuemax={Math.max(kept, least)}
        tabIndex={0}
        className={css["border"]}
        onKeyDown={pressed}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={dragged}
        onDoubleClick={() => move(size)}
      />
      <div className={css["pane"]}>{children[1]}</div>
    </div>
  );
}

function keptAt(key: string): number | null {
  try {
    const found = Number(localStorage.getItem(key));
    return Number.isFinite(found) && found > 0 ? found : null;
  } catch {
    return null;
  }
}
