/** A text with the numbers of its lines, as it was written. */

import { type JSX, useRef } from "react";
import css from "./numbered.module.css";
import { useRows } from "./rows";

interface NumberedProps {
  readonly says: string;
  readonly text: string;
}

export function Numbered({ says, text }: NumberedProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const lines = text.replace(/\n$/, "").split("\n");
  const { first, last, top, height, size } = useRows(scroller, lines.length);
  const widest = lines.reduce((most, line) => Math.max(most, line.length), 0);
  return (
    <div ref={scroller} className={css["text"]} role="group" aria-label={says} tabIndex={0} translate="no">
      <div style={{ height, minWidth: `calc(${widest + 8} * 1ch)`, position: "relative" }}>
        {lines.slice(first, last + 1).map((line, offset) => (
          <div key={first + offset} className={css["line"]} style={{ transform: `translateY(${top + offset * size}px)` }}>
            <span className={css["number"]} aria-hidden="true">
              {first + offset + 1}
            </span>
            {line}
          </div>
        ))}
      </div>
    </div>
  );
}
