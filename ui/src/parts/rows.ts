/** Which of many rows of one height are in view: the part that every long list shares. */

import { type RefObject, useEffect, useState } from "react";
import { useSettings } from "../look/settings";
import { Scaled } from "./scaled";

/** So many are there above and below what is in view. */
export const BEYOND = 8;

export interface Rows {
  readonly first: number;
  /** The last one, inclusive; -1 where there is none. */
  readonly last: number;
  /** Where the first one stands, in pixels. */
  readonly top: number;
  /** Of what is scrolled. */
  readonly height: number;
  /** Of a row: `--row` where the scroller stands. */
  readonly size: number;
  readonly scrollTo: (at: number) => void;
}

/** `above`: how many rows stick to the top of what is scrolled. */
export function useRows(scroller: RefObject<HTMLElement | null>, count: number, above = 0): Rows {
  const { rows: density } = useSettings();
  const [view, setView] = useState({ top: 0, height: 0, size: 32 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => {
      const size = Number.parseFloat(getComputedStyle(element).getPropertyValue("--row"));
      setView({ top: element.scrollTop, height: element.clientHeight, size: Number.isFinite(size) ? size : 32 });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [scroller, density]);
  const scaled = new Scaled(count, view.size, view.height - above * view.size);
  return {
    ...scaled.inView(view.top, BEYOND),
    height: scaled.height,
    size: view.size,
    scrollTo: (at) => {
      const element = scroller.current;
      if (element !== null) element.scrollTop = scaled.toShow(at, element.scrollTop);
    },
  };
}
