/** What stands in a field while somebody types there: it is written after a pause, or when the field is left, and never pulled away from under the cursor. */

import { useEffect, useEffectEvent, useRef, useState } from "react";

const PAUSE_MS = 250;
const AGAIN_MS = 40;

/** What is typed somewhere and not written yet. */
const waits = new Set<{ readonly flush: () => void; readonly forget: () => void }>();

/** Before something is undone all is written, so that it is what is undone; what can be no value is let go. */
export function writeAll(): void {
  for (const one of waits) one.flush();
  for (const one of waits) one.forget();
}

export interface Typed {
  readonly shown: string;
  /** Whether it is not written yet, or cannot be. */
  readonly isTyped: boolean;
  readonly onType: (text: string) => void;
  readonly onLeave: () => void;
}

/** `write` answers `later` where it cannot be done at the moment, and `wrong` for what can be no such value. */
export function useTyped(text: string, write: (text: string) => "done" | "later" | "wrong"): Typed {
  const [typed, setTyped] = useState<string | null>(null);
  const waiting = useRef<{ text: string; timer: number } | null>(null);
  const isWritten = useRef(false);
  const flush = useEffectEvent(() => {
    const now = waiting.current;
    if (now === null) return;
    window.clearTimeout(now.timer);
    waiting.current = null;
    const became = write(now.text);
    if (became === "later") waiting.current = { text: now.text, timer: window.setTimeout(() => flush(), AGAIN_MS) };
    else isWritten.current = became === "done";
  });
  useEffect(() => {
    if (!isWritten.current || waiting.current !== null) return;
    isWritten.current = false;
    setTyped(null);
  }, [text]);
  useEffect(() => {
    const own = { flush: () => flush(), forget: () => setTyped(null) };
    waits.add(own);
    return () => {
      waits.delete(own);
      flush();
      window.clearTimeout(waiting.current?.timer); // what cannot be written now has no place any more
    };
  }, []);
  return {
    shown: typed ?? text,
    isTyped: typed !== null,
    onType: (next) => {
      setTyped(next);
      isWritten.current = false;
      if (waiting.current !== null) window.clearTimeout(waiting.current.timer);
      waiting.current = { text: next, timer: window.setTimeout(() => flush(), PAUSE_MS) };
    },
    onLeave: () => {
      flush();
      if (isWritten.current && typed === text) setTyped(null);
    },
  };
}
