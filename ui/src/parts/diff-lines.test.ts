import { expect, test } from "vitest";
import { diffLines, unifiedDiff } from "./diff-lines";

function told(unified: string): string[] {
  return diffLines(unified).map(({ kind, before, after, text }) => `${kind} ${before ?? ""}:${after ?? ""} ${text}`);
}

test("lines of a unified diff have their numbers on both sides", () => {
  expect(told("--- hello/1\n+++ hello/2\n@@ -2,3 +2,3 @@\n a\n-b\n+c\n d\n@@ -9 +9 @@\n-x\n\\ No newline at end of file")).toEqual([
    "gap : ", "same 2:2 a", "removed 3: b", "added :3 c", "same 4:4 d", "gap : ", "removed 9: x",
  ]); // prettier-ignore
});

test("a line that begins with dashes is no name of a file", () => {
  expect(told("@@ -1 +1 @@\n--- a\n+++ b")).toEqual(["removed 1: -- a", "added :1 ++ b"]);
});

test("of two texts only what changed is told, with three lines around it", () => {
  const lines = Array.from({ length: 30 }, (_, at) => `line ${at + 1}`);
  const changed = lines.with(14, "other").toSpliced(20, 0, "new");
  expect(unifiedDiff(lines.join("\n"), lines.join("\n"))).toBe("");
  expect(told(unifiedDiff(lines.join("\n"), changed.join("\n"))).filter((line) => !line.startsWith("same"))).toEqual(["gap : ", "removed 15: line 15", "added :15 other", "added :21 new"]);
});

test("random texts: what the diff says, made of one text, is the other", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 300; round += 1) {
    const before = Array.from({ length: 1 + random(12) }, () => "abc"[random(3)] as string);
    const after = Array.from({ length: 1 + random(12) }, () => "abc"[random(3)] as string);
    const made = [...before];
    let moved = 0;
    for (const line of diffLines(unifiedDiff(before.join("\n"), after.join("\n")))) {
      if (line.kind === "removed") moved -= made.splice((line.before as number) - 1 + moved, 1).length;
      else if (line.kind === "added") {
        made.splice((line.after as number) - 1, 0, line.text);
        moved += 1;
      }
    }
    expect(made.join("\n")).toBe(after.join("\n"));
  }
});
