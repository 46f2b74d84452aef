/** The pure parts of the page: idle time, bars, rows, paths. */

import { expect, test } from "vitest";
import { type Answer, Trace } from "../../trace/trace";
import { barOf, barsOf, nextOf } from "./bars";
import { chosenIn, chosenOut } from "./moment";
import { Rows, stretchesOf } from "./rows";
import { chosenBy, definitionPath } from "./run-path";
import { Idle, TimeScale } from "./scale";
import { stepsAt } from "./steps-at";

const DAY = 86_400_000;

test("a wait of a day takes little room, and every moment is where it is found again", () => {
  const scale = new TimeScale([0, 100, 250, 300, DAY, DAY + 50]);
  expect(scale.gaps).toEqual([{ from: 300, to: DAY }]);
  expect(scale.at(DAY) - scale.at(300)).toBeLessThan(0.1);
  for (const time of [0, 1, 100, 299, 300, DAY / 2, DAY, DAY + 20, DAY + 50]) expect(scale.timeAt(scale.at(time))).toBeCloseTo(time, 0);
  expect([scale.at(-5), scale.at(2 * DAY)]).toEqual([0, 1]);
});

test("without idle time the line is the time, and nothing at all is a line too", () => {
  const scale = new TimeScale([1_000, 1_500, 2_000]);
  expect(scale.gaps).toEqual([]);
  expect(scale.at(1_500)).toBe(0.5);
  expect(scale.marks(5).map(({ ms }) => ms)).toEqual([0, 200, 400, 600, 800, 1_000]);
  for (const times of [[], [7], [7, 7, 7]]) expect(new TimeScale(times).at(times[0] ?? 0)).toBe(0);
});

test("idle time is the same however its moments came", () => {
  const all = Array.from({ length: 200 }, (_, at) => at * 10 + (at > 50 ? DAY : 0) + (at > 120 ? 3 * DAY : 0) + (at % 7) * 900);
  const times: number[] = [];
  const idle = new Idle(times);
  for (const time of all) {
    times.push(time);
    expect(idle.gaps).toEqual(new Idle([...times]).gaps);
  }
  expect(idle.gaps).toHaveLength(2);
});

/** `a` fails once, is tried again and completes; `b` behind it is skipped. */
function failing(): Trace {
  const trace = new Trace();
  trace.take({
    after: 0, version: 7, last: 7, time: 0, types: ["ExecutionCreated", "NodeScheduled", "AttemptFailed", "NodeCompleted", "NodeSkipped", "ExecutionCompleted"],
    commands: ["CreateExecution", "FailActivity", "FireTimer"], states: ["running", "active", "retrying", "completed", "skipped"],
    names: ["", "a", "b"], nodes: [{ path: "a", type: "code" }, { path: "b", type: "code" }],
    edges: [{ body: "", from: "a", port: "out", to: "b", when: "data > 1", back: false }], exits: [{ taken: [], untaken: [] }, { taken: [], untaken: [0] }],
    places: { parent: [0, 0, 0], name: [0, 1, 2], number: [0, 0, 0], node: [-1, 0, 1] },
    events: { time: [0, 0, 50, 100, 10, 0, 0], type: [0, 1, 2, 1, 3, 4, 5], place: [0, 1, 0, 0, 0, 1, -2], command: [0, -1, 1, 2, 1, -1, -1] },
    changes: { version: [1, 1, 1, 1, 1, 1, 1], place: [0, 1, 0, 0, 0, 1, -2], state: [0, 1, 2, 1, 3, 4, 3], attempt: [0, 1, 1, 2, 2, 0, 0], exit: [0, 0, 0, 0, 1, 0, 0] },
  } as unknown as Answer); // prettier-ignore
  return trace;
}

test("the steps of a run are those that were recorded by the moment that is looked at", () => {
  const trace = new Trace();
  const zeros = [0, 0, 0, 0, 0, 0];
  trace.take({
    after: 0, version: 6, last: 6, time: 0, types: ["ExecutionCreated", "NodeScheduled", "StepRecorded"], commands: ["CreateExecution"], states: ["running"],
    names: ["", "a", "b"], nodes: [{ path: "a", type: "code" }, { path: "b", type: "code" }], edges: [], exits: [{ taken: [], untaken: [] }],
    places: { parent: [0, 0, 0], name: [0, 1, 2], number: [0, 0, 0], node: [-1, 0, 1] },
    events: { time: zeros, type: [0, 1, 2, 2, 1, 2], place: [0, 1, 0, 1, -1, 1], command: zeros },
    changes: { version: [1], place: [0], state: [0], attempt: [0], exit: [0] },
  } as unknown as Answer); // prettier-ignore
  const places = [1, 2].map((place) => stepsAt(trace, place, 6));
  expect(places).toEqual([[3], [4, 6]]);
  expect(stepsAt(trace, 2, 5)).toEqual([4]);
});

test("bars say the worst of what they stand for", () => {
  expect(["NodeFailed", "IncidentRaised", "NodeCompleted", "TimerFired", "TimerStarted", "VariableSet"].map((type) => barOf(type).look)).toEqual([
    "failed",
    "incident",
    "completed",
    "waiting",
    "waiting",
    null,
  ]);
  expect(barsOf(failing(), 100)).toHaveLength(7);
  expect(barsOf(failing(), 1)[0]?.look).toBe("failed");
});

test("one goes from failure to failure and from decision to decision", () => {
  const trace = failing();
  expect(nextOf(trace, 1, 1, "failure")).toBe(3);
  expect(nextOf(trace, 7, -1, "failure")).toBe(3);
  expect(nextOf(trace, 3, 1, "failure")).toBeUndefined();
  expect([1, 2, 3, 4].map((from) => nextOf(trace, from, 1, "decision"))).toEqual([2, 3, 4, 7]);
});

test("a row says from when to when it was what; what was skipped has none", () => {
  const trace = failing();
  expect(new Rows(trace).now.map(({ path }) => path)).toEqual(["a"]);
  expect(stretchesOf(trace, 1)).toEqual([
    { status: "running", from: 0, to: 50 },
    { status: "retrying", from: 50, to: 150 },
    { status: "completed", from: 150, to: 160 },
  ]);
});

test("paths of runs lead to the node of the definition", () => {
  expect(["charge", "each[3]/charge#1", "a[0]/b[12]/c", "guard.catch[0]/n", "fan.left/n#2"].map(definitionPath)).toEqual(["charge", "each[]/charge", "a[]/b[]/c", "guard.catch[0]/n", "fan.left/n"]);
});

test("iterations stand in the address, and what is no number counts as not said", () => {
  const chosen = chosenIn(["each:3", "each[3]/inner:0", "each:x", ":4", "odd"]);
  expect([...chosen]).toEqual([["each", 3], ["each[3]/inner", 0]]);
  expect(chosenOut(chosen)).toEqual(["each:3", "each[3]/inner:0"]);
});

test("who links to a run leads to its node, in the iterations that it is in", () => {
  expect(chosenBy("each[3]/inner[0]/x#1", undefined)).toEqual({ node: "each[]/inner[]/x", iteration: ["each:3", "each[3]/inner:0"] });
  expect(chosenBy("each[]/x", ["each:2"])).toEqual({ node: "each[]/x", iteration: ["each:2"] });
  expect(chosenBy(undefined, undefined)).toEqual({ node: undefined, iteration: undefined });
});
