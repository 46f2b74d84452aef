import { expect, test } from "vitest";
import { type Json, parse } from "../api/exact";
import { at, type Folds, lines, OPEN_MAX, TEXT_MAX } from "./value-lines";

const NONE: Folds = new Map();

function shown(value: Json, folds: Folds = NONE): string[] {
  return lines(value, folds).map((one) => "  ".repeat(one.depth) + (one.name === null ? "" : `${one.name}: `) + one.text + (one.hasComma ? "," : ""));
}

test("numbers stand as they were recorded, and texts as JSON", () => {
  expect(shown(parse('{"limit": 10000.0, "id": 9007199254740993, "say": "a\\nb", "none": null}'))).toEqual([
    "{",
    "  limit: 10000.0,",
    "  id: 9007199254740993,",
    '  say: "a\\nb",',
    "  none: null",
    "}",
  ]);
});

test("what is empty has one line, what is folded too, and says how many are inside", () => {
  const value = parse('{"a": [], "b": {}, "c": [1, 2]}');
  expect(shown(value, new Map([["/c", false]]))).toEqual(["{", "  a: [],", "  b: {},", "  c: […]", "}"]);
  expect(lines(value, new Map([["/c", false]]))[3]).toMatchObject({ kind: "closed", count: 2 });
});

test("what is deep or long is folded until somebody asks", () => {
  const long = Array.from({ length: OPEN_MAX + 1 }, (_, index) => index);
  expect(shown({ long })).toEqual(["{", "  long: […]", "}"]);
  expect(shown({ long }, new Map([["/long", true]]))).toHaveLength(long.length + 4);
  expect(shown(parse("[[[[1]]]]"))).toEqual(["[", "  [", "    [", "      […]", "    ]", "  ]", "]"]);
});

test("a text that is cut says of how much, and never looks whole", () => {
  const [line] = lines("x".repeat(TEXT_MAX + 1), NONE);
  expect(line).toMatchObject({ isCut: true, count: TEXT_MAX + 1 });
  expect(line?.text.endsWith('"')).toBe(false);
});

test("a value of any depth is no matter", () => {
  let deep: Json = 1;
  const folds = new Map<string, boolean>();
  for (let depth = 0; depth < 2_000; depth += 1) deep = [deep];
  for (let depth = 0; depth < 2_000; depth += 1) folds.set("/0".repeat(depth), true);
  expect(lines(deep, folds)).toHaveLength(4_001);
});

test("each line names its place by a JSON pointer, by which the value is found again", () => {
  const value = parse('{"a/b": {"~": ["x", 1.0]}}');
  const paths = lines(value, NONE).filter((one) => one.kind === "leaf").map((one) => one.path);
  expect(paths).toEqual(["/a~1b/~0/0", "/a~1b/~0/1"]);
  expect(String(at(value, "/a~1b/~0/1"))).toBe("1.0");
  expect(at(value, "/nothing/0")).toBeUndefined();
});

test("a long text is not cut in the middle of a character", () => {
  const [line] = lines(`${"a".repeat(TEXT_MAX - 1)}🎈${"b".repeat(9)}`, NONE);
  expect(line?.text).toBe(`"${"a".repeat(TEXT_MAX - 1)}`);
  expect(line?.count).toBe(TEXT_MAX + 10);
});
