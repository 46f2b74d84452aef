import { expect, test } from "vitest";
import { CHARS_MAX, executionsOf, ofCause, quoted } from "./filter";

test("a text of an error stays a text, whatever is in it", () => {
  expect(quoted(`a'b"c\\d\n{{ x }}`)).toBe(`"a'b\\"c\\\\d\\n{{ x }}"`);
  expect(quoted("a\u2028b")).toBe(String.raw`"a\u2028b"`);
});

test("a cause is its four parts", () => {
  expect(ofCause({ workflow: "order", node: "pay", type: "t", shape: "no #" })).toBe(`workflow == "order" && node == "pay" && error.type == "t" && error.shape == "no #"`);
});

test("executions are named one by one, each once, as many as fit", () => {
  expect(executionsOf(["a", "b", "a"])).toEqual({ filter: `execution_id in ["a", "b"]`, count: 2 });
  const many = executionsOf(Array.from({ length: CHARS_MAX }, (_, at) => `e${at}`));
  expect(many.filter.length).toBeLessThanOrEqual(CHARS_MAX);
  expect(many.filter).toContain(`"e${many.count - 1}"]`);
  expect(many.filter.length).toBeGreaterThan(CHARS_MAX - 12);
});
