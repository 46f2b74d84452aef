/** Parses beside the page, so that a long text does not hold up who types. */

import { type Broken, type Parsed, parseText } from "./parse";

export interface Said {
  readonly id: number;
  readonly parsed: Parsed | Broken;
}

self.onmessage = ({ data }: MessageEvent<{ id: number; text: string }>) => {
  const said: Said = { id: data.id, parsed: parseText(data.text) };
  self.postMessage(said);
};
