/**
 * What stands in a field while somebody is there: it is written after a pause, or when the field is left, and as it was typed it stays
 * until then. What a change looks like in the text is shown to those who come later, or where somebody else has changed it.
 */

import { useEffect, useEffectEvent, useRef, useState } from "react";
import { toast } from "../../parts/toast";
import { say } from "./words";

const PAUSE_MS = 250;
const AGAIN_MS = 40;

/** What is typed somewhere and not written yet. */
const waits = new Set<{ readonly flush: () => void; readonly forget: () => void }>();

/** Before something is undone all is written, so that it is what is undone; what can be no value is let go. */
export function writeAll(): void {
  for (const one of waits) one.flush();
  for (const one of waits) one.forget();
}

// A page that is closed or loaded anew amid a word keeps that word: it is in the text before the text is looked at.
for (const end of ["beforeunload", "pagehide"]) addEventListener(end, () => [...waits].forEach((one) => one.flush()), { capture: true });

/** Which text a form shows. */
export interface Standing {
  readonly of: string;
  /** Whether it is the text as it is this moment. */
  readonly isCurrent: () => boolean;
}

/** `later`: it cannot be done at the moment; `wrong`: it can be no such value. */
export type Became = "done" | "later" | "wrong";

interface TypedProps {
  readonly label: string;
  /** As it stands in the text. */
  readonly text: string;
  readonly standing: Standing;
  readonly write: (text: string) => Became;
  /** How it looks once it was written and read again; without it as it was typed. */
  readonly again?: (typed: string) => string;
}

export interface Typed {
  readonly shown: string;
  /** Whether it is what stands in the field, and not what is in the text. */
  readonly isTyped: boolean;
  readonly onType: (text: string) => void;
  readonly onLeave: () => void;
}

export function useTyped({ label, text, standing, write, again = (typed) => typed }: TypedProps): Typed {
  const [typed, setTyped] = useState<string | null>(null);
  const waiting = useRef<{ text: string; timer: number } | null>(null);
  const became = useRef<Became>("later");
  const isLeft = useRef(false);
  const flush = useEffectEvent(() => {
    const now = waiting.current;
    if (now === null) return;
    window.clearTimeout(now.timer);
    waiting.current = null;
    became.current = write(now.text);
    if (became.current === "later") waiting.current = { text: now.text, timer: window.setTimeout(() => flush(), AGAIN_MS) };
  });
  const seen = useEffectEvent(() => {
    if (typed === null || waiting.current !== null || became.current !== "done" || !standing.isCurrent()) return;
    if (isLeft.current || text !== again(typed)) setTyped(null);
  });
  useEffect(() => seen(), [text, standing.of]);
  const gone = useEffectEvent(() => {
    flush();
    window.clearTimeout(waiting.current?.timer);
    if (typed !== null && became.current !== "done") toast({ says: say("notWritten", { label, text: typed }) }); // it has no place any more
  });
  useEffect(() => {
    const own = { flush: () => flush(), forget: () => setTyped(null) };
    waits.add(own);
    return () => {
      waits.delete(own);
      gone();
    };
  }, []);
  return {
    shown: typed ?? text,
    isTyped: typed !== null,
    onType: (next) => {
      setTyped(next);
      isLeft.current = false;
      became.current = "later";
      if (waiting.current !== null) window.clearTimeout(waiting.current.timer);
      waiting.current = { text: next, timer: window.setTimeout(() => flush(), PAUSE_MS) };
    },
    onLeave: () => {
      flush();
      isLeft.current = true;
      if (became.current === "done" && standing.isCurrent()) setTyped(null);
    },
  };
}

/** What is chosen somewhere, shown at once: the text follows a moment later. */
export function useChosen<T>(value: T, standing: Standing, write: (value: T) => boolean): readonly [T, (next: T) => void] {
  const [chosen, setChosen] = useState<{ readonly value: T } | null>(null);
  const seen = useEffectEvent(() => {
    if (standing.isCurrent()) setChosen(null);
  });
  useEffect(() => seen(), [value, standing.of]);
  const choose = (next: T) => {
    if (write(next)) setChosen(standing.isCurrent() ? null : { value: next });
    else toast({ says: say("notNow") });
  };
  return [chosen === null ? value : chosen.value, choose];
}
