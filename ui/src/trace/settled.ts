/** A number that grows many times a second, followed a few times a second: at once, and then no sooner than so long after. */

import { useEffect, useRef, useState } from "react";

export function useSettled(value: number, apartMs: number): number {
  const [settled, settle] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    if (value === settled) return;
    const now = performance.now();
    const wait = last.current + apartMs - now;
    const take = () => {
      last.current = performance.now();
      settle(value);
    };
    if (wait <= 0) {
      take();
      return;
    }
    const timer = setTimeout(take, wait);
    return () => clearTimeout(timer);
  }, [value, settled, apartMs]);
  return settled;
}
