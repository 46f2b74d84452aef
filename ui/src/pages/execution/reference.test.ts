/** What stands for a big value is found, and nothing else is taken for it. */

import { expect, test } from "vitest";
import { parse } from "../../api/exact";
import { referenceOf, referencesIn, sizeOf } from "./reference";

const BLOB = `sha256:${"ab".repeat(32)}`;

test("a reference is told from what only looks like one", () => {
  expect(referenceOf({ blob: BLOB, bytes: 70_000 })).toEqual({ blob: BLOB, bytes: 70_000 });
  for (const other of [null, 7, "x", [], {}, { blob: BLOB }, { blob: "sha256:1", bytes: 7 }, { blob: BLOB, bytes: "7" }, { blob: BLOB, bytes: 7, more: 1 }, parse("1e400")]) expect(referenceOf(other)).toBeNull();
});

test("those inside a value are found with the pointer to them", () => {
  expect(referencesIn({ a: [{ "b/c": { blob: BLOB, bytes: 1 } }], d: 7 }).map(({ path }) => path)).toEqual(["/a/0/b~1c"]);
  expect(referencesIn(Array.from({ length: 100 }, () => ({ blob: BLOB, bytes: 1 })))).toHaveLength(20);
});

test("a size is said as people say it", () => {
  expect([0, 999, 70_000, 10_046_909, 4e12].map(sizeOf)).toEqual(["0 byte", "999 byte", "70 kB", "10 MB", "4,000 GB"]);
});
