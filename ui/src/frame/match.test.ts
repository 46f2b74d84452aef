import { expect, test } from "vitest";
import { matching } from "./match";

const says = (...all: string[]) => all.map((one) => ({ says: one }));
const found = (query: string, ...all: string[]) => matching(says(...all), query).map((one) => one.says);

test("beginnings come first, then beginnings of words, then what is inside, then letters in their order", () => {
  expect(found("re", "Compare", "Look and retry", "Retry", "Run it, please")).toEqual(["Retry", "Look and retry", "Compare", "Run it, please"]);
});

test("nothing typed is everything, in its order; what does not fit is left out", () => {
  expect(found(" ", "B", "A")).toEqual(["B", "A"]);
  expect(found("zz", "B", "A")).toEqual([]);
});
