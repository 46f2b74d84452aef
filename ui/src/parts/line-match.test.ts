import { expect, test } from "vitest";
import { CHANGED_MAX, pairsOf } from "./line-match";

test("random texts: pairs are equal lines, in order, and as many as there can be", () => {
  let seed = 11;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 400; round += 1) {
    const old = Array.from({ length: random(14) }, () => "abcd"[random(4)] as string);
    const now = Array.from({ length: random(14) }, () => "abcd"[random(4)] as string);
    const pairs = pairsOf(old, now);
    expect(pairs.every(([i, j]) => old[i] === now[j])).toBe(true);
    expect(pairs.every(([i, j], at) => at === 0 || (i > (pairs[at - 1]?.[0] ?? -1) && j > (pairs[at - 1]?.[1] ?? -1)))).toBe(true);
    expect(pairs.length).toBe(longest(old, now));
  }
});

test("two changes far apart leave all between them in common, in a text of any length", () => {
  const old = Array.from({ length: 15_000 }, (_, at) => `line ${at}`);
  expect(pairsOf(old, old.with(3, "other").with(14_990, "too"))).toHaveLength(14_998);
});

test("where more came and went than is looked at, the beginning and the end are in common", () => {
  const many = (of: string) => Array.from({ length: CHANGED_MAX }, (_, at) => `${of} ${at}`);
  expect(pairsOf(["a", ...many("x"), "z"], ["a", ...many("y"), "z"])).toEqual([
    [0, 0],
    [CHANGED_MAX + 1, CHANGED_MAX + 1],
  ]);
});

function longest(old: readonly string[], now: readonly string[]): number {
  const rows = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = 1; i <= old.length; i += 1)
    for (let j = 1; j <= now.length; j += 1) (rows[i] as number[])[j] = old[i - 1] === now[j - 1] ? (rows[i - 1]?.[j - 1] ?? 0) + 1 : Math.max(rows[i - 1]?.[j] ?? 0, rows[i]?.[j - 1] ?? 0);
  return rows[old.length]?.[now.length] ?? 0;
}
