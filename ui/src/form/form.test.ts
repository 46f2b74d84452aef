/** What is typed becomes the value that it says, digit by digit. */

import { expect, test } from "vitest";
import { parse, write } from "../api/exact";
import { fieldsOf, made, typedOf } from "./fields";

const SCHEMA = {
  type: "object",
  required: ["amount", "why"],
  properties: {
    amount: { type: "number" },
    why: { type: "string", title: "Reason", description: "in a word" },
    day: { type: "string", format: "date" },
    level: { enum: ["low", "high", 3] },
    sure: { type: "boolean", default: true },
    pin: { type: "string", writeOnly: true },
    more: { type: "array", items: { type: "string" } },
  },
};

const makes = (typed: Record<string, string>) => made(SCHEMA, fieldsOf(SCHEMA)!, typed);

test("each field is of the kind that its schema says", () => {
  expect(fieldsOf(SCHEMA)!.map(({ name, says, kind, isRequired, first }) => [name, says, kind, isRequired, first])).toEqual([
    ["amount", "amount", "number", true, ""],
    ["why", "Reason", "text", true, ""],
    ["day", "day", "date", false, ""],
    ["level", "level", "choice", false, ""],
    ["sure", "sure", "yes", false, "true"],
    ["pin", "pin", "secret", false, ""],
    ["more", "more", "json", false, ""],
  ]);
});

test("numbers are as they were typed, and what is empty is left out", () => {
  expect(write(makes({ amount: "10000.0", why: "x", level: "3", more: '["a", 9007199254740993]' }).value)).toBe(
    '{"amount":10000.0,"why":"x","level":3,"sure":true,"more":["a",9007199254740993]}',
  );
  expect(write(makes({ amount: "1e400", why: "", sure: "false" }).value)).toBe('{"amount":1e400,"why":"","sure":false}');
});

test("a value that calls something wrong is a value", () => {
  expect(makes({ amount: "1", why: "x", more: '{"wrong": "json"}' })).toEqual({ value: { amount: 1, why: "x", sure: true, more: { wrong: "json" } }, problems: {} });
});

test("what cannot be such a value says so at its field", () => {
  expect(makes({ amount: "ten", more: "[" }).problems).toEqual({ amount: "number", more: "json" });
  expect(makes({}).problems).toEqual({ amount: "required" });
});

test("what has no fields is typed as JSON", () => {
  for (const schema of [null, true, { type: "string" }, { type: "object" }, { properties: {} }, []]) expect(fieldsOf(schema as never)).toBeNull();
});

test("a value stands in the fields as one would type it, and makes the same value again", () => {
  const schema = parse('{"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "string"}, "c": {}, "d": {"enum": ["x", 1.0]}, "e": {"type": "boolean"}}}');
  const fields = fieldsOf(schema) ?? [];
  const text = '{"a":10000.0,"b":"1","c":"text","d":1.0,"e":true}';
  expect(typedOf(fields, parse(text))).toEqual({ a: "10000.0", b: "1", c: '"text"', d: "1.0", e: "true" });
  expect(write(made(schema, fields, typedOf(fields, parse(text))).value)).toBe(text);
});
