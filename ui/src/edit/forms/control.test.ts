import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Json, parse, write } from "../../api/exact";
import type { Kind } from "../complete/role";
import { type Known, Language } from "../complete/schema";
import { type Control, controlOf, textIn, valueOf } from "./control";

const schema = JSON.parse(readFileSync(new URL("../../../../tests/golden/schemas/definition.json", import.meta.url), "utf8"));
const fields = (all: Record<string, string[]>) => Object.entries(all).map(([path, roles]) => ({ path, roles }));
const KINDS = new Map([
  ["for_each", { kind: "for_each", fields: fields({ items: ["items"], body: ["body"], concurrency: ["template"] }) }],
  ["switch", { kind: "switch", fields: fields({ value: ["template"], "cases[].when": ["expression"], "cases[].equals": ["template"] }) }],
  ["human_task", { kind: "human_task", fields: fields({ question: ["template"], assignees: ["template"], condition: ["expression"] }) }],
  ["get_variable", { kind: "get_variable", fields: [] }],
] as unknown as [string, Kind][]);
const language = new Language(schema);

/** By which control each field of a node is filled in, as far as it is asked for. */
function controls(kind: string, config: Record<string, Json>, wanted: readonly string[], inConfig = true): Record<string, string> {
  const known: Known = (path) => (path.length === 2 ? { id: "n", type: kind } : {});
  const asking = { catalog: { language, kinds: KINDS, functions: [], workflows: [], credentials: [] }, known, kindOf: () => KINDS.get(kind), variables: ["v"] };
  const path = inConfig ? ["nodes", 0, "config"] : ["nodes", 0];
  const found = language.fields(path, known).filter(({ name }) => wanted.includes(name));
  return Object.fromEntries(found.map((field) => [field.name, says(controlOf(field, [...path, field.name], config[field.name], asking))]));
}

function says(control: Control): string {
  return control.is === "code" ? (control.isTemplate ? "template" : "expression") : control.is;
}

test("each field by its schema and its role, and what a form cannot show stands elsewhere", () => {
  expect(controls("for_each", { body: { nodes: [] } }, ["items", "body", "concurrency", "on_item_error", "until", "more"])).toEqual({
    items: "expression", body: "elsewhere", concurrency: "number", on_item_error: "choice", until: "text", more: "group",
  }); // prettier-ignore
  expect(controls("for_each", { items: [1, 2], concurrency: "{{ input.n }}" }, ["items", "concurrency"])).toEqual({ items: "json", concurrency: "template" });
  expect(controls("switch", { value: parse("10000.0") }, ["value", "cases", "default", "all_matches"])).toEqual({ value: "json", cases: "groups", default: "text", all_matches: "yes" });
  expect(controls("human_task", {}, ["question", "assignees", "condition", "form", "approval_threshold"])).toEqual({ question: "template", assignees: "lines", condition: "expression", form: "json", approval_threshold: "number" });
  expect(controls("get_variable", {}, ["name"])).toEqual({ name: "named" });
  expect(controls("switch", {}, ["when", "join", "retry", "timeout", "priority", "on_error"], false)).toEqual({ when: "expression", join: "choice", retry: "group", timeout: "text", priority: "number", on_error: "choice" });
});

test("a node in a branch has the fields of its kind", () => {
  const body = ["nodes", 0, "config", "branches", "left", "nodes", 0];
  const known: Known = (path) => (path.length === 2 ? { type: "parallel" } : path.length === body.length ? { type: "delay" } : {});
  expect(language.fields([...body, "config"], known).map(({ name }) => name)).toEqual(["for", "until"]);
});

test("numbers are written as they were typed, and what is no value is not written", () => {
  const number: Control = { is: "number" };
  expect(write(valueOf(number, "10000.0") as Json)).toBe("10000.0");
  expect(write(valueOf(number, "9007199254740993") as Json)).toBe("9007199254740993");
  expect(valueOf(number, " {{ input.n }} ")).toBe("{{ input.n }}");
  expect(() => valueOf(number, "ten")).toThrow(SyntaxError);
  expect(() => valueOf({ is: "json" }, "{")).toThrow(SyntaxError);
  expect(valueOf({ is: "lines" }, "a\n\n b ")).toEqual(["a", "b"]);
  expect(valueOf({ is: "text" }, "")).toBeUndefined();
});

test("a map is typed where any value may stand, and Python in braces is a text", () => {
  const any: Control = { is: "code", isTemplate: true, isLong: false, isAny: true };
  expect(valueOf(any, '{"order": "{{ input.id }}"}')).toEqual({ order: "{{ input.id }}" });
  expect(valueOf(any, "[1]")).not.toBe("[1]");
  for (const text of ["{{ input.id }}", '{"a": input["b"]}', "{", "5"]) expect(valueOf(any, text)).toBe(text);
  expect(valueOf({ ...any, isAny: false }, "{}")).toBe("{}");
  expect(controls("parallel", { branches: { left: { nodes: [] }, right: { nodes: [] } } }, ["branches"])).toEqual({ branches: "bodies" });
});

test("what stands in a field makes the same value again", () => {
  for (const text of ["10000.0", '{"a":[1.0,null]}', '"x"', "[]"]) expect(write(valueOf({ is: "json" }, textIn({ is: "json" }, parse(text))) as Json)).toBe(text);
});
