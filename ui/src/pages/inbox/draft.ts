/** What somebody has begun to answer: kept in this browser until it counts, under a key with which it counts once however often it is sent. */

import { useState } from "react";
import { freshKey } from "../../api/fresh";
import type { Typed } from "../../form/fields";

export interface Draft {
  readonly typed: Typed;
  readonly comment: string;
  /** Of a review: the content as it was edited, as text; null where nobody has touched it. */
  readonly content: string | null;
  readonly key: string;
}

/** What is typed into fields that are `secret` is kept nowhere. */
export function useDraft(task: string, secret: ReadonlySet<string>): [Draft, (changed: Partial<Draft>) => void, () => void] {
  const name = `refold.task.${task}`;
  const [draft, setDraft] = useState(() => kept(name));
  const change = (changed: Partial<Draft>) => {
    const next = { ...draft, key: freshKey(), ...changed }; // another answer has another key
    setDraft(next);
    try {
      const typed = Object.fromEntries(Object.entries(next.typed).filter(([field]) => !secret.has(field)));
      localStorage.setItem(name, JSON.stringify({ ...next, typed }));
    } catch {
      // it holds until the page is left
    }
  };
  const forget = () => {
    setDraft(fresh());
    localStorage.removeItem(name);
  };
  return [draft, change, forget];
}

function fresh(): Draft {
  return { typed: {}, comment: "", content: null, key: freshKey() };
}

function kept(name: string): Draft {
  try {
    const found = JSON.parse(localStorage.getItem(name) ?? "null") as Partial<Draft> | null;
    return { ...fresh(), ...found };
  } catch {
    return fresh();
  }
}
