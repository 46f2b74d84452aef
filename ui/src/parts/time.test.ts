import { expect, test } from "vitest";
import { duration } from "./time";

test.each([
  [0, "0 ms"],
  [301.4, "301 ms"],
  [999, "999 ms"],
  [1_000, "1.0 s"],
  [9_999, "9.9 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [125_000, "2 min 5 s"],
  [3_600_000, "1 h"],
  [7_380_000, "2 h 3 min"],
  [273_600_000, "3 d 4 h"],
])("%i ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
