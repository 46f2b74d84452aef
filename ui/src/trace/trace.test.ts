/** A trace taken in pieces is the trace, and each of its moments is what a plain fold of the changes gives. */

import { expect, test } from "vitest";
import { Follower } from "./follow";
import { Moment } from "./moment";
import { type Answer, Trace } from "./trace";

const NOTHING_NEW = { names: 0, nodes: 0, edges: 0, exits: 0, places: 0 };

/** `each` runs `charge` in three iterations, the second one twice, and ends. */
function whole(): Answer {
  return {
    execution_id: "x", after: 0, version: 8, last: 8, time: 1_000, position: 1,
    types: ["ExecutionCreated", "NodeStarted", "NodeCompleted"], commands: ["CreateExecution"], states: ["running", "active", "completed"],
    from: NOTHING_NEW,
    names: ["", "each", "[]", "charge"],
    nodes: [{ path: "each", type: "for_each" }, { path: "each[]/charge", type: "code" }],
    edges: [], exits: [{ taken: [], untaken: [] }],
    places: { parent: [0, 0, 1, 2, 0, 2, 0], name: [0, 1, 2, 3, 2, 3, 3], number: [0, 0, 0, 0, 1, 0, 1], node: [-1, 0, -1, 1, -1, 1, 1] },
    events: { time: [0, 5, 0, 10, 0, 0, 7, 1], type: [0, 1, 1, 2, 1, 2, 1, 2], place: [0, 1, 2, 0, 2, 0, 1, -5], command: [0, -1, -1, -1, -1, -1, -1, -1] },
    changes: { version: [1, 1, 1, 1, 1, 1, 1, 1], place: [0, 1, 2, 0, 2, 0, 1, -5], state: [0, 1, 1, 2, 1, 2, 1, 2], attempt: [0, 1, 1, 1, 1, 1, 1, 1], exit: [0, 0, 0, 0, 0, 0, 0, 0] },
  } as Answer; // prettier-ignore
}

function taken(...answers: Answer[]): Trace {
  const trace = new Trace();
  for (const answer of answers) trace.take(answer);
  return trace;
}

test("the path of a place is put together from those around it", () => {
  const trace = taken(whole());
  expect(Array.from({ length: trace.places }, (_, place) => trace.path(place))).toEqual(["", "each", "each[0]", "each[0]/charge", "each[1]", "each[1]/charge", "each[1]/charge#1"]);
  expect(trace.placeAt("each[1]/charge#1")).toBe(6);
  expect(trace.placeAt("each[7]")).toBeUndefined();
});

test("an event says when it was, what and where", () => {
  const trace = taken(whole());
  expect(trace.event(1)).toEqual({ version: 1, time: 1_000, type: "ExecutionCreated", place: 0, command: "CreateExecution" });
  expect(trace.event(7)).toEqual({ version: 7, time: 1_022, type: "NodeStarted", place: 6, command: null });
  expect([999, 1_000, 1_004, 1_005, 1_021, 9_999].map((time) => trace.versionAt(time))).toEqual([0, 1, 1, 3, 6, 8]);
});

test("each moment is what has changed until then, from wherever one comes", () => {
  const trace = taken(whole());
  const moment = new Moment(trace);
  const told: number[] = [];
  for (const version of [8, 3, 0, 5, 5, 1, 7, 4, 99, 2]) {
    moment.go(version, (place) => told.push(place));
    const expected = new Map<number, number>();
    for (let at = 0; at < trace.changeVersions.length; at += 1) if (trace.changeVersions.at(at) <= version) expected.set(trace.changePlaces.at(at), at);
    for (let place = 0; place < trace.places; place += 1) {
      const change = expected.get(place);
      expect(moment.of(place)?.since ?? null).toBe(change === undefined ? null : trace.changeVersions.at(change));
      expect(moment.of(place)?.state ?? null).toBe(change === undefined ? null : trace.states[trace.changeStates.at(change)]);
    }
  }
  expect(moment.version).toBe(2);
  expect(told.length).toBeGreaterThan(0);
});

test("what does not go on where the trace ends is refused", () => {
  const trace = taken(whole());
  expect(() => trace.take(whole())).toThrow("a trace up to 8 cannot go on after 0");
  expect(trace.places).toBe(7);
});

test("however often it is told of more, one request is under way, and the next one waits its time", async () => {
  const asked: number[] = [];
  let answer: (value: Answer) => void = () => {};
  let rested: () => void = () => {};
  const came: number[] = [];
  const follower = new Follower(
    (since) => {
      asked.push(since);
      return new Promise((resolve) => (answer = resolve));
    },
    { came: ({ version }) => came.push(version), failed: (error) => came.push(Number.NaN, error.message.length) },
    (then) => (rested = then),
  );
  for (let turn = 0; turn < 100; turn += 1) follower.refresh();
  expect(asked).toEqual([0]);
  answer(whole());
  await Promise.resolve();
  await Promise.resolve();
  expect(came).toEqual([8]);
  for (let turn = 0; turn < 100; turn += 1) follower.refresh();
  expect(asked).toEqual([0]);
  rested();
  expect(asked).toEqual([0, 8]);
  follower.stop();
});

test("it rests as long as it took to ask and to show, within bounds", async () => {
  for (const [took, rest] of [[1, 30], [40, 40], [900, 100]] as const) {
    const waits: number[] = [];
    let now = 0;
    const ask = async () => {
      now += took;
      return whole();
    };
    const follower = new Follower(ask, { came: () => {}, failed: () => {} }, (_, ms) => waits.push(ms), () => now);
    follower.refresh();
    await Promise.resolve();
    await Promise.resolve();
    expect(waits).toEqual([rest]);
    follower.stop();
  }
});

test("the events of a place are found without looking at those of others", () => {
  const trace = taken(whole());
  for (let place = 0; place < trace.places; place += 1) {
    const plain = Array.from({ length: trace.version }, (_, at) => at + 1).filter((version) => trace.event(version).place === place);
    expect(trace.eventsAt(place)).toEqual(plain);
  }
  expect(trace.eventsAt(99)).toEqual([]);
});
