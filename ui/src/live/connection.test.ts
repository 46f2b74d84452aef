import { beforeEach, expect, test } from "vitest";
import { type Ask, Live, type Socket, type World } from "./connection";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly said: Record<string, unknown>[] = [];
  send(text: string): void {
    this.said.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.drop();
  }
  open(): void {
    this.onopen?.();
  }
  tell(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drop(): void {
    this.onclose?.({ code: 1006, reason: "" });
  }
}

let sockets: FakeSocket[];
let now: number;
let waiting: { at: number; then: () => void }[];
let live: Live;

const world: World = {
  open: () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  },
  now: () => now,
  later: (ms, then) => {
    const one = { at: now + ms, then };
    waiting.push(one);
    return () => {
      waiting = waiting.filter((other) => other !== one);
    };
  },
  chance: () => 1,
};

beforeEach(() => {
  sockets = [];
  now = 1_000_000;
  waiting = [];
  live = new Live(world);
});

function pass(ms: number): void {
  now += ms;
  const due = waiting.filter((one) => one.at <= now);
  waiting = waiting.filter((one) => one.at > now);
  for (const one of due) one.then();
}

function last(): FakeSocket {
  const socket = sockets.at(-1);
  if (socket === undefined) throw new Error("nobody has connected");
  return socket;
}

const EVENTS: Ask = { subscribe: "events", execution: "order-1", from: "0" };

test("what is subscribed to before it is open is asked for when it opens, on one connection", () => {
  live.subscribe(EVENTS, {});
  live.subscribe({ subscribe: "list", limit: 5 }, {});
  last().open();
  expect(sockets).toHaveLength(1);
  expect(last().said).toEqual([
    { ...EVENTS, id: "1" },
    { subscribe: "list", limit: 5, id: "2" },
  ]);
});

test("whatever ends it, it comes again, and goes on after the last position: no gap, no double", () => {
  const heard: unknown[] = [];
  live.subscribe(EVENTS, { event: (event) => heard.push(event["n"]) });
  last().open();
  last().tell({ id: "1", position: "0" });
  last().tell({ id: "1", position: "0:1.1", event: { n: 1 } });
  last().tell({ id: "1", position: "0:1.2", event: { n: 2 } });
  last().drop();
  pass(10_000);
  last().open();
  expect(last().said).toEqual([{ ...EVENTS, from: "0:1.2", id: "1" }]);
  last().tell({ id: "1", position: "0:2.1", event: { n: 3 } });
  expect(heard).toEqual([1, 2, 3]);
});

test("a server that refuses the connection, as one that stops does, is tried again and again, ever more rarely", () => {
  live.subscribe(EVENTS, {});
  const tries: number[] = [];
  for (let at = 0; at < 8; at += 1) {
    last().drop();
    const { at: due } = waiting[0] ?? { at: 0 };
    tries.push(due - now);
    pass(due - now);
  }
  expect(tries).toEqual([800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000, 10_000]);
  expect(sockets).toHaveLength(9);
});

test("after a good connection the next try is soon again", () => {
  live.subscribe(EVENTS, {});
  for (let at = 0; at < 4; at += 1) {
    last().drop();
    pass(10_000);
  }
  last().open();
  pass(60_000);
  last().drop();
  expect((waiting[0]?.at ?? 0) - now).toBe(400);
});

test("it says since when it is away, and not anew with each try", () => {
  live.subscribe(EVENTS, {});
  last().open();
  expect(live.state).toEqual({ is: "live" });
  now += 500;
  last().drop();
  const away = { is: "away", since: now };
  expect(live.state).toEqual(away);
  pass(10_000);
  last().drop();
  expect(live.state).toEqual(away);
  pass(10_000);
  last().open();
  expect(live.state).toEqual({ is: "live" });
});

test("what is not wanted any more is ended there, and what still comes of it is passed over", () => {
  const heard: unknown[] = [];
  const end = live.subscribe(EVENTS, { event: (event) => heard.push(event) });
  last().open();
  end();
  expect(last().said.at(-1)).toEqual({ unsubscribe: "1" });
  last().tell({ id: "1", position: "0:1.1", event: {} });
  last().tell({ id: "1", end: "unsubscribed" });
  expect(heard).toEqual([]);
});

test("what was subscribed to is not asked for again once its execution has ended", () => {
  const ends: string[] = [];
  live.subscribe(EVENTS, { end: (why) => ends.push(why) });
  last().open();
  last().tell({ id: "1", end: "ended", detail: "the execution has ended" });
  last().drop();
  pass(10_000);
  last().open();
  expect(ends).toEqual(["ended"]);
  expect(last().said).toEqual([]);
});

test("who was too slow goes on at once after the last position", () => {
  live.subscribe(EVENTS, {});
  last().open();
  last().tell({ id: "1", position: "0:7.1", event: {} });
  last().tell({ id: "1", end: "slow", detail: "" });
  expect(last().said.at(-1)).toEqual({ ...EVENTS, from: "0:7.1", id: "1" });
});

test("what cannot be asked is told once; what has no room just now is asked again", () => {
  const problems: unknown[] = [];
  live.subscribe({ subscribe: "list", filter: "(" }, { problem: (problem) => problems.push(problem.reason) });
  live.subscribe({ subscribe: "list" }, { problem: (problem) => problems.push(problem.reason) });
  last().open();
  last().tell({ id: "1", problem: { status: 422, reason: "filter.invalid", detail: "" } });
  last().tell({ id: "2", problem: { status: 429, reason: "overloaded", detail: "" } });
  expect(problems).toEqual(["filter.invalid"]);
  pass(10_000);
  expect(last().said.filter((one) => one["id"] === "2")).toHaveLength(2);
  expect(last().said.filter((one) => one["id"] === "1")).toHaveLength(1);
});

test("somebody who looks, or a network that is back, does not wait for the next try", () => {
  live.subscribe(EVENTS, {});
  last().drop();
  live.tryNow();
  live.tryNow();
  expect(sockets).toHaveLength(2);
  expect(waiting).toHaveLength(0);
});

test("an old connection that ends late does not end the new one", () => {
  live.subscribe(EVENTS, {});
  const old = last();
  old.open();
  old.drop();
  pass(10_000);
  last().open();
  old.drop();
  expect(live.state).toEqual({ is: "live" });
});
