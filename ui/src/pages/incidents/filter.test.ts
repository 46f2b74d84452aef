import { expect, test } from "vitest";
import { ofCause } from "./filter";

test("a cause is its four parts", () => {
  expect(ofCause({ workflow: "order", node: "pay", type: "t", shape: "no #" })).toBe(`workflow == "order" && node == "pay" && error.type == "t" && error.shape == "no #"`);
});
