/** Boxes in layers: apart, from left to right, the same each time, whatever the edges; and thousands of them. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { layered, type Lead, type Size } from "./layered";

const APART = { nodes: 28, layers: 56 } as const;
const NODE: Size = { width: 208, height: 56 };

function same(count: number): Size[] {
  return Array.from({ length: count }, () => NODE);
}

const SIZE = fc.record({ width: fc.integer({ min: 10, max: 2_000 }), height: fc.integer({ min: 10, max: 2_000 }) });
const GRAPH = fc.array(SIZE, { minLength: 1, maxLength: 40 }).chain((sizes) => {
  const box = fc.nat(sizes.length - 1);
  return fc.record({ sizes: fc.constant(sizes), leads: fc.array(fc.tuple(box, box), { maxLength: 80 }) });
});

test("no two boxes touch, whatever leads where: also to itself, twice, and round in circles", () => {
  fc.assert(
    fc.property(GRAPH, ({ sizes, leads }) => {
      const { x, y } = layered(sizes, leads, APART);
      for (let one = 0; one < sizes.length; one += 1) {
        for (let other = 0; other < one; other += 1) {
          const across = Math.abs(x[one]! - x[other]!) - (sizes[one]!.width + sizes[other]!.width) / 2;
          const down = Math.abs(y[one]! - y[other]!) - (sizes[one]!.height + sizes[other]!.height) / 2;
          expect(across >= APART.layers - 1e-6 || down >= APART.nodes - 1e-6).toBe(true);
        }
      }
    }),
  );
});

test("where edges make no circle, each leads to the right", () => {
  fc.assert(
    fc.property(GRAPH, ({ sizes, leads }) => {
      const forward = leads.filter(([from, to]) => from < to);
      const { x } = layered(sizes, forward, APART);
      for (const [from, to] of forward) expect(x[from]!).toBeLessThan(x[to]!);
    }),
  );
});

test("the same boxes and edges stand the same way each time", () => {
  fc.assert(
    fc.property(GRAPH, ({ sizes, leads }) => {
      expect(layered(sizes, leads, APART)).toEqual(layered(sizes, leads, APART));
    }),
  );
});

test("a sequence is a straight line, and of a fork both ways are as far from it", () => {
  const { y } = layered(same(7), [[0, 1], [1, 2], [1, 3], [2, 4], [3, 4], [4, 5], [5, 6]], APART); // prettier-ignore
  expect(new Set([0, 1, 4, 5, 6].map((at) => Math.round(y[at]!))).size).toBe(1);
  expect(Math.round(y[1]! - y[2]!)).toBe(Math.round(y[3]! - y[1]!));
});

test("two pairs whose edges would cross change places", () => {
  const { y } = layered(same(6), [[0, 1], [0, 2], [1, 5], [2, 4], [1, 4], [1, 3]], APART); // prettier-ignore
  const order = (one: number, other: number) => Math.sign(y[one]! - y[other]!);
  expect(order(5, 4)).toBe(order(1, 2)); // 5 hangs on 1 alone, 4 on both
});

test("an edge that passes others leaves them room beside it", () => {
  const { y } = layered(same(4), [[0, 1], [1, 2], [2, 3], [0, 3]], APART); // prettier-ignore
  expect(Math.abs(y[1]! - (y[0]! + y[3]!) / 2)).toBeGreaterThan(5);
});

test("what leads only to something late stands right before that", () => {
  const { x } = layered(same(5), [[0, 1], [1, 2], [2, 3], [4, 3]], APART); // prettier-ignore
  expect(x[4]).toBe(x[2]);
});

const MANY = 5_000;
const random = (seed: number) => () => (seed = (seed * 1_103 + 12_345) % 65_536) / 65_536;
const SHAPES: Record<string, () => Lead[]> = {
  "a tree": () => Array.from({ length: MANY - 1 }, (_, at): Lead => [Math.floor(at / 3), at + 1]),
  "a sequence, each of which may also go to the end": () => Array.from({ length: MANY - 1 }, (_, at): Lead[] => [[at, at + 1], [at, MANY - 1]]).flat(),
  "a circle": () => Array.from({ length: MANY }, (_, at): Lead => [at, (at + 1) % MANY]),
  "anything": () => {
    const next = random(7);
    return Array.from({ length: 2 * MANY }, (_, at): Lead => [Math.floor(next() * (at / 2)), Math.floor(at / 2)]);
  },
  "nothing": () => [],
}; // prettier-ignore

test.each(Object.keys(SHAPES))("as many boxes as a definition may have are laid out by %s", (shape) => {
  const { x, y } = layered(same(MANY), SHAPES[shape]!(), APART);
  expect(x.every(Number.isFinite) && y.every(Number.isFinite) && x.length === MANY && y.length === MANY).toBe(true);
});
