import { expect, test } from "vitest";
import { apply } from "../splice/splice";
import { renameOf, spliceOf, whereNow } from "./written";

const SHOWN = `name: x
nodes:
  - {id: first, type: log}
  - id: both
    type: parallel
    config:
      branches:
        left: {nodes: [{id: one, type: log, config: {message: hi}}]}
  - {id: last, type: log, retry: {max_attempts: 3}}
`;
const LATER = SHOWN.replace("  - {id: first, type: log}\n", "  - {id: new, type: noop}\n  - {id: other, type: noop}\n");
const ONE = ["nodes", 1, "config", "branches", "left", "nodes", 0];

test("what is typed goes to its node, wherever that stands by now", () => {
  expect(whereNow(LATER, SHOWN, ["nodes", 2])).toEqual(["nodes", 3]);
  expect(whereNow(LATER, SHOWN, ONE)).toEqual(["nodes", 2, "config", "branches", "left", "nodes", 0]);
  const splices = spliceOf(LATER, SHOWN, ONE, [...ONE, "config", "message"], "there");
  expect(apply(LATER, splices ?? [])).toBe(LATER.replace("message: hi", "message: there"));
});

test("a node that is gone, or has another name, is not written to", () => {
  expect(spliceOf(LATER, SHOWN, ["nodes", 0], ["nodes", 0, "name"], "First")).toBeNull();
  expect(spliceOf(SHOWN.replace("id: last", "id: end"), SHOWN, ["nodes", 2], ["nodes", 2, "name"], "Last")).toBeNull();
});

test("what was made from something else than what stands there now is not written", () => {
  const path = ["nodes", 2, "retry", "max_attempts"];
  expect(spliceOf(SHOWN, SHOWN, ["nodes", 2], path, 4, { was: 2 })).toBeNull();
  expect(spliceOf(SHOWN, SHOWN, ["nodes", 2], path, 4, { was: 3 })).not.toBeNull();
  expect(spliceOf(SHOWN, SHOWN, ["nodes", 2], ["nodes", 2, "name"], "Last", { was: undefined })).not.toBeNull();
});

test("what becomes empty goes with its last value", () => {
  const splices = spliceOf(LATER, SHOWN, ["nodes", 2], ["nodes", 2, "retry", "max_attempts"], undefined);
  expect(apply(LATER, splices ?? [])).not.toContain("max_attempts");
  expect(spliceOf(LATER, SHOWN, ["nodes", 2], ["nodes", 2, "name"], undefined)).toEqual([]);
});

test("an edge is found by its ends, and of several alike by its place among them", () => {
  const before = "nodes: [{id: a}, {id: b}]\nedges:\n  - {from: a, to: b}\n  - {from: a, to: b, when: x}\n  - {from: a.out, to: c}\n";
  const after = before.replace("edges:\n", "edges:\n  - {from: b, to: a}\n");
  expect(whereNow(after, before, ["edges", 1])).toEqual(["edges", 2]);
  expect(whereNow(after.replace("a.out", "a"), before, ["edges", 2])).toEqual(["edges", 3]);
  expect(whereNow(after.replace("  - {from: a, to: b, when: x}\n", ""), before, ["edges", 1])).toBeNull();
  const splices = spliceOf(after, before, ["edges", 1], ["edges", 1, "when"], "y");
  expect(apply(after, splices ?? [])).toBe(after.replace("when: x", "when: y"));
});

test("what is added is added to what is there by now", () => {
  const path = ["nodes", 2, "retry"];
  const add = (now: unknown) => ({ ...(now as object), [`n${Object.keys(now as object).length}`]: 1 });
  const once = apply(SHOWN, spliceOf(SHOWN, SHOWN, ["nodes", 2], path, add as never) ?? []);
  const twice = apply(once, spliceOf(once, SHOWN, ["nodes", 2], path, add as never) ?? []);
  expect(twice).toContain("retry: {max_attempts: 3, n1: 1, n2: 1}");
});

test("a value whose key is gone is not written under it again", () => {
  const path = ["nodes", 2, "retry", "max_attempts"];
  const renamed = apply(SHOWN, renameOf(SHOWN, SHOWN, ["nodes", 2], path, "other") ?? []);
  expect(renamed).toBe(SHOWN.replace("max_attempts", "other"));
  expect(spliceOf(renamed, SHOWN, ["nodes", 2], path, 4, { isThere: true })).toBeNull();
});

test("a branch is called otherwise, and all that is in it stays as it is written", () => {
  const text = `nodes:
  - id: both
    config:
      branches:
        "left": # the first
          nodes: [{id: one, type: log}]   # as it was
        right: {nodes: []}
`;
  const path = ["nodes", 0, "config", "branches"];
  expect(apply(text, renameOf(text, text, ["nodes", 0], [...path, "left"], "near") ?? [])).toBe(text.replace("left", "near"));
  expect(apply(text, renameOf(text, text, ["nodes", 0], [...path, "right"], "on") ?? [])).toBe(text.replace("right:", '"on":'));
  expect(() => renameOf(text, text, ["nodes", 0], [...path, "right"], "left")).toThrow("there is a left already");
});
