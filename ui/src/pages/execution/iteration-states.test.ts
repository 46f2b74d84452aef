/** The states of iterations are at every moment, also while more comes, what a plain look at each of their nodes gives. */

import { expect, test } from "vitest";
import type { Room } from "../../graph/outline";
import { Moment } from "../../trace/moment";
import { type Answer, Trace } from "../../trace/trace";
import { IterationStates, RANKS } from "./iteration-states";

const STATES = ["running", "active", "completed", "failed", "waiting"];
const ROOM = { path: "each[]", label: "[]", boxes: [{ id: "one" }, { id: "two" }], links: [] } as unknown as Room;
const NOTHING = { names: 0, nodes: 0, edges: 0, exits: 0, places: 0 };

/** The loop `each` at place 1, its iterations at 2, 5, 8 …, in each of them `one` and `two`; and so many changes at random. */
function answer(after: number, changes: readonly (readonly [place: number, state: number])[], iterations: number): Answer {
  const steps = (values: readonly number[], before = 0) => values.map((value, at) => value - (at === 0 ? before : (values[at - 1] as number)));
  const isFirst = after === 0;
  const places = isFirst ? [{ parent: 0, name: 0, node: -1 }, { parent: 0, name: 1, node: 0 }, ...Array.from({ length: iterations }, (_, at) => [{ parent: 1, name: 2, node: -1 }, { parent: 2 + 3 * at, name: 3, node: 1 }, { parent: 2 + 3 * at, name: 4, node: 2 }]).flat()] : [];
  const last: number[] = [];
  const parent = places.map(({ parent, name }) => {
    const step = parent - (last[name] ?? 0);
    last[name] = parent;
    return step;
  });
  return {
    execution_id: "x", after, version: after + changes.length, last: after + changes.length, time: 1_000, position: 1,
    types: ["NodeStarted"], commands: [], states: STATES, from: NOTHING,
    names: isFirst ? ["", "each", "[]", "one", "two"] : [], nodes: isFirst ? [{ path: "each", type: "for_each" }, { path: "each[]/one", type: "code" }, { path: "each[]/two", type: "code" }] : [], edges: [], exits: [],
    places: { parent, name: places.map(({ name }) => name), number: places.map(({ name }) => (name === 2 ? 1 : 0)), node: places.map(({ node }) => node) },
    events: { time: changes.map(() => 1), type: changes.map(() => 0), place: steps(changes.map(([place]) => place)), command: changes.map(() => -1) },
    changes: { version: changes.map(() => 1), place: steps(changes.map(([place]) => place)), state: changes.map(([, state]) => state), attempt: changes.map(() => 1), exit: changes.map(() => 0) },
  } as unknown as Answer; // prettier-ignore
}

function plain(trace: Trace, moment: Moment): number[] {
  return trace.inside(1, "[]").map((iteration) => Math.max(0, ...["one", "two"].map((name) => RANKS.indexOf((moment.of(trace.inside(iteration, name)[0] as number)?.state ?? null) as never)).map((rank, at) => (rank < 0 && moment.of(trace.inside(iteration, ["one", "two"][at] as string)[0] as number) !== null ? RANKS.indexOf("running") : Math.max(0, rank)))));
}

test.each([1, 2, 3, 4, 5])("of random histories (seed %i), forth and back, and while they grow", (seed) => {
  let chance = seed * 7_919;
  const draw = (below: number) => (chance = (chance * 48_271) % 2_147_483_647) % below;
  const trace = new Trace();
  const moment = new Moment(trace);
  const iterations = 6;
  let known: IterationStates | null = null;
  for (let turn = 0; turn < 4; turn += 1) {
    const changes = Array.from({ length: 12 }, (_, at) => (turn === 0 && at === 0 ? [1, 1] : [2 + 3 * draw(iterations) + 1 + draw(2), 1 + draw(4)]) as readonly [number, number]);
    trace.take(answer(trace.version, changes, iterations));
    known ??= new IterationStates(trace, trace.inside(1, "[]"), ROOM);
    for (const version of [trace.version, 1, ...Array.from({ length: 30 }, () => 1 + draw(trace.version)), trace.version]) {
      moment.go(version);
      expect([...known.at(moment)], `at ${version} of ${trace.version}`).toEqual(plain(trace, moment));
    }
  }
});
