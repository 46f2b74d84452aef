import { expect, test } from "vitest";
import { Exact, parse } from "../api/exact";
import { leastOf, type Over, overOf, raised } from "./over";

const failed = (details: string) => overOf({ type: "ai.budget", details: parse(details) });

test("a budget that is used up is read from the failure, whatever its numbers look like", () => {
  expect(failed('{"what": "usd", "limit": 1e-05, "spent": 0.0, "reserved": 2e-06, "needed": 9e-06, "of": "execution", "by_node": {}}')).toEqual({
    what: "usd", limit: 0.00001, spent: 0, reserved: 0.000002, needed: 0.000009, node: null,
  }); // prettier-ignore
  expect(failed('{"what": "model_calls", "limit": 2, "spent": 2, "reserved": 0, "needed": 1, "of": "each[]/ask"}')?.node).toBe("each[]/ask");
});

test("what no other limit helps, and what is no such failure, is none", () => {
  expect(failed('{"what": "max_tokens"}')).toBeNull();
  expect(failed('{"what": "price", "model": "m"}')).toBeNull();
  expect(failed('{"what": "tokens", "limit": "many", "spent": 1, "reserved": 1, "needed": 1}')).toBeNull();
  expect(failed("null")).toBeNull();
  expect(failed("7")).toBeNull();
  expect(overOf({ type: "other", details: parse('{"what": "tokens", "limit": 1, "spent": 1, "reserved": 1, "needed": 1}') })).toBeNull();
});

test("the least that lets it go on is what is spent, set aside and needed, never less by rounding", () => {
  const over: Over = { what: "usd", limit: 0.1, spent: 0.1, reserved: 0.2, needed: 0.0000004, node: null };
  expect(leastOf(over)).toBe(0.300001);
  expect(leastOf({ ...over, needed: 0 })).toBe(0.3);
  expect(leastOf({ ...over, what: "tokens", spent: 10, reserved: 3, needed: 200 })).toBe(213);
});

test("a limit that is typed goes as it was written", () => {
  expect(raised("usd", " 0.10 ")).toEqual({ usd: new Exact("0.10") });
  expect(raised("tokens", "9007199254740993")).toEqual({ tokens: new Exact("9007199254740993") });
  expect(raised("tokens", "-1")).toEqual({ tokens: -1 });
  expect(raised("tokens", "  ")).toBeUndefined();
  for (const none of ["ten", "1 000", '"1"', "[1]", "null", "0x10", "NaN"]) expect(raised("tokens", none)).toBeNull();
});
