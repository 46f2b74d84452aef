import { expect, test } from "vitest";
import { readSearch, someIn, textIn, wholeIn, writeSearch } from "./search";

test("an address says what people write: plain, and a list by a name that comes again", () => {
  const search = { status: ["failed", "incident"], at: 94, node: "prepare.fraud/score", filter: "a == 'b' && c", none: undefined, off: "" };
  const written = writeSearch(search);
  expect(written).toBe("?status=failed&status=incident&at=94&node=prepare.fraud/score&filter=a+%3D%3D+'b'+%26%26+c".replaceAll("'", "%27"));
  expect(readSearch(written)).toEqual({ status: ["failed", "incident"], at: "94", node: "prepare.fraud/score", filter: "a == 'b' && c" });
  expect(writeSearch({})).toBe("");
});

test("what is wrong there counts as not said", () => {
  expect(someIn({ status: "failed" }, "status", ["failed", "running"])).toEqual(["failed"]);
  expect(someIn({ status: ["x", "y"] }, "status", ["failed"])).toBeUndefined();
  expect(wholeIn({ at: "94" }, "at")).toBe(94);
  for (const at of ["-1", "1e9", "9".repeat(20), ["1", "2"], "x"]) expect(wholeIn({ at }, "at")).toBeUndefined();
  expect(textIn({ q: "" }, "q")).toBeUndefined();
});
