import { expect, test } from "vitest";
import { coalesce, type Frames } from "./coalesce";

function world(isHidden: boolean): Frames & { frames: (() => void)[]; timers: (() => void)[] } {
  const frames: (() => void)[] = [];
  const timers: (() => void)[] = [];
  return { frames, timers, isHidden: () => isHidden, frame: (then) => frames.push(then), timer: (then) => timers.push(then) };
}

test("a thousand things before a frame are one", () => {
  const flushed: number[][] = [];
  const made = world(false);
  const add = coalesce<number>((items) => flushed.push([...items]), made);
  for (let at = 0; at < 1_000; at += 1) add(at);
  expect(made.frames).toHaveLength(1);
  made.frames[0]?.();
  expect(flushed.map((items) => items.length)).toEqual([1_000]);
  made.timers[0]?.();
  expect(flushed).toHaveLength(1);
});

test("a hidden page has no frames: a timer hands them on, and nothing piles up", () => {
  const flushed: number[][] = [];
  const made = world(true);
  const add = coalesce<number>((items) => flushed.push([...items]), made);
  add(1);
  expect(made.frames).toHaveLength(0);
  made.timers[0]?.();
  expect(flushed).toEqual([[1]]);
});

test("a page that is hidden before its next frame is not left waiting for it", () => {
  const flushed: number[][] = [];
  const made = world(false);
  const add = coalesce<number>((items) => flushed.push([...items]), made);
  add(1);
  made.timers[0]?.();
  expect(flushed).toEqual([[1]]);
});
