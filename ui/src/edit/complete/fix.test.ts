import { expect, test } from "vitest";
import { apply } from "../splice/splice";
import { fixOf } from "./fix";

function mended(line: string, message: string, fix: string): string | null {
  const found = fixOf(line, { problem: { path: "", rule: "", message, fix, line: 1, column: 1, node: null }, from: 0, to: line.length, severity: "error", box: null });
  return found === null ? null : apply(line, [found.splice]);
}

test("a word for a word, where it stands once", () => {
  expect(mended("{fr: 1s}", "there is no field `fr`", "did you mean `for`? known are `for`, `until`")).toBe("{for: 1s}");
  expect(mended('when: "nodes.chrge.output > nodes.big"', "there is no node `nodes.chrge`", "did you mean `nodes.charge`?")).toBe('when: "nodes.charge.output > nodes.big"');
  expect(mended("x: a + a", "there is no `a`", "did you mean `b`?")).toBeNull();
  expect(mended("x: 1", "there is no field `y`", "did you mean `z`?")).toBeNull();
  expect(mended("x: 1", "there is no field `x`", "remove it")).toBeNull();
});
