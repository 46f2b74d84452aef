/** Which events are listed, by decision or not; where an execution opens; its children; the reel by time. */

import { expect, test } from "vitest";
import { Moment } from "../../trace/moment";
import { type Answer, Trace } from "../../trace/trace";
import { barsByTime } from "./bars";
import { childId, childrenIn } from "./children";
import { beginsAt, endsAt, EventRows, rowAt } from "./event-rows";
import { opensAt } from "./run-path";
import { TimeScale } from "./scale";

const NONE = { place: null, isFailed: false, type: undefined, isGrouped: false };

/** `each` starts a child in each of two iterations; the second one fails, and is tried again. */
function parent(): Trace {
  const trace = new Trace();
  trace.take({
    after: 0, version: 8, last: 8, time: 0, types: ["ExecutionCreated", "ChildStarted", "ChildCompleted", "ChildFailed", "NodeStarted"],
    commands: ["CreateExecution", "CompleteChild"], states: ["running", "active", "completed"],
    names: ["", "each", "[]", "sub"], nodes: [{ path: "each", type: "for_each" }, { path: "each[]/sub", type: "sub_workflow" }],
    edges: [], exits: [{ taken: [], untaken: [] }],
    places: { parent: [0, 0, 1, 2, 0, 2], name: [0, 1, 2, 3, 2, 3], number: [0, 0, 0, 0, 1, 0], node: [-1, 0, -1, 1, -1, 1] },
    events: { time: [0, 10, 0, 0, 80, 0, 10, 0], type: [0, 4, 1, 1, 2, 3, 4, 1], place: [0, 1, 2, 2, -2, 2, 0, 0], command: [0, -1, -1, -1, 1, 1, -1, -1] },
    changes: { version: [1, 2, 1, 0, 1, 2], place: [0, 3, 0, 2, -2, 2], state: [0, 1, 1, 1, 2, 1], attempt: [0, 1, 1, 1, 1, 2], exit: [0, 0, 0, 0, 0, 0] },
  } as unknown as Answer); // prettier-ignore
  return trace;
}

test("events are listed whole, by type, those that failed, those of a run, and below their decisions", () => {
  const trace = parent();
  expect(new EventRows(trace, NONE).now).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(new EventRows(trace, { ...NONE, isFailed: true }).now).toEqual([6]);
  expect(new EventRows(trace, { ...NONE, type: "ChildStarted" }).now).toEqual([3, 4, 8]);
  expect(new EventRows(trace, { ...NONE, place: 3 }).now).toEqual([3, 5]);
  const grouped = new EventRows(trace, { ...NONE, isGrouped: true, type: "ChildStarted" }).now;
  expect(grouped).toEqual([-1, 3, 4, -6, 8]);
  expect(grouped.map((row) => rowAt(grouped, row))).toEqual([0, 1, 2, 3, 4]);
  expect(rowAt(grouped, 5)).toBe(-1);
  expect([beginsAt(trace, 8), endsAt(trace, 1), endsAt(trace, 6)]).toEqual([6, 4, 8]);
});

test("as a trace grows its rows do, and none comes twice", () => {
  const rows = new EventRows(parent(), { ...NONE, isGrouped: true });
  expect(rows.now).toEqual([-1, 1, 2, 3, 4, -5, 5, -6, 6, 7, 8]);
  expect(rows.now).toEqual([-1, 1, 2, 3, 4, -5, 5, -6, 6, 7, 8]);
});

test("children are those of the moment, in what is chosen, by the ids that the engine gives them", () => {
  const moment = new Moment(parent());
  moment.go(8);
  expect(childrenIn("x", moment, 0).map(({ id }) => id)).toEqual(["x~each(0):sub", "x~each(1):sub", "x~each(1):sub@2"]);
  expect(childrenIn("x", moment, 2).map(({ run, state }) => [run, state])).toEqual([["each[0]/sub", "completed"]]);
  moment.go(3);
  expect(childrenIn("x", moment, 1).map(({ run }) => run)).toEqual(["each[0]/sub"]);
  expect(childId("x", "each[2]/sub#1", 1)).toBe("x~each(2):sub!1");
});

test("a failed execution opens where it failed, one with an incident there, and what goes on at itself", () => {
  const error = { node: "each[1]/no" };
  expect(opensAt({ status: "failed", error, waiting_for: [] })).toBe("each[1]/no");
  expect(opensAt({ status: "failed", error: { node: "" }, waiting_for: [] })).toBeNull();
  expect(opensAt({ status: "running", error: null, waiting_for: [{ for: "signal", path: "a" }, { for: "incident", path: "b" }] })).toBe("b");
  expect(opensAt({ status: "running", error: null, waiting_for: [{ for: "signal", path: "a" }, { for: "halt", path: "c[0]/d" }] })).toBe("c[0]/d");
  expect([opensAt({ status: "completed", error: null, waiting_for: [] }), opensAt(undefined)]).toEqual([null, null]);
});

test("by time, each event is in the column of its moment, and where nothing happened is nothing", () => {
  const trace = parent();
  const bars = barsByTime(trace, 10, new TimeScale(trace.times));
  expect(bars.map(({ height }) => height > 0)).toEqual([true, true, false, false, false, false, false, false, false, true]);
  expect(bars[9]?.look).toBe("failed");
});
