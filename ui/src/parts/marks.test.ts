import { expect, test } from "vitest";
import { marked, range, share } from "./marks";

const KEYS = ["a", "b", "c", "d"];

test("a range goes from one row to another, whichever stands first", () => {
  expect(range(KEYS, "b", "d")).toEqual(["b", "c", "d"]);
  expect(range(KEYS, "d", "b")).toEqual(["b", "c", "d"]);
  expect(range(KEYS, "c", "c")).toEqual(["c"]);
});

test("a range from a row that has gone is the other end alone, and to one that has gone nothing", () => {
  expect(range(KEYS, "gone", "b")).toEqual(["b"]);
  expect(range(KEYS, null, "b")).toEqual(["b"]);
  expect(range(KEYS, "a", "gone")).toEqual([]);
});

test("marks are added and taken away, and what was marked before stays as it was", () => {
  const before = marked(new Set(), ["a", "b"], true);
  expect([...marked(before, ["b", "c"], false)]).toEqual(["a"]);
  expect([...before]).toEqual(["a", "b"]);
});

test("all, some or none", () => {
  expect(share(KEYS, new Set(["x"]))).toBe(false);
  expect(share(KEYS, new Set(["a"]))).toBe("some");
  expect(share(KEYS, new Set(KEYS))).toBe(true);
  expect(share([], new Set())).toBe(false);
});
