/** Lays graphs out beside the page, which goes on meanwhile. */

import { type Layout, layOut } from "./layout";
import type { Room } from "./outline";

export interface Wanted {
  readonly id: number;
  readonly outline: Room;
  readonly closed: readonly string[];
}

export interface Arranged {
  readonly id: number;
  readonly layout: Layout;
}

self.onmessage = ({ data }: MessageEvent<Wanted>) => {
  const arranged: Arranged = { id: data.id, layout: layOut(data.outline, new Set(data.closed)) };
  self.postMessage(arranged);
};
