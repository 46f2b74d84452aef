/** What this browser keeps of drafts while the server does not have it: each page its own, so that two pages of one draft lose nothing. */

import { freshKey } from "../../api/fresh";
import type { Here } from "../../edit/saver";

export interface FoundHere extends Here {
  /** Where it stands. */
  readonly key: string;
}

/** A place of its own for a page. No name of a draft has a bar in it. */
export function ownKey(draft: string): string {
  return `${keyOf(draft)}|${freshKey()}`;
}

/** What pages that may be gone have kept. */
export function foundHere(draft: string): readonly FoundHere[] {
  try {
    const keys = Object.keys(localStorage).filter((key) => key === keyOf(draft) || key.startsWith(`${keyOf(draft)}|`));
    return keys.sort().flatMap(readAt);
  } catch {
    return [];
  }
}

/** Keeps it, or no more of it; answers whether it could. */
export function keepAt(key: string, here: Here | null): boolean {
  try {
    if (here === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ text: here.text, revision: here.revision, base: here.base, sent: here.sent }));
    return true;
  } catch {
    return false; // full or forbidden
  }
}

function readAt(key: string): FoundHere[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (typeof kept !== "object" || kept === null || !("text" in kept) || typeof kept.text !== "string" || !("revision" in kept)) return [];
    return [{ key, text: kept.text, revision: Number(kept.revision), base: textIn(kept, "base"), sent: textIn(kept, "sent") }];
  } catch {
    return []; // nobody can read it
  }
}

function textIn(kept: object, name: string): string | null {
  const value: unknown = (kept as Record<string, unknown>)[name];
  return typeof value === "string" ? value : null;
}

function keyOf(draft: string): string {
  return `refold.draft.${draft}`;
}
