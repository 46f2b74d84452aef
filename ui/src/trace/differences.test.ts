/** What two traces tell otherwise. */

import { expect, test } from "vitest";
import { differences, firstOther } from "./differences";
import { Moment } from "./moment";
import { type Answer, Trace } from "./trace";

const NOTHING_NEW = { names: 0, nodes: 0, edges: 0, exits: 0, places: 0 };

/** `check` is completed by the port that is given (0: yes, 1: no), and then `then` or `else` begins. */
function chose(port: 0 | 1, attempt = 1): Moment {
  const answer = {
    execution_id: "x", after: 0, version: 4, last: 4, time: 1_000, position: 1,
    types: ["ExecutionCreated", "NodeStarted", "NodeCompleted"], commands: ["CreateExecution"], states: ["running", "active", "completed"],
    from: NOTHING_NEW,
    names: ["", "check", port === 0 ? "then" : "else"],
    nodes: [{ path: "check", type: "condition" }, { path: port === 0 ? "then" : "else", type: "code" }],
    edges: [{ from: "check", to: "then", port: "yes", room: "" }, { from: "check", to: "else", port: "no", room: "" }],
    exits: [{ taken: [], untaken: [] }, { taken: [port], untaken: [1 - port] }],
    places: { parent: [0, 0, 0], name: [0, 1, 2], number: [0, 0, 0], node: [-1, 0, 1] },
    events: { time: [0, 1, 1, 1], type: [0, 1, 2, 1], place: [0, 1, 0, 1], command: [0, -1, -1, -1] },
    changes: { version: [1, 1, 1, 1], place: [0, 1, 0, 1], state: [0, 1, 2, 1], attempt: [0, attempt, attempt, 1], exit: [0, 0, 1, 0] },
  } as unknown as Answer; // prettier-ignore
  const trace = new Trace();
  trace.take(answer);
  const moment = new Moment(trace);
  moment.go(4);
  return moment;
}

test("what went another way is told first, and after it what comes of that", () => {
  const found = differences(chose(0), chose(1));
  expect(found.map(({ path, is, first }) => [path, is, first])).toEqual([
    ["check", "ports", 3],
    ["then", "left", 4],
    ["else", "right", 4],
  ]);
  expect([found[0]?.left?.ports, found[0]?.right?.ports]).toEqual([["yes"], ["no"]]);
  expect(firstOther(chose(0), chose(1))).toBe(4);
});

test("what is the same is told nowhere", () => {
  expect(differences(chose(0), chose(0))).toEqual([]);
  expect(firstOther(chose(0), chose(0))).toBe(null);
});

test("an attempt more and another value are told, each in its own word", () => {
  expect(differences(chose(0), chose(0, 2)).map(({ path, is }) => [path, is])).toEqual([["check", "attempts"]]);
  expect(differences(chose(1), chose(1), (path) => path === "else").map(({ path, is }) => [path, is])).toEqual([["else", "values"]]);
});

test("of two moments of one execution what came between them is other", () => {
  const before = chose(0);
  before.go(2);
  expect(firstOther(before, chose(0))).toBe(3);
  expect(differences(before, chose(0)).map(({ path, is }) => [path, is])).toEqual([
    ["check", "state"],
    ["then", "right"],
  ]);
});
