/** Graphs that are looked at together: where one is moved or zoomed, the others follow. */

import { useOnViewportChange, useReactFlow, type Viewport } from "@xyflow/react";
import { useEffect } from "react";

type Follow = (viewport: Viewport) => void;

export class Together {
  readonly #followers = new Set<Follow>();
  #now: Viewport | null = null;

  join(follow: Follow): () => void {
    this.#followers.add(follow);
    return () => this.#followers.delete(follow);
  }

  /** One was moved; where it followed another one itself nothing is new. */
  moved(by: Follow, to: Viewport): void {
    if (this.#now !== null && isSame(this.#now, to)) return;
    this.#now = to;
    for (const follow of this.#followers) if (follow !== by) follow(to);
  }
}

function isSame(one: Viewport, other: Viewport): boolean {
  return Math.abs(one.x - other.x) < 0.01 && Math.abs(one.y - other.y) < 0.01 && Math.abs(one.zoom - other.zoom) < 0.0001;
}

/** Stands inside of a graph, and lets it move with the others. */
export function Joined({ together }: { together: Together }): null {
  const { setViewport } = useReactFlow();
  useEffect(() => together.join(setViewport), [together, setViewport]);
  useOnViewportChange({ onChange: (viewport) => together.moved(setViewport, viewport) });
  return null;
}
