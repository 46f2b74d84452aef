/** Short words on what was just done, at the corner: heard as well as seen, and gone after a while unless something is to be done. */

import { type JSX, useSyncExternalStore } from "react";
import { say } from "../words/en";
import { Button, IconButton } from "./button";
import css from "./toast.module.css";

export interface Toast {
  readonly says: string;
  readonly action?: { readonly says: string; readonly run: () => void };
}

const SHOWN_MS = 6_000;
let shown: readonly (Toast & { readonly id: number })[] = [];
let ids = 0;
const hearers = new Set<() => void>();

function put(next: typeof shown): void {
  shown = next;
  for (const hearer of hearers) hearer();
}

/** Say it. What is given back takes it away. */
export function toast(given: Toast): () => void {
  const id = (ids += 1);
  const end = () => put(shown.filter((one) => one.id !== id));
  put([...shown, { ...given, id }].slice(-4));
  if (given.action === undefined) setTimeout(end, SHOWN_MS);
  return end;
}

export function Toasts(): JSX.Element {
  const all = useSyncExternalStore(
    (hearer) => {
      hearers.add(hearer);
      return () => hearers.delete(hearer);
    },
    () => shown,
  );
  return (
    <div className={css["toasts"]} role="status">
      {all.map((one) => (
        <div key={one.id} className={css["toast"]}>
          {one.says}
          {one.action && <Button onClick={one.action.run}>{one.action.says}</Button>}
          <IconButton icon="close" says={say("close")} onClick={() => put(shown.filter((other) => other.id !== one.id))} />
        </div>
      ))}
    </div>
  );
}
