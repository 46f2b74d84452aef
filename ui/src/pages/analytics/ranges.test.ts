import { expect, test } from "vitest";
import { conjuncts } from "../../filter/cel";
import { termOf } from "../../filter/terms";
import { DAY_MS, daysOf, filled, filterOf, HOUR_MS, rangeOf, type Window } from "./ranges";

const NOW = Date.parse("2026-11-30T14:40:00Z");

test("a range is whole windows, the present one with it", () => {
  expect(rangeOf({}, NOW)).toEqual({ from: Date.parse("2026-11-29T15:00:00Z"), to: Date.parse("2026-11-30T15:00:00Z"), by: "hour" });
  expect(rangeOf({ last: "30d" }, NOW)).toEqual({ from: Date.parse("2026-11-01"), to: Date.parse("2026-12-01"), by: "day" });
  expect(rangeOf({ from: "2026-11-02", to: "2026-11-02" }, NOW)).toEqual({ from: Date.parse("2026-11-02"), to: Date.parse("2026-11-03"), by: "hour" });
  expect(rangeOf({ from: "2026-10-01" }, NOW)).toEqual({ from: Date.parse("2026-10-01"), to: Date.parse("2026-12-01"), by: "day" });
  expect(rangeOf({ from: "2026-12-09", to: "2026-11-02" }, NOW).from).toBe(Date.parse("2026-11-02"));
});

test("days are whole ones, also where a range begins within one", () => {
  expect(daysOf({ last: "7d" }, NOW)).toEqual({ from: Date.parse("2026-11-24"), to: Date.parse("2026-12-01"), by: "day" });
  expect(daysOf({ from: "2026-11-02", to: "2026-11-02" }, NOW)).toEqual({ from: Date.parse("2026-11-02"), to: Date.parse("2026-11-03"), by: "day" });
  expect(daysOf({ last: "30d" }, Date.parse("2026-11-30T00:00:00Z")).to).toBe(Date.parse("2026-12-01"));
});

test("hours in which nothing happened are there, too", () => {
  const range = { from: 0, to: 4 * HOUR_MS, by: "hour" } as const;
  const window = { at: new Date(2 * HOUR_MS).toISOString(), started: 3 } as Window;
  expect(filled(range, [window]).map(({ window: found }) => found?.started ?? 0)).toEqual([0, 0, 3, 0]);
  expect(filled({ from: 0, to: 31 * DAY_MS, by: "day" }, []).length).toBe(31);
});

test("a point leads to its executions by conditions that one can change", () => {
  const ended = filterOf({ kind: "ended", from: NOW, to: NOW + HOUR_MS, status: "failed", workflow: "order", version: 2 });
  expect(ended).toBe('workflow == "order" && version == 2 && ended_at >= timestamp("2026-11-30T14:40:00.000Z") && ended_at < timestamp("2026-11-30T15:40:00.000Z") && status == "failed"');
  expect(conjuncts(ended).every((part) => termOf(part) !== null)).toBe(true);
  expect(filterOf({ kind: "ended", from: 0, to: 1, atLeastMs: 12.7 })).toContain('duration >= duration("12ms")');
  expect(filterOf({ kind: "started", from: 0, to: 1, workflows: ['a"b', "c"] })).toContain('workflow in ["a\\"b", "c"] && ');
  expect(filterOf({ kind: "running", from: 0, to: 1 })).toContain("(ended_at == null || ended_at >= ");
});
