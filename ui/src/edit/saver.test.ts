import { expect, test } from "vitest";
import { type Kept, Saver, type Store } from "./saver";

/** A server that keeps one draft, and a clock that is moved by hand. */
function world(begun: Kept | null = null) {
  let server = begun;
  let timers: (() => void)[] = [];
  const here: (Kept & { isDirty: boolean } | null)[] = [];
  const is = { away: false };
  const store: Store = {
    write: async (text, revision) => {
      if (is.away) return { away: "nobody answers" };
      if ((server?.revision ?? 0) !== revision) return { overtaken: server as Kept };
      server = { text, revision: revision + 1 };
      return server.revision;
    },
    keepHere: (kept) => here.push(kept),
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
  expect([here.at(-1), server(), saver.state.is]).toEqual([{ text: "ab", revision: 0, isDirty: true }, null, "dirty"]);
  await pass();
  expect([here.at(-1), server(), saver.state.is]).toEqual([{ text: "ab", revision: 1, isDirty: false }, { text: "ab", revision: 1 }, "saved"]);
});

test("while nobody answers it is tried again, and nothing is lost", async () => {
  const { store, pass, here, is, server } = world();
  const saver = new Saver(store, { text: "", revision: 0 });
  is.away = true;
  saver.typed("a");
  await pass();
  await pass();
  expect([saver.state.is, here.at(-1)?.isDirty]).toEqual(["away", true]);
  is.away = false;
  await pass();
  expect([saver.state.is, server()]).toEqual(["saved", { text: "a", revision: 1 }]);
});

test("what somebody else wrote is not overwritten until one has seen it", async () => {
  const { store, pass, other, server } = world({ text: "a", revision: 3 });
  const saver = new Saver(store, { text: "a", revision: 3 });
  other("theirs");
  saver.typed("mine");
  await pass();
  expect([saver.state, server()?.text]).toEqual([{ is: "conflict", theirs: { text: "theirs", revision: 4 } }, "theirs"]);
  saver.typed("mine, too");
  await pass();
  expect(server()?.text).toBe("theirs");
  saver.keepMine();
  await pass();
  expect([saver.state.is, server()]).toEqual(["saved", { text: "mine, too", revision: 5 }]);
});

test("theirs is taken", async () => {
  const { store, pass, other, server } = world({ text: "a", revision: 1 });
  const saver = new Saver(store, { text: "a", revision: 1 });
  other("theirs");
  saver.typed("mine");
  await pass();
  expect(saver.takeTheirs()).toEqual({ text: "theirs", revision: 2 });
  saver.typed("theirs and more");
  await pass();
  expect(server()).toEqual({ text: "theirs and more", revision: 3 });
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
