/** The states of executions, in the order in which one looks for them. */

import type { Schemas } from "../../api/client";

export type Row = Schemas["Row"];
export type Status = Row["status"];

export const STATUSES = [
  "incident",
  "running",
  "paused",
  "scheduled",
  "created",
  "completed",
  "failed",
  "cancelled",
  "terminated",
  "quarantined",
] as const satisfies readonly Status[];
