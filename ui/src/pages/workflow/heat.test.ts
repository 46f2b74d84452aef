/** Each box and edge has the share of the executions that took it; what is called the same is told apart. */

import { expect, test } from "vitest";
import { boxOf, linksIn, outlineOf } from "../../graph/outline";
import { boxAt, heated } from "./heat";

const OUTLINE = outlineOf({
  nodes: [
    { id: "each", type: "for_each", config: { body: { nodes: [{ id: "small", type: "condition" }, { id: "odd", type: "noop" }], edges: [{ from: "small.false", to: "odd" }] } } },
    { id: "fan", type: "parallel", config: { branches: { left: { nodes: [{ id: "x", type: "noop" }] } } } },
  ],
  edges: [
    { from: "each", to: "fan", when: "data.n > 1" },
    { from: "each", to: "fan" },
    { from: "each.error", to: "fan" },
  ],
});
const COVERAGE = {
  executions: 4,
  places: [
    { sort: "nodes", name: "each", executions: 4 },
    { sort: "nodes", name: "each/small", executions: 1 },
    { sort: "nodes", name: "each/odd", executions: 0 },
    { sort: "nodes", name: "fan.left/x", executions: 2 },
    { sort: "edges", name: "each -> fan", executions: 3 },
    { sort: "edges", name: "each -> fan", executions: 4 },
    { sort: "error edges", name: "each.error -> fan", executions: 0 },
    { sort: "cases", name: "each/small.false", executions: 0 },
    { sort: "edges", name: "each/small.false -> odd", executions: 0 },
  ],
};

test("boxes and edges have their shares, those of bodies and those that join the same, too", () => {
  const room = heated(OUTLINE, COVERAGE, String);
  expect(["each", "each[]/small", "each[]/odd", "fan.left/x", "fan"].map((path) => boxOf(room, path)?.box.heat?.share)).toEqual([1, 0.25, 0, 0.5, undefined]);
  expect([...linksIn(room)].map(({ heat }) => heat?.says)).toEqual(["0.75", "1", "0", "0"]);
});

test("where no execution was there is no heat", () => {
  expect([...linksIn(heated(OUTLINE, { ...COVERAGE, executions: 0 }, String))].every(({ heat }) => heat === undefined)).toBe(true);
});

test("what was never taken leads to a box", () => {
  const at = (sort: string, name: string) => boxAt(OUTLINE, sort, name);
  expect([at("nodes", "each/odd"), at("cases", "each/small.false"), at("edges", "each/small.false -> odd"), at("error edges", "each.error -> fan")]).toEqual(["each[]/odd", "each[]/small", "each[]/small", "each"]);
  expect(at("nodes", "on_failure/undo")).toBeNull();
});
