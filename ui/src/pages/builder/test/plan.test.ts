import { expect, test } from "vitest";
import { write } from "../../../api/exact";
import { askedOf, byPlace, FIRST, PIN, pinPath, planIn, withPin, withStop } from "./plan";

test("numbers go out as they were typed", () => {
  const plan = withPin({ ...FIRST, input: '{"limit": 10000.0, "id": 9007199254740993}' }, "score", { ...PIN, output: '{"points": 3.0}' });
  const asked = askedOf(plan);
  expect(write(asked.input)).toBe('{"limit":10000.0,"id":9007199254740993}');
  expect(write(asked.pins)).toBe('{"score":{"output":{"points":3.0}}}');
});

test("a pin says what goes with it and nothing else", () => {
  const pin = { ...PIN, output: "1", port: "true", type: "timeout", message: "", execution: "e-1" };
  const of = (as: "output" | "error" | "from") => write(askedOf(withPin(FIRST, "a", { ...pin, as })).pins);
  expect(of("output")).toBe('{"a":{"output":1,"port":"true"}}');
  expect(of("error")).toBe('{"a":{"error":{"type":"timeout"}}}');
  expect(of("from")).toBe('{"a":{"from":{"execution":"e-1"}}}');
  expect(write(askedOf(withPin(FIRST, "a", { ...PIN, output: " ", port: "true" })).pins)).toBe('{"a":{"port":"true"}}');
  expect(write(askedOf({ ...FIRST, all: "e-2" }).pins)).toBe('{"*":{"from":{"execution":"e-2"}}}');
});

test("what is no JSON is told where it stands", () => {
  const { wrong } = askedOf(withPin({ ...FIRST, input: "{" }, "a", { ...PIN, output: "{a" }));
  expect(Object.keys(wrong).sort()).toEqual(["/input", "a"]);
});

test("paths of boxes and of runs are those of pins", () => {
  expect(pinPath("each[]/charge")).toBe("each/charge");
  expect(pinPath("each[3]/charge#1")).toBe("each/charge");
  expect(pinPath("guard.catch[0]/tell")).toBe("guard.catch[0]/tell");
});

test("what is refused stands at its pin, its stop, the input, or above all", () => {
  const found = byPlace(
    ["/pins/each~1charge/port", "/pins/*/from/execution", "/stop_before/1", "/input/amount", "/nodes/0/config"].map((path) => ({ path, rule: "x", message: path })),
    ["a", "b"],
  );
  expect([...found.keys()]).toEqual(["each/charge", "*", "b", "/input", ""]);
});

test("what was kept is there again, and what cannot be read counts as not kept", () => {
  const plan = withStop(withPin(FIRST, "a", PIN), "b", true);
  expect(planIn(JSON.stringify(plan))).toEqual(plan);
  expect(planIn("{")).toEqual(FIRST);
  expect(planIn(null)).toEqual(FIRST);
  expect(withStop(withPin(plan, "a", null), "b", false)).toEqual(FIRST);
});
