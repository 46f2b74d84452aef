import { expect, test } from "vitest";
import { LONGEST_PX, Scaled } from "./scaled";

const VIEW = 800;
const SIZE = 28;

test.each([0, 1, 100, 100_000, 1_000_000, 2_000_000, 100_000_000])("of %i rows the first and the last can be seen", (count) => {
  const scaled = new Scaled(count, SIZE, VIEW);
  expect(scaled.height).toBeLessThanOrEqual(LONGEST_PX);
  const end = Math.max(0, scaled.height - VIEW);
  expect(scaled.inView(0, 0).first).toBe(0);
  expect(scaled.inView(end, 0).last).toBe(count - 1);
});

test("in the middle of two million rows they stand where the view is", () => {
  const scaled = new Scaled(2_000_000, SIZE, VIEW);
  for (const top of [0, 1_234, 5_000_000.5, scaled.height - VIEW]) {
    const { first, last, top: at } = scaled.inView(top, 0);
    expect(at).toBeLessThanOrEqual(top);
    expect(at + (last - first + 1) * SIZE).toBeGreaterThanOrEqual(top + VIEW - 0.01);
  }
});

test.each([1_000, 2_000_000])("of %i rows each can be brought into view by its number", (count) => {
  const scaled = new Scaled(count, SIZE, VIEW);
  for (const wanted of [0, 1, 500, count - 2, count - 1]) {
    const top = scaled.toShow(wanted, scaled.toShow(Math.floor(count / 2), 0));
    const { first, last } = scaled.inView(top, 1);
    expect(first).toBeLessThanOrEqual(wanted);
    expect(last).toBeGreaterThanOrEqual(wanted);
  }
});

test("a row that is in view stays where it is", () => {
  const scaled = new Scaled(1_000, SIZE, VIEW);
  expect(scaled.toShow(5, 30)).toBe(30);
});
