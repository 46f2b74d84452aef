import { expect, test } from "vitest";
import { Exact, write } from "../api/exact";
import { editsIn, withLine, Wrong } from "./edits";

const read = (text: string) => {
  const edits = editsIn(text);
  return edits instanceof Wrong ? edits : write(edits);
};

test("each line is an edit, numbers as they were written, and empty lines say nothing", () => {
  expect(read('variables.limit = 10000.0\n\n  nodes.each[3]/score.output.points=9007199254740993\ninput = {"a": [1, "b = c"]}\n')).toBe(
    '{"variables.limit":10000.0,"nodes.each[3]/score.output.points":9007199254740993,"input":{"a":[1,"b = c"]}}',
  );
  expect(editsIn("")).toEqual({});
});

test("an = may stand in a path", () => {
  expect(read("variables.map.a=b = 1")).toBe('{"variables.map.a=b":1}');
});

test("what is no edit is told by its line", () => {
  expect(editsIn("variables.a = 1\nvariables.b")).toMatchObject({ what: "linePath", line: 2 });
  expect(editsIn("= 1")).toMatchObject({ what: "linePath", line: 1 });
  expect(editsIn("\nvariables.b = Ada")).toMatchObject({ what: "lineJson", line: 2 });
  expect(editsIn("variables.b =")).toMatchObject({ what: "lineJson", line: 1 });
  expect(editsIn("a = 1\nb = 2\n a = 3")).toMatchObject({ what: "lineTwice", line: 3, path: "a", before: 1 });
});

test("paths that objects have by themselves, and those of a mistake, are paths like others", () => {
  expect(read("__proto__ = 1\nconstructor = 2")).toBe('{"__proto__":1,"constructor":2}');
  expect(read('what = "lineJson"\nline = 1\nbefore = 2')).toBe('{"what":"lineJson","line":1,"before":2}');
});

test("what is there is added as a line to be changed, and read again it is the same", () => {
  const text = withLine("variables.a = 1\n\n", "variables.b", { deep: [new Exact("1e400"), "\ud800"] });
  expect(text).toBe('variables.a = 1\nvariables.b = {"deep":[1e400,"\\ud800"]}');
  expect(read(text)).toBe('{"variables.a":1,"variables.b":{"deep":[1e400,"\\ud800"]}}');
  expect(withLine("", "input", "x".repeat(3_000))).toBe("input = ");
  expect(withLine("", "input", { report: { blob: `sha256:${"0".repeat(64)}`, bytes: 70_000 } })).toBe("input = ");
  expect(withLine("", "input", undefined)).toBe("input = ");
});
