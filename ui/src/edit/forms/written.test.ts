import { expect, test } from "vitest";
import { apply } from "../splice/splice";
import { spliceOf, whereNow } from "./written";

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
