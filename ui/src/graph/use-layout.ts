/** The layout of an outline, made in a worker; what was laid out before is there at once. */

import { useEffect, useState } from "react";
import type { Layout } from "./layout";
import type { Arranged, Wanted } from "./layout.worker";
import type { Room } from "./outline";

const KEPT_MAX = 50;
const kept = new Map<string, Layout>();
const waiting = new Map<number, (layout: Layout) => void>();
let worker: Worker | null = null;
let ids = 0;

/** `key` says which outline it is, such as the hash of its definition. `null` until it is laid out for the first time; then the one before, until the new one is there. */
export function useLayout(key: string, outline: Room | null, closed: ReadonlySet<string>): Layout | null {
  const closedNow = [...closed].sort();
  const whole = `${key} ${closedNow.join(" ")}`;
  const [shown, show] = useState<{ key: string; layout: Layout } | null>(() => found(key, whole));
  useEffect(() => {
    if (outline === null) return;
    const before = found(key, whole);
    if (before !== null) {
      show(before);
      return;
    }
    let isOver = false;
    void arrange(outline, closedNow).then((layout) => {
      if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
      kept.set(whole, layout);
      if (!isOver) show({ key, layout });
    });
    return () => {
      isOver = true;
    };
  }, [whole, outline === null]);
  return shown?.key === key ? shown.layout : null;
}

function found(key: string, whole: string): { key: string; layout: Layout } | null {
  const layout = kept.get(whole);
  return layout === undefined ? null : { key, layout };
}

function arrange(outline: Room, closed: readonly string[]): Promise<Layout> {
  worker ??= begin();
  const wanted: Wanted = { id: (ids += 1), outline, closed };
  worker.postMessage(wanted);
  return new Promise((resolve) => waiting.set(wanted.id, resolve));
}

function begin(): Worker {
  const begun = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  begun.onmessage = ({ data }: MessageEvent<Arranged>) => {
    waiting.get(data.id)?.(data.layout);
    waiting.delete(data.id);
  };
  return begun;
}
