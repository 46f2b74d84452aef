import { expect, test } from "vitest";
import { conjuncts, joined, quoted, unquoted } from "./cel";
import { completed, suggested } from "./suggest";
import { COLUMNS, isFit, OPERATORS, type Term, termOf, written } from "./terms";

test("a text stays a text, whatever is in it", () => {
  expect(quoted(`a'b"c\\d\n{{ x }}`)).toBe(`"a'b\\"c\\\\d\\n{{ x }}"`);
  expect(quoted("a\u2028b")).toBe(String.raw`"a\u2028b"`);
  for (const text of [`a'b"c\\d\n`, "", "''", '"', "\ud83d\ude00", "\u2028"]) expect(unquoted(quoted(text))).toBe(text);
  expect(unquoted("'it\\'s \"x\"'")).toBe(`it's "x"`);
  for (const none of ["x", "'", "'a' + 'b'", "'a''b'", "r'\\d'"]) expect(unquoted(none)).toBe(null);
});

test("an expression is taken apart at what all has to be true, and nowhere else", () => {
  expect(conjuncts("a == 1 && b == '&& )' && (c || d && e)")).toEqual(["a == 1", "b == '&& )'", "(c || d && e)"]);
  for (const one of ["a || b && c", "a ? b : c", "a && 'open", "a && (b", "a) && b", "a && "]) expect(conjuncts(one)).toEqual([one.trim()]);
  expect(conjuncts("  ")).toEqual([]);
});

test("what is joined again means the same", () => {
  expect(joined(["a || b", "c"])).toBe("(a || b) && c");
  expect(joined(["a ? b : c", "d"])).toBe("(a ? b : c) && d");
  expect(joined(["a == 1", "b"])).toBe("a == 1 && b");
  expect(joined([])).toBe("");
  expect(joined(["a || b"])).toBe("a || b");
});

const VALUES = { text: "it's \"odd\"", whole: "17", time: "24h", duration: "5m", texts: "billing", flag: "true", any: "A-1" } as const;

test("each condition that one can choose is read from what it is written as", () => {
  for (const { name, kind } of [...COLUMNS.filter((one) => one.name !== "search"), { name: "search.customer", kind: "any" as const }]) {
    for (const operator of OPERATORS[kind]) {
      const value = operator === "in" ? "a, b" : VALUES[kind];
      const term: Term = { column: name, operator, value };
      expect([written(term), termOf(written(term))]).toEqual([written(term), term]);
    }
  }
});

test("people's ways of writing are read, and what is no condition stays as it is", () => {
  expect(termOf("status in ['failed', 'incident']")).toEqual({ column: "status", operator: "in", value: "failed, incident" });
  expect(termOf("'billing' in tags")).toEqual({ column: "tags", operator: "has", value: "billing" });
  expect(termOf("created_at>=timestamp('2026-01-31T12:00:00Z')")).toEqual({ column: "created_at", operator: ">=", value: "2026-01-31T12:00:00Z" });
  expect(termOf("search.n == 12")).toEqual({ column: "search.n", operator: "==", value: "12" });
  for (const none of ["search.n == '12'", "nothing == 'x'", "status == workflow", "duration > 300", "!(status == 'failed')", "size(workflow) > 3", "status in ['a b']", "parent == null", "search.n > n", "status == ''"])
    expect(termOf(none)).toBe(null);
});

test("a value that cannot be meant is not taken", () => {
  expect(["", "x", "5 minutes", "5"].map((value) => isFit({ column: "duration", value }))).toEqual([false, false, false, false]);
  expect(["5m", "1h30m", "250ms"].map((value) => isFit({ column: "duration", value }))).toEqual([true, true, true]);
  expect(["24h", "2026-01-31T12:00:00Z", "yesterday", "2026-13-01T00:00Z"].map((value) => isFit({ column: "created_at", value }))).toEqual([true, true, false, false]);
  expect(isFit({ column: "version", value: "1e3" })).toBe(false);
});

test("names are completed outside of texts, and only while they are not whole", () => {
  expect(suggested("wor", 3, []).map((one) => one.name)).toEqual(["workflow"]);
  expect(suggested("status == 'f' && err", 20, []).map((one) => one.name)).toEqual(["error.type", "error.message"]);
  expect(suggested("search.cu", 9, ["customer"]).map((one) => one.name)).toEqual(["search.customer"]);
  for (const source of ["workflow == 'wor", "workflow", "", "1 + "]) expect(suggested(source, source.length, [])).toEqual([]);
  expect(completed("a && wor == 'x'", 8, "workflow")).toEqual({ text: "a && workflow == 'x'", caret: 13 });
});
