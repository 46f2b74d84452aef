/** The outline of a graph, and where its keys lead; and how near it is looked at. */

import { expect, test } from "vitest";
import { outlineOf } from "./outline";
import { leadsOf, treeRows, treeStep } from "./tree-rows";
import { zoomed } from "./zoom";

const OUTLINE = outlineOf({
  nodes: [
    { id: "charge", type: "code" },
    { id: "each", type: "for_each", config: { body: { nodes: [{ id: "ship", type: "code" }] } } },
    { id: "fan", type: "parallel", config: { branches: { left: { nodes: [{ id: "a", type: "code" }] }, right: { nodes: [] } } } },
  ],
  edges: [{ from: "charge", to: "each" }, { from: "each.failed", to: "fan", when: "data > 1" }],
}); // prettier-ignore

test("the tree has each box, and the bodies that have names, with how deep and which of how many", () => {
  const said = (closed: string[]) => treeRows(OUTLINE, new Set(closed)).map(({ key, level, at, of, isOpen }) => [key, level, `${at}/${of}`, isOpen]);
  expect(said([])).toEqual([
    ["charge", 1, "1/3", null],
    ["each", 1, "2/3", true],
    ["each[]/ship", 2, "1/1", null],
    ["fan", 1, "3/3", true],
    ["fan.left", 2, "1/2", true],
    ["fan.left/a", 3, "1/1", null],
    ["fan.right", 2, "2/2", null],
  ]);
  expect(said(["each", "fan"]).map(([key, , , isOpen]) => [key, isOpen])).toEqual([["charge", null], ["each", false], ["fan", false]]);
  expect(leadsOf(OUTLINE).get("each")?.map(({ to, port, when }) => [to, port, when])).toEqual([["fan", "failed", "data > 1"]]);
});

test("arrows go along the rows, into what is open and out of it, and open and close it; letters jump", () => {
  const rows = treeRows(OUTLINE, new Set(["fan"]));
  const at = (key: string) => rows.findIndex((row) => row.key === key);
  expect(treeStep(rows, -1, "ArrowDown")).toEqual({ to: 0 });
  expect(treeStep(rows, at("each"), "ArrowRight")).toEqual({ to: at("each[]/ship") });
  expect(treeStep(rows, at("each[]/ship"), "ArrowLeft")).toEqual({ to: at("each") });
  expect(treeStep(rows, at("each"), "ArrowLeft")).toEqual({ fold: "each" });
  expect(treeStep(rows, at("fan"), "ArrowRight")).toEqual({ fold: "fan" });
  expect(treeStep(rows, at("charge"), "f")).toEqual({ to: at("fan") });
  expect(treeStep(rows, at("fan"), "C")).toEqual({ to: at("charge") });
  expect([treeStep(rows, at("charge"), "ArrowUp"), treeStep(rows, at("fan"), "ArrowDown"), treeStep([], -1, "End")]).toEqual([undefined, undefined, undefined]);
});

test("what is in the middle stays there when one zooms, and all of it fits when that is asked", () => {
  const size = { width: 800, height: 400 };
  const of = { width: 4_000, height: 500 };
  const near = zoomed({ x: 0, y: 0, zoom: 1 }, "in", size, of);
  expect([(400 - near.x) / near.zoom, (200 - near.y) / near.zoom]).toEqual([400, 200]);
  expect(zoomed(near, "out", size, of)).toEqual({ x: 0, y: 0, zoom: 1 });
  expect(zoomed({ x: 5, y: 5, zoom: 1.6 }, "in", size, of).zoom).toBe(1.6);
  expect(zoomed(near, "as it is", size, of).zoom).toBe(1);
  const all = zoomed(near, "all", size, of);
  expect(all.x + of.width * all.zoom).toBeLessThanOrEqual(800);
  expect(all.x).toBeGreaterThanOrEqual(0);
});
