/** Icons of 16 × 16, drawn by strokes of 1.5 in the colour of the text. A page that needs another one adds its path here. */

import type { JSX } from "react";

const PATHS = {
  refold: "M4 13V3h5.5a3 3 0 0 1 0 6H4m4 0 4 4",
  executions: "M2.5 3.5h11v3.5h-11zM2.5 9h11v3.5h-11z",
  workflows: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  incidents: "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1",
  inbox: "M2.5 9.5 4.5 3h7l2 6.5v3.5h-11zM2.5 9.5h3.2l1 1.6h2.6l1-1.6h3.2",
  schedules: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2M8 4.8V8l2.2 1.6",
  workers: "M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14",
  credentials: "M10.3 2.4a3.3 3.3 0 1 1-1.5 6.2L7.5 9.9H6v1.5H4.5v1.6H2.6v-1.9l4.7-4.7A3.3 3.3 0 0 1 10.3 2.4M11.2 4.8h.1",
  connectors: "M6 2v3.5M10 2v3.5M4 5.5h8v2.8a4 4 0 0 1-8 0zM8 12.3V14",
  analytics: "M2.5 13.5h11M4.5 11V8M8 11V3M11.5 11V5.5",
  prompts: "M2.5 3h11v7.5H8L5 13.2v-2.7H2.5zM5 5.6h6M5 7.9h4",
  audit: "M4 2.5h6l2.5 2.5v8.5H4zM6.3 7h4M6.3 9.5h4",
  server: "M3 2.5h10v4.6H3zM3 8.9h10v4.6H3zM5.3 4.8h.1M5.3 11.2h.1M8 4.8h2.7M8 11.2h2.7",
  settings: "M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3",
  search: "M7 2.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4M10.2 10.2 13.5 13.5",
  close: "m4 4 8 8m0-8-8 8",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  down: "m4 6 4 4 4-4",
  up: "m4 10 4-4 4 4",
  left: "M10 4 6 8l4 4",
  right: "m6 4 4 4-4 4",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "m3 8.5 3.2 3.2L13 4.8",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  whole: "M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  refresh: "M13.2 8A5.2 5.2 0 1 1 11.6 4.3L13.2 5.8M13.2 2.6v3.2H10",
  keys: "M1.8 4h12.4v8H1.8zM4.3 6.6h.1M6.8 6.6h.1M9.3 6.6h.1M11.8 6.6h.1M5 9.6h6",
  play: "M5 3.2 12.5 8 5 12.8z",
  link: "M6.6 9.4a2.6 2.6 0 0 0 3.7 0l2.4-2.4a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.4 6.6a2.6 2.6 0 0 0-3.7 0L3.3 9a2.6 2.6 0 0 0 3.7 3.7l.8-.8",
  code: "M5.8 4.5 2.8 8l3 3.5M10.2 4.5l3 3.5-3 3.5",
  condition: "M8 2.2 13.8 8 8 13.8 2.2 8z",
  parallel: "M2.5 8h3c2 0 2-4 4-4h4M5.5 8c2 0 2 4 4 4h4",
  loop: "M13 6.2A5.2 5.2 0 0 0 3.4 5.6M3 9.8a5.2 5.2 0 0 0 9.6.6M3.2 2.8v3h3M12.8 13.2v-3h-3",
  guard: "M8 2.2 13 4v4c0 3-2.2 5-5 5.8C5.2 13 3 11 3 8V4z",
  undo: "M5.5 3.5 2.5 6.5l3 3M2.5 6.5h7a3.5 3.5 0 0 1 0 7H6",
  redo: "M10.5 3.5l3 3-3 3M13.5 6.5h-7a3.5 3.5 0 0 0 0 7H10",
  tidy: "M2.5 3h4.5v4H2.5zM9 3h4.5v4H9zM2.5 9.5H7v3.5H2.5zM9 9.5h4.5v3.5H9z",
  signal: "M8 8v5.5M5.6 9.6a3 3 0 1 1 4.8 0M3.6 11.4a5.8 5.8 0 1 1 8.8 0",
  globe: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2M2.4 8h11.2M8 2.2c-3.4 3.6-3.4 8 0 11.6M8 2.2c3.4 3.6 3.4 8 0 11.6",
  begin: "M8 3.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6",
  end: "M8 2.6a5.4 5.4 0 1 1 0 10.8A5.4 5.4 0 0 1 8 2.6M8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4",
  variable: "M6 3C3.5 3 5 7.2 2.8 8 5 8.8 3.5 13 6 13M10 3c2.5 0 1 4.2 3.2 5-2.2.8-.7 5-3.2 5",
  activity: "M3 3.5h10v9H3zM5.5 6.5h5M5.5 9.5h3",
} as const satisfies Record<string, string>;

export type IconName = keyof typeof PATHS;

export const ICONS = Object.keys(PATHS) as readonly IconName[];

/** An icon that says nothing by itself: what it stands for is said beside it, or in the name of its button. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={1.5} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
