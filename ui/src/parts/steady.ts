/** A function that stays the same while what it does is always what was said last, so that who is given it need not be drawn again. */

import { useCallback, useRef } from "react";

export function useSteady<Given extends readonly unknown[], Back>(run: (...given: Given) => Back): (...given: Given) => Back {
  const last = useRef(run);
  last.current = run;
  return useCallback((...given: Given) => last.current(...given), []);
}
