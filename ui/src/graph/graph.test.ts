/** The tree of a definition, where its boxes stand, and how they look at a moment. */

import { expect, test } from "vitest";
import { Moment } from "../trace/moment";
import { type Answer, Trace } from "../trace/trace";
import { layOut } from "./layout";
import { Looking, looksAt } from "./looks";
import { boxesIn, linksIn, outlineOf } from "./outline";
import { nearOf, regionKey, regionOf } from "./region";
import { hasEnded } from "./status";

const DEFINITION = {
  name: "orders",
  nodes: [
    { id: "charge", type: "code", name: "Charge the card" },
    {
      id: "each",
      type: "for_each",
      config: { items: "input.items", body: { nodes: [{ id: "guard", type: "try", config: { body: { nodes: [{ id: "ship", type: "code" }] }, catch: [{ errors: ["*"], body: { nodes: [{ id: "tell", type: "code" }] } }], finally: { nodes: [{ id: "note", type: "code" }] } } }] } },
    },
    { id: "fan", type: "parallel", config: { branches: { left: { nodes: [{ id: "a", type: "code" }, { id: "b", type: "code" }], edges: [{ from: "a.true", to: "b", when: "data > 1" }] }, right: { nodes: [] } } } },
    { id: "again", type: "condition" },
  ],
  edges: [{ from: "charge", to: "each" }, { from: "each", to: "fan" }, { from: "fan", to: "again" }, { from: "again.false", to: "charge", back: true }, { from: "gone", to: "fan" }],
}; // prettier-ignore

test("each body is a room of its own, and its paths are those of the engine", () => {
  expect([...boxesIn(outlineOf(DEFINITION))].map(({ path }) => path)).toEqual([
    "charge", "each", "each[]/guard", "each[]/guard.body/ship", "each[]/guard.catch[0]/tell", "each[]/guard.finally/note", "fan", "fan.left/a", "fan.left/b", "again",
  ]); // prettier-ignore
  expect([...linksIn(outlineOf(DEFINITION))].map(({ from, port, to, isBack, when }) => [from, port, to, isBack, when])).toEqual([
    ["charge", "out", "each", false, null],
    ["each", "out", "fan", false, null],
    ["fan", "out", "again", false, null],
    ["again", "false", "charge", true, null],
    ["fan.left/a", "true", "fan.left/b", false, "data > 1"],
  ]);
});

test("what is no definition has no boxes", () => {
  for (const odd of [null, 7, "x", [], { nodes: null }, { nodes: { a: 1 } }, { nodes: [null, [], { id: 7 }, {}] }]) expect([...boxesIn(outlineOf(odd))]).toEqual([]);
});

test("boxes stand inside of what holds them, beside each other, always in the same way", () => {
  const outline = outlineOf(DEFINITION);
  const { boxes, rooms, width, height } = layOut(outline);
  expect([...boxes.keys()].sort()).toEqual([...boxesIn(outline)].map(({ path }) => path).sort());
  for (const box of boxesIn(outline)) {
    const around = boxes.get(box.path)!;
    for (const room of box.rooms) {
      expect(isInside(rooms.get(room.path)!, around)).toBe(true);
      for (const inner of room.boxes) expect(isInside(boxes.get(inner.path)!, rooms.get(room.path)!)).toBe(true);
    }
    expect(isInside(around, { x: 0, y: 0, width, height })).toBe(true);
  }
  const outer = outline.boxes.map(({ path }) => boxes.get(path)!);
  for (const one of outer) for (const other of outer) if (one !== other) expect(isApart(one, other)).toBe(true);
  expect(layOut(outlineOf(DEFINITION))).toEqual(layOut(outline));
  expect(layOut(outline, new Set(["each", "fan"])).boxes.size).toBe(4);
});

test("what has no position stands by its edges beside what has one", () => {
  const nodes = [{ id: "a", type: "code" }, { id: "b", type: "code", position: { x: 300, y: -200 } }];
  const { boxes, origins } = layOut(outlineOf({ nodes, edges: [{ from: "a", to: "b" }] }));
  expect([boxes.get("a"), boxes.get("b")]).toEqual([{ x: 0, y: 200, width: 208, height: 56 }, { x: 300, y: 0, width: 208, height: 56 }]);
  expect(origins.get("")).toEqual({ x: 0, y: 200 });
});

test("where all of a body have a position, the first stands at the corner", () => {
  const put = (y: number) => ({ x: -100, y });
  const { boxes } = layOut(outlineOf({ nodes: [{ id: "a", type: "code", position: put(40) }, { id: "b", type: "code", position: put(300) }], edges: [{ from: "a", to: "b" }] }));
  expect([boxes.get("a"), boxes.get("b")]).toEqual([{ x: 0, y: 0, width: 208, height: 56 }, { x: 0, y: 260, width: 208, height: 56 }]);
});

test("of a loop the iteration that is chosen is shown, else the last that has begun", () => {
  const trace = new Trace();
  trace.take({
    after: 0, version: 6, last: 6, time: 0, types: ["NodeStarted", "NodeCompleted"], commands: [], states: ["active", "completed", "failed"],
    names: ["", "each", "[]", "ship"], nodes: [{ path: "each", type: "for_each" }, { path: "each[]/ship", type: "code" }],
    edges: [], exits: [{ taken: [], untaken: [] }],
    places: { parent: [0, 0, 1, 2, 0, 2], name: [0, 1, 2, 3, 2, 3], number: [0, 0, 0, 0, 1, 0], node: [-1, 0, -1, 1, -1, 1] },
    events: { time: [0, 0, 0, 0, 0, 0], type: [0, 0, 0, 1, 0, 1], place: [0, 1, 2, 0, 2, 0], command: [-1, -1, -1, -1, -1, -1] },
    changes: { version: [2, 1, 1, 1, 1], place: [1, 2, 0, 2, 0], state: [0, 0, 2, 0, 1], attempt: [1, 1, 1, 1, 1], exit: [0, 0, 0, 0, 0] },
  } as unknown as Answer); // prettier-ignore
  const outline = outlineOf({ nodes: [{ id: "each", type: "for_each", config: { body: { nodes: [{ id: "ship", type: "code" }] } } }] });
  const moment = new Moment(trace);
  const ship = (version: number, chosen = new Map<string, number>()) => {
    moment.go(version);
    const found = looksAt(outline, moment, chosen).boxes.get("each[]/ship");
    return found && [found.run, found.state];
  };
  expect(ship(6)).toEqual(["each[1]/ship", "completed"]);
  expect(ship(4)).toEqual(["each[0]/ship", "failed"]);
  expect(ship(6, new Map([["each", 0]]))).toEqual(["each[0]/ship", "failed"]);
  expect(ship(6, new Map([["each", 9]]))).toBeUndefined();
  expect(ship(2)).toBeUndefined();
});

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function isInside(one: Rect, around: Rect): boolean {
  return one.x >= around.x && one.y >= around.y && one.x + one.width <= around.x + around.width && one.y + one.height <= around.y + around.height;
}

function isApart(one: Rect, other: Rect): boolean {
  return one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y;
}

test("whatever an execution or a run can end as has ended", () => {
  expect(["completed", "failed", "cancelled", "terminated", "skipped", "renamed"].filter(hasEnded)).toHaveLength(6);
  expect(["running", "waiting", "paused", "incident", "quarantined"].filter(hasEnded)).toEqual([]);
});

test("from moment to moment the looks are those that one would see at once", () => {
  const trace = new Trace();
  const iterations = 5;
  const places = { parent: [0, 0], name: [0, 1], number: [0, 0], node: [-1, 0] };
  const rows: { version: number; place: number; state: number }[] = [{ version: 1, place: 1, state: 0 }];
  const names = ["", "each", "[]", "guard", "body", "ship"];
  const last = new Map<number, { parent: number; number: number }>();
  const put = (parent: number, name: number, number: number, node: number) => {
    const before = last.get(name) ?? { parent: 0, number: 0 };
    last.set(name, { parent, number });
    places.parent.push(parent - before.parent);
    places.name.push(name);
    places.number.push(number - before.number);
    places.node.push(node);
    return places.name.length - 1;
  };
  const events: { place: number }[] = [{ place: 0 }, { place: 1 }];
  for (let at = 0; at < iterations; at += 1) {
    const iteration = put(1, 2, at, -1);
    events.push({ place: iteration }); // it begins, and nothing in it has a state
    const guard = put(iteration, 3, 0, 1);
    const body = put(guard, 4, 0, -1);
    for (const [place, states] of [[guard, [0]], [put(body, 5, 0, 2), [0, 1]], [put(body, 5, 1, 2), [0, 2]], [guard, [1]]] as const) {
      for (const state of states) {
        events.push({ place });
        rows.push({ version: events.length, place, state });
      }
    }
  }
  const differences = (values: number[]) => values.map((value, at) => value - (values[at - 1] ?? 0));
  trace.take({
    after: 0, version: events.length, last: events.length, time: 0, types: ["E"], commands: [], states: ["active", "completed", "failed"], names,
    nodes: [{ path: "each", type: "for_each" }, { path: "each[]/guard", type: "try" }, { path: "each[]/guard.body/ship", type: "code" }],
    edges: [{ body: "each[].guard.body", from: "ship", port: "out", to: "tell", when: null, back: false }], exits: [{ taken: [], untaken: [] }, { taken: [0], untaken: [] }], places,
    events: { time: events.map(() => 0), type: events.map(() => 0), place: differences(events.map(({ place }) => place)), command: events.map(() => -1) },
    changes: { version: differences(rows.map(({ version }) => version)), place: differences(rows.map(({ place }) => place)), state: rows.map(({ state }) => state), attempt: rows.map(() => 1), exit: rows.map(({ state }) => (state === 1 ? 1 : 0)) },
  } as unknown as Answer); // prettier-ignore
  const inner = { nodes: [{ id: "ship", type: "code" }, { id: "tell", type: "code" }], edges: [{ from: "ship", to: "tell" }] };
  const outline = outlineOf({ nodes: [{ id: "each", type: "for_each", config: { body: { nodes: [{ id: "guard", type: "try", config: { body: inner } }] } } }] });
  const said = ({ boxes, links, rooms }: Looking) => [[...boxes].sort(), [...links].sort(), [...rooms].sort()];
  for (const chosen of [new Map<string, number>(), new Map([["each", 1]])]) {
    const looking = new Looking(outline, new Moment(trace), chosen);
    let at = 7;
    for (let turn = 0; turn < 300; turn += 1) {
      at = (at * 1_103 + 12_345) % (events.length + 1); // here and there, and one on from there
      for (const version of [at, at + 1]) {
        const before = new Map(looking.boxes);
        looking.takeChanged();
        looking.go(version);
        const fresh = new Moment(trace);
        fresh.go(version);
        expect(said(looking)).toEqual(said(new Looking(outline, fresh, chosen)));
        const changed = new Set(looking.takeChanged());
        for (const path of new Set([...before.keys(), ...looking.boxes.keys()])) {
          const [was, is] = [before.get(path), looking.boxes.get(path)];
          if (was?.place !== is?.place || was?.since !== is?.since) expect(changed.has(path)).toBe(true);
        }
      }
    }
  }
});

test("the region that is drawn has all that is in view, and both ends of what crosses it, and stays the same for small moves", () => {
  const at = (x: number, y: number) => ({ x, y, width: 200, height: 56 });
  const layout = { boxes: new Map([["a", at(0, 0)], ["b", at(5_000, 0)], ["c", at(10_000, 0)], ["d", at(5_000, 9_000)]]), rooms: new Map(), origins: new Map(), width: 10_200, height: 9_056 };
  const links = [{ from: "a", to: "c" }];
  for (const zoom of [0.4, 0.75, 1, 1.6]) {
    const view = { x: 4_900, y: -50, width: 1_000 / zoom, height: 600 / zoom };
    const key = regionKey(-view.x * zoom, -view.y * zoom, zoom, 1_000, 600);
    const region = regionOf(key)!;
    expect([region.x <= view.x, region.y <= view.y, region.x + region.width >= view.x + view.width, region.y + region.height >= view.y + view.height]).toEqual([true, true, true, true]);
    expect([...nearOf(layout, links, region).boxes.keys()].sort()).toEqual(["a", "b", "c"]);
    expect(regionKey(-view.x * zoom - 3, -view.y * zoom, zoom, 1_000, 600)).toBe(key);
  }
  expect(nearOf(layout, links, null).boxes.size).toBe(0);
});
