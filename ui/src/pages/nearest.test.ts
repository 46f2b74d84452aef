import { expect, test } from "vitest";
import { distance, nearest } from "./nearest";

test("the nearest is the one with the fewest letters to change", () => {
  expect(nearest("/execution", ["/workflows", "/executions"])).toBe("/executions");
  expect(nearest("/x", [])).toBeUndefined();
  expect([distance("kitten", "sitting"), distance("", "abc"), distance("same", "same")]).toEqual([3, 3, 0]);
});
