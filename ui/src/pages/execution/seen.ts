/** What the page shows, for what is drawn deep in the graph: that is made once, and hears of each moment by itself. */

import { useSyncExternalStore } from "react";

export class Seen<T> {
  #now: T;
  readonly #hearers = new Set<() => void>();

  constructor(now: T) {
    this.#now = now;
  }

  show(now: T): void {
    if (now === this.#now) return;
    this.#now = now;
    for (const hearer of this.#hearers) hearer();
  }

  readonly now = (): T => this.#now;

  readonly hear = (hearer: () => void): (() => void) => {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  };
}

export function useSeen<T>(seen: Seen<T>): T {
  return useSyncExternalStore(seen.hear, seen.now);
}
