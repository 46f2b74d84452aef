import { expect, test } from "vitest";
import { money, share, short } from "./money";

test("what a call costs is shown with two digits, however little it is", () => {
  expect([0, 0.00027, 0.0999, 0.1, 12.345, 1_234].map((usd) => money(usd, "en-US"))).toEqual(["$0.00", "$0.00027", "$0.10", "$0.10", "$12.35", "$1,234.00"]);
});

test("a share of nothing is none, and an axis has whole numbers alone", () => {
  expect([share(0, 0, "en-US"), share(1, 3, "en-US")]).toEqual([null, "33%"]);
  expect([short(0.5, "en-US"), short(1_200_000, "en-US")]).toEqual(["", "1.2M"]);
});
