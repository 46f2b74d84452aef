/** Parses beside the page, so that a long text does not hold up who types. */

import { type Broken, isBroken, type Parsed, parseText } from "./parse";

export interface Said {
  readonly id: number;
  readonly good: Parsed | null;
  readonly broken: Broken | null;
}

self.onmessage = ({ data }: MessageEvent<{ id: number; text: string }>) => {
  const parsed = parseText(data.text);
  const said: Said = isBroken(parsed) ? { id: data.id, good: null, broken: parsed } : { id: data.id, good: parsed, broken: null };
  self.postMessage(said);
};
