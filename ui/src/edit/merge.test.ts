import { expect, test } from "vitest";
import { merge, type Piece } from "./merge";
import { chosen, edited, resultOf } from "./merge-result";

const BASE = "name: a\nnodes:\n  - {id: one}\n  - {id: two}\n  - {id: three}\nedges: []\n";

function touching(pieces: readonly Piece[]): number {
  return pieces.filter(({ is }) => is === "touching").length;
}

test("what does not touch is taken from both", () => {
  const pieces = merge(BASE, BASE.replace("one", "first"), BASE.replace("edges: []", "edges: [] # none"));
  expect([touching(pieces), resultOf(pieces).text]).toEqual([0, BASE.replace("one", "first").replace("edges: []", "edges: [] # none")]);
});

test("what both took out and put in alike stands there once", () => {
  const both = BASE.replace("  - {id: two}\n", "  - {id: zwei}\n  - {id: zwo}\n");
  expect(resultOf(merge(BASE, both, both))).toEqual({ text: both, places: [] });
});

test("where both wrote, one chooses, and nothing counts as chosen before", () => {
  const first = resultOf(merge(BASE, BASE.replace("two", "mine"), BASE.replace("two", "theirs")));
  expect(first.places.map(({ piece, chosen: is }) => [piece.base, piece.mine, piece.theirs, is])).toEqual([[["  - {id: two}"], ["  - {id: mine}"], ["  - {id: theirs}"], null]]);
  expect(chosen(first, 0, "theirs").text).toBe(BASE.replace("two", "theirs"));
  expect(chosen(chosen(first, 0, "both"), 0, "neither").text).toBe(BASE);
  expect(chosen(first, 0, "both").text).toBe(BASE.replace("  - {id: two}\n", "  - {id: theirs}\n  - {id: mine}\n"));
});

test("lines beside each other touch", () => {
  expect(touching(merge(BASE, BASE.replace("one", "mine"), BASE.replace("two", "theirs")))).toBe(1);
});

test("without what both began as, all that differs is to be chosen", () => {
  const first = resultOf(merge(null, "a\nmine\nb\n", "a\nb\ntheirs\n"));
  expect(first.places.map(({ piece }) => [piece.mine, piece.theirs])).toEqual([[["mine"], []], [[], ["theirs"]]]); // prettier-ignore
  expect(chosen(chosen(first, 0, "theirs"), 1, "theirs").text).toBe("a\nb\ntheirs\n");
});

test("what is typed into the result stays when another place is chosen, and a place that was typed in is by hand", () => {
  const first = resultOf(merge("x\n2\ny\n4\nz", "x\nm2\ny\nm4\nz", "x\nt2\ny\nt4\nz"));
  const typed = edited(chosen(first, 1, "theirs"), "x, longer\nm2!\ny\nt4\nz");
  expect(typed.places.map(({ chosen: is }) => is)).toEqual(["hand", "theirs"]);
  expect(chosen(typed, 1, "both").text).toBe("x, longer\nm2!\ny\nt4\nm4\nz");
});

test("random texts: what only one changed is theirs or mine, the same twice is once, and who is who does not matter", () => {
  for (const [base, mine, theirs] of samples(600)) {
    const whole = (one: string, other: string) => resultOf(merge(base, one, other));
    expect(whole(mine, base)).toEqual({ text: mine, places: [] });
    expect(whole(base, theirs)).toEqual({ text: theirs, places: [] });
    expect(whole(mine, mine)).toEqual({ text: mine, places: [] });
    const one = whole(mine, theirs);
    const other = whole(theirs, mine);
    const all = (result: typeof one, choice: "mine" | "theirs") => result.places.reduce((last, _, at) => chosen(last, at, choice), result).text;
    expect([all(one, "mine"), all(one, "theirs")]).toEqual([all(other, "theirs"), all(other, "mine")]);
  }
});

test("random texts: edits with an untouched line between them are all in the merge, and nothing is to be chosen", () => {
  const random = dice(5);
  for (let round = 0; round < 300; round += 1) {
    const lines = Array.from({ length: 3 + random(30) }, (_, at) => `${at}`);
    const mine = [...lines];
    const theirs = [...lines];
    const both = [...lines];
    for (let at = 0; at < lines.length; at += 2) {
      const by = random(3);
      if (by === 2) continue;
      const instead = [`${at}`, `${at}\nnew`, `other ${at}`][random(3)] as string;
      (by === 0 ? mine : theirs)[at] = instead;
      both[at] = instead;
    }
    expect(resultOf(merge(lines.join("\n"), mine.join("\n"), theirs.join("\n")))).toEqual({ text: both.join("\n"), places: [] });
  }
});

test("random typing into a result keeps each place where what was chosen stands", () => {
  const random = dice(9);
  for (const [base, mine, theirs] of samples(200)) {
    let result = resultOf(merge(base, mine, theirs));
    result = result.places.reduce((last, _, at) => chosen(last, at, (["mine", "theirs", "both"] as const)[random(3)] ?? "mine"), result);
    const from = random(result.text.length + 1);
    const to = from + random(result.text.length - from + 1);
    const typed = edited(result, result.text.slice(0, from) + "#".repeat(random(3)) + result.text.slice(to));
    for (const [at, place] of typed.places.entries()) {
      const was = result.places[at];
      if (was === undefined || place.chosen === "hand") continue;
      expect(`${typed.text}\n`.slice(place.from, place.to)).toBe(`${result.text}\n`.slice(was.from, was.to));
    }
  }
});

function dice(seed: number): (below: number) => number {
  let last = seed;
  return (below) => (last = (last * 48_271) % 2_147_483_647) % below;
}

function* samples(count: number): Generator<[string, string, string]> {
  const random = dice(3);
  const text = () => Array.from({ length: random(9) }, () => "abc"[random(3)] as string).join("\n");
  for (let round = 0; round < count; round += 1) yield [text(), text(), text()];
}
