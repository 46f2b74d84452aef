import { expect, test } from "vitest";
import { namedIn, namedOut } from "./sides";

test("a side is an execution, after an event or as it is now", () => {
  expect(namedIn("order-1@94")).toEqual({ id: "order-1", at: 94 });
  expect(namedIn("order-1")).toEqual({ id: "order-1", at: undefined });
  expect(namedIn("ada@example.com")).toEqual({ id: "ada@example.com", at: undefined });
  expect(namedIn("a@1@2")).toEqual({ id: "a@1", at: 2 });
  for (const text of ["order-1@94", "order-1", "a@1@2"]) expect(namedOut(namedIn(text))).toBe(text);
  expect(namedOut({ id: "", at: 3 })).toBe(undefined);
});
