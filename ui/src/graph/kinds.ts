/** What a kind of node looks like. */

import type { IconName } from "../parts/icon";

const ICONS: Readonly<Record<string, IconName>> = {
  code: "code",
  transform: "code",
  condition: "condition",
  switch: "condition",
  merge: "condition",
  parallel: "parallel",
  for_each: "loop",
  while: "loop",
  repeat: "loop",
  try: "guard",
  compensate: "undo",
  delay: "schedules",
  wait_until: "schedules",
  wait_signal: "signal",
  emit_signal: "signal",
  human_task: "inbox",
  sub_workflow: "workflows",
  http_request: "globe",
  start: "begin",
  end: "end",
  fail: "end",
  cancel: "end",
  break: "end",
  continue: "end",
  set_variable: "variable",
  get_variable: "variable",
};

/** That of an activity, where the kind has none of its own. */
export function kindIcon(kind: string): IconName {
  return ICONS[kind] ?? "activity";
}
