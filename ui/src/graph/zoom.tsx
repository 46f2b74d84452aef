/** How near a graph is looked at: by buttons over it, and by keys: + and −, 0 as it is, f all of it. */

import { useReactFlow, useStoreApi } from "@xyflow/react";
import { type JSX, useEffect } from "react";
import { IconButton } from "../parts/button";
import css from "./canvas.module.css";
import type { Layout } from "./layout";
import { say } from "./words";

export const ZOOMS = ["in", "out", "as it is", "all"] as const;
export type ZoomBy = (typeof ZOOMS)[number];

const KEYS: Readonly<Record<string, ZoomBy>> = { "+": "in", "=": "in", "-": "out", "0": "as it is", f: "all" };
const STEP = 1.25;
const LEAST = 0.02;
const MOST = 1.6;
const MARGIN = 28;

export function zoomOf(key: string): ZoomBy | undefined {
  return KEYS[key];
}

/** Lets who stands around a graph, such as the keys of a page, zoom it. */
export class Lens {
  #zoom: ((by: ZoomBy) => void) | null = null;

  zoom(by: ZoomBy): void {
    this.#zoom?.(by);
  }

  hold(zoom: (by: ZoomBy) => void): () => void {
    this.#zoom = zoom;
    return () => {
      if (this.#zoom === zoom) this.#zoom = null;
    };
  }
}

export interface Viewed {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** Where the view is after a zoom: its middle stays where it is, unless all is to be seen. */
export function zoomed({ x, y, zoom }: Viewed, by: ZoomBy, size: { readonly width: number; readonly height: number }, of: { readonly width: number; readonly height: number }): Viewed {
  if (by === "all") {
    const to = Math.max(LEAST, Math.min(1, (size.width - 2 * MARGIN) / of.width, (size.height - 2 * MARGIN) / of.height));
    return { zoom: to, x: (size.width - of.width * to) / 2, y: (size.height - of.height * to) / 2 };
  }
  const to = Math.max(LEAST, Math.min(MOST, by === "as it is" ? 1 : by === "in" ? zoom * STEP : zoom / STEP));
  const stays = (at: number, length: number) => length / 2 - ((length / 2 - at) / zoom) * to;
  return { zoom: to, x: stays(x, size.width), y: stays(y, size.height) };
}

export function Zoom({ layout, lens }: { layout: Layout; lens: Lens }): JSX.Element {
  const flow = useReactFlow();
  const store = useStoreApi();
  useEffect(
    () =>
      lens.hold((by) => {
        const { width, height } = store.getState();
        if (width > 0 && layout.width > 0) void flow.setViewport(zoomed(flow.getViewport(), by, { width, height }, layout));
      }),
    [flow, store, layout, lens],
  );
  return (
    <div className={css["zoom"]} role="group" aria-label={say("zoom")}>
      <IconButton icon="minus" tabIndex={-1} says={say("zoomOut")} onClick={() => lens.zoom("out")} />
      <IconButton icon="plus" tabIndex={-1} says={say("zoomIn")} onClick={() => lens.zoom("in")} />
      <IconButton icon="whole" tabIndex={-1} says={say("zoomAll")} onClick={() => lens.zoom("all")} />
    </div>
  );
}
