/** The graph of a text as it is typed: the last one that could be read, and in which line it is broken now. */

import { useEffect, useRef, useState } from "react";
import { type Broken, isBroken, type Parsed } from "./parse";
import type { Said } from "./parse.worker";

export interface LastParsed {
  readonly good: Parsed | null;
  /** Of the text as it is; while it is broken `good` is of an earlier one. */
  readonly broken: Broken | null;
}

export function useParsed(text: string): LastParsed {
  const [last, setLast] = useState<LastParsed>({ good: null, broken: null });
  const worker = useRef<Worker | null>(null);
  const asked = useRef(0);
  useEffect(() => {
    const begun = new Worker(new URL("./parse.worker.ts", import.meta.url), { type: "module" });
    begun.onmessage = ({ data: { id, parsed } }: MessageEvent<Said>) => {
      if (id !== asked.current) return; // a newer text is on its way
      setLast((before) => (isBroken(parsed) ? { good: before.good, broken: parsed } : { good: parsed, broken: null }));
    };
    worker.current = begun;
    return () => begun.terminate();
  }, []);
  useEffect(() => {
    asked.current += 1;
    worker.current?.postMessage({ id: asked.current, text });
  }, [text]);
  return last;
}
