import { expect, test } from "vitest";
import { joined } from "./joined";
import type { Row } from "./statuses";

const row = (execution_id: string, status: Row["status"] = "running") => ({ execution_id, status }) as Row;

test("each execution stands there once, as the live head knows it", () => {
  const rows = joined([row("b", "completed"), row("a")], [row("b"), row("c")]);
  expect(rows.map((one) => `${one.execution_id} ${one.status}`)).toEqual(["b completed", "a running", "c running"]);
});
