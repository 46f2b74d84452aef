import { expect, test } from "vitest";
import { Exact, type Json, numberOf, parse, Reader, write } from "./exact";

const ODD = [
  "10000.0",
  "9007199254740993",
  "1e400",
  "-0",
  "0",
  "1E2",
  "18446744073709551616",
  "0.1",
  '{"a":[1.0,{"b":9007199254740993}],"c":"1.0","d":null,"e":true}',
  '"\\ud800 \\u0000 \\"\\\\"',
  '{"__proto__":{"x":1.50},"":[],"constructor":{}}',
  "[[],{},[[]]]",
];

test.each(ODD)("%s is read and written as it was", (text) => {
  expect(write(parse(text))).toBe(text);
  expect(write(new Reader(text).whole())).toBe(text);
});

test("a number that JavaScript writes alike is a number, any other keeps its digits", () => {
  expect(numberOf("12")).toBe(12);
  expect(numberOf("0.5")).toBe(0.5);
  expect(numberOf("10000.0")).toEqual(new Exact("10000.0"));
  expect(`${numberOf("9007199254740993")}`).toBe("9007199254740993");
  expect(Number(numberOf("1.50"))).toBe(1.5);
});

test("a key that means something to JavaScript is a key like any other", () => {
  for (const value of [parse('{"__proto__": 1}'), new Reader('{"__proto__": 1}').whole()]) {
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  }
});

test("where the browser does not say how a number was written, it is read by ourselves, however deep", () => {
  const deep = "[".repeat(100_000) + "1.0" + "]".repeat(100_000);
  let value: Json = new Reader(deep).whole();
  while (Array.isArray(value)) value = value[0] as Json;
  expect(value).toEqual(new Exact("1.0"));
});

test.each(["", "{", "[1,]", "{\"a\"}", "01", "1.", "+1", "nul", "'a'", "[1] 2", "\"\n\"", "{a:1}", "[1 2]", "\u00a01"])("%j is no JSON", (text) => {
  expect(() => parse(text)).toThrow(SyntaxError);
  expect(() => new Reader(text).whole()).toThrow(SyntaxError);
});

test("written for people it has a line for each thing", () => {
  expect(write(parse('{"a":[1.0,[]],"b":{}}'), 2)).toBe('{\n  "a": [\n    1.0,\n    []\n  ],\n  "b": {}\n}');
});
