/** The graph of a text as it is typed: the last one that could be read, and in which line it is broken now. */

import { useEffect, useRef, useState } from "react";
import type { Broken, Parsed } from "./parse";
import type { Said } from "./parse.worker";

export interface LastParsed {
  readonly good: Parsed | null;
  /** The text that it is of. */
  readonly of: string;
  /** Of the text as it is; while it is broken `good` is of an earlier one. */
  readonly broken: Broken | null;
}

export function useParsed(text: string): LastParsed {
  const [last, setLast] = useState<LastParsed>({ good: null, of: "", broken: null });
  const worker = useRef<Worker | null>(null);
  const asked = useRef({ id: 0, text: "" });
  useEffect(() => {
    const begun = new Worker(new URL("./parse.worker.ts", import.meta.url), { type: "module" });
    begun.onmessage = ({ data: { id, good, broken } }: MessageEvent<Said>) => {
      if (id !== asked.current.id) return; // a newer text is on its way
      const of = asked.current.text;
      setLast((before) => (good === null ? { ...before, broken } : { good, of, broken: null }));
    };
    worker.current = begun;
    return () => begun.terminate();
  }, []);
  useEffect(() => {
    asked.current = { id: asked.current.id + 1, text };
    worker.current?.postMessage(asked.current);
  }, [text]);
  return last;
}
