import { expect, test } from "vitest";
import { type Here, type Kept, Saver, type Store } from "./saver";

/** A server that keeps one draft, and a clock that is moved by hand. */
function world(begun: Kept | null = null) {
  let server = begun;
  let timers: (() => void)[] = [];
  const here: (Here | null)[] = [];
  const is = { away: false, full: false, deaf: false };
  const store: Store = {
    write: async (text, revision) => {
      if (is.away) return { away: "nobody answers" };
      if ((server?.revision ?? 0) !== revision) return { overtaken: server as Kept };
      server = { text, revision: revision + 1 };
      if (is.deaf) return { away: "the answer was lost" };
      return server.revision;
    },
    keepHere: (kept) => {
      here.push(kept);
      return !is.full;
    },
    later: (_, then) => {
      timers.push(then);
      return () => (timers = timers.filter((one) => one !== then));
    },
  };
  const pass = async () => {
    const due = timers;
    timers = [];
    for (const one of due) one();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const other = (text: string) => (server = { text, revision: (server?.revision ?? 0) + 1 });
  return { store, pass, here, is, other, server: () => server };
}

test("what is typed is kept here at once, and at the server after a pause", async () => {
  const { store, pass, here, server } = world();
  const saver = new Saver(store, { text: "", revision: 0 });
  saver.typed("a");
  saver.typed("ab");
  expect([here.at(-1), server(), saver.state.is]).toEqual([{ text: "ab", revision: 0, base: "", sent: null }, null, "dirty"]);
  await pass();
  expect([here.at(-1), server(), saver.state.is]).toEqual([null, { text: "ab", revision: 1 }, "saved"]);
});

test("while nobody answers it is tried again, and nothing is lost", async () => {
  const { store, pass, here, is, server } = world();
  const saver = new Saver(store, { text: "", revision: 0 });
  is.away = true;
  saver.typed("a");
  await pass();
  await pass();
  expect([saver.state, here.at(-1)?.text]).toEqual([{ is: "away", why: "nobody answers", isHere: true }, "a"]);
  is.away = false;
  await pass();
  expect([saver.state.is, server()]).toEqual(["saved", { text: "a", revision: 1 }]);
});

test("what somebody else wrote is not overwritten until both are merged", async () => {
  const { store, pass, other, server, here } = world({ text: "a", revision: 3 });
  const saver = new Saver(store, { text: "a", revision: 3 });
  other("theirs");
  saver.typed("mine");
  await pass();
  expect([saver.state, server()?.text]).toEqual([{ is: "conflict", theirs: { text: "theirs", revision: 4 }, base: "a" }, "theirs"]);
  saver.typed("mine, too");
  await pass();
  expect([server()?.text, here.at(-1)]).toEqual(["theirs", { text: "mine, too", revision: 3, base: "a", sent: null }]);
  saver.settle("theirs and mine");
  await pass();
  expect([saver.state.is, server(), here.at(-1)]).toEqual(["saved", { text: "theirs and mine", revision: 5 }, null]);
});

test("what came in while one merged is a conflict again, of what one has seen", async () => {
  const { store, pass, other, server } = world({ text: "a", revision: 1 });
  const saver = new Saver(store, { text: "a", revision: 1 });
  other("theirs");
  saver.typed("mine");
  await pass();
  other("theirs, later");
  saver.settle("merged");
  await pass();
  expect([saver.state, server()?.text]).toEqual([{ is: "conflict", theirs: { text: "theirs, later", revision: 3 }, base: "theirs" }, "theirs, later"]);
});

test("theirs is taken, and nothing is written for it", async () => {
  const { store, pass, other, server } = world({ text: "a", revision: 1 });
  const saver = new Saver(store, { text: "a", revision: 1 });
  other("theirs");
  saver.typed("mine");
  await pass();
  saver.settle("theirs");
  expect([saver.state.is, server()]).toEqual(["saved", { text: "theirs", revision: 2 }]);
  saver.typed("theirs and more");
  await pass();
  expect(server()).toEqual({ text: "theirs and more", revision: 3 });
});

test("what was merged while the server is away stays here, with what it was merged with", async () => {
  const { store, pass, other, is, here, server } = world({ text: "a", revision: 1 });
  const saver = new Saver(store, { text: "a", revision: 1 });
  other("theirs");
  saver.typed("mine");
  await pass();
  is.away = true;
  saver.settle("merged");
  await pass();
  expect([saver.state.is, here.at(-1)]).toEqual(["away", { text: "merged", revision: 2, base: "theirs", sent: "merged" }]);
  const next = new Saver(store, { text: "theirs", revision: 2 });
  next.resume(here.at(-1) as Here, { text: "theirs", revision: 2 });
  is.away = false;
  await pass();
  expect(server()).toEqual({ text: "merged", revision: 3 });
});

test("what an earlier page typed is a conflict where somebody wrote meanwhile, and stays as it was seen", async () => {
  const { store, pass, here } = world({ text: "theirs", revision: 7 });
  const saver = new Saver(store, { text: "theirs", revision: 7 });
  saver.resume({ text: "mine", revision: 3, base: "a", sent: null }, { text: "theirs", revision: 7 });
  expect(saver.state).toEqual({ is: "conflict", theirs: { text: "theirs", revision: 7 }, base: "a" });
  saver.typed("mine!");
  await pass();
  expect(here.at(-1)).toEqual({ text: "mine!", revision: 3, base: "a", sent: null });
});

test("a version that was published since is a conflict with what was typed here, though there was no draft and is none", () => {
  const { store } = world();
  const saver = new Saver(store, { text: "version 2", revision: 0 });
  saver.resume({ text: "mine", revision: 0, base: "version 1", sent: null }, { text: "version 2", revision: 0 });
  expect(saver.state.is).toBe("conflict");
});

test("where the server is away and the browser has no room, it says so", async () => {
  const { store, pass, is } = world();
  const saver = new Saver(store, { text: "", revision: 0 });
  Object.assign(is, { away: true, full: true });
  saver.typed("a");
  await pass();
  expect(saver.state).toEqual({ is: "away", why: "nobody answers", isHere: false });
});

test("a write whose answer was lost is no conflict with what was typed after it, in this page and in the next", async () => {
  const { store, pass, is, here, server } = world({ text: "a", revision: 1 });
  const saver = new Saver(store, { text: "a", revision: 1 });
  is.deaf = true;
  saver.typed("ab");
  await pass();
  saver.typed("abc");
  const next = new Saver(store, { text: "ab", revision: 2 });
  next.resume(here.at(-1) as Here, { text: "ab", revision: 2 });
  expect(next.state.is).toBe("dirty");
  is.deaf = false;
  await pass();
  await pass();
  expect([saver.state.is, server()?.text]).toEqual(["saved", "abc"]);
});

test("a write whose answer was lost is no conflict with oneself", async () => {
  const { store, pass, other } = world({ text: "a", revision: 1 });
  const saver = new Saver(store, { text: "a", revision: 1 });
  saver.typed("b");
  other("b"); // it had arrived
  await pass();
  expect([saver.state.is, saver.revision]).toEqual(["saved", 2]);
});

test("after its end nothing more is written", async () => {
  const { store, pass, server } = world();
  const saver = new Saver(store, { text: "", revision: 0 });
  saver.typed("a");
  saver.end();
  await pass();
  expect(server()).toBeNull();
});
