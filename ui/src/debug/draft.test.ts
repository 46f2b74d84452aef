import { expect, test } from "vitest";
import { draftAt, missing, requestOf } from "./draft";

test("a breakpoint names a node or a variable, never both, whatever was typed before", () => {
  const typed = { ...draftAt(" each[]/charge "), variable: " total ", condition: "  " };
  expect(requestOf(typed)).toEqual({ node: "each[]/charge", variable: null, on: "begin", if: null, halts: "branch", timeout: null });
  expect(requestOf({ ...typed, on: "failure", condition: "error.type == 'http.503'", timeout: " 10m " })).toMatchObject({ node: "each[]/charge", on: "failure", if: "error.type == 'http.503'", timeout: "10m" });
  expect(requestOf({ ...typed, on: "change", halts: "all" })).toMatchObject({ node: null, variable: "total", on: "begin", halts: "all" });
});

test("what is missing is said by its name", () => {
  expect(missing(draftAt(""))).toBe("nodeMissing");
  expect(missing(draftAt("*"))).toBe(null);
  expect(missing({ ...draftAt("charge"), on: "change" })).toBe("variableMissing");
});
