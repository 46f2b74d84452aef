import { expect, test } from "vitest";
import type { Command } from "./commands";
import { chord, find } from "./keyboard";

const press = (key: string, more: Partial<Parameters<typeof chord>[0]> = {}) => ({ key, mod: false, alt: false, shift: false, ...more });
const command = (id: string, keys: string, more: Partial<Command> = {}): Command => ({ id, says: id, keys, group: "", run: () => undefined, ...more });
const ALL = [command("list", "g e"), command("keys", "?"), command("palette", "mod+k", { whileTyping: true }), command("go", "e")];

test("a press is written as its sign, the shift that makes it is no part of it", () => {
  expect(chord(press("?", { shift: true }))).toBe("?");
  expect(chord(press("K", { mod: true, shift: true }))).toBe("mod+k");
  expect(chord(press("Enter", { shift: true }))).toBe("shift+enter");
});

test("keys go one after another, and what was begun may be given up", () => {
  const begun = find(ALL, "", press("g"), false);
  expect(begun).toEqual({ command: null, begun: "g" });
  expect(find(ALL, begun.begun, press("e"), false).command?.id).toBe("list");
  expect(find(ALL, begun.begun, press("?"), false).command?.id).toBe("keys");
  expect(find(ALL, "", press("e"), false).command?.id).toBe("go");
});

test("while something is typed only those keys count that say so", () => {
  expect(find(ALL, "", press("?"), true).command).toBeNull();
  expect(find(ALL, "", press("k", { mod: true }), true).command?.id).toBe("palette");
});

test("of two with the same keys the last one offered counts", () => {
  expect(find([...ALL, command("mine", "?")], "", press("?"), false).command?.id).toBe("mine");
});
