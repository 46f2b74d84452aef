import { expect, test } from "vitest";
import { momentOf, wallOf } from "./wall";

const at = (wall: string, zone?: string) => {
  const ms = momentOf(wall, zone ?? "Europe/Berlin");
  return ms === null ? null : new Date(ms).toISOString();
};

test("a time of a zone is a moment, in summer and in winter", () => {
  expect(at("2026-07-01T03:00")).toBe("2026-07-01T01:00:00.000Z");
  expect(at("2026-12-01T03:00")).toBe("2026-12-01T02:00:00.000Z");
  expect(at("2026-12-01T03:00", "Asia/Kathmandu")).toBe("2026-11-30T21:15:00.000Z");
  expect(wallOf(Date.parse("2026-07-01T01:00:00Z"), "Europe/Berlin")).toBe("2026-07-01T03:00");
});

test("of the hour that comes twice the first is meant, and the one that is left out is as long after", () => {
  expect(at("2026-10-25T02:30")).toBe("2026-10-25T00:30:00.000Z");
  expect(at("2026-03-29T02:30")).toBe("2026-03-29T01:30:00.000Z");
});

test("what is no time is none", () => {
  expect(at("")).toBeNull();
  expect(at("2026-13-01T00:00")).toBeNull();
});
