/** How differences may be shown. */

export const VIEWS = ["nodes", "graph", "text"] as const;
export type ViewId = (typeof VIEWS)[number];
