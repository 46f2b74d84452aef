import { expect, test } from "vitest";
import { filled, pseudo, speak, translate } from "./speak";

test("holes are filled, numbers as they are written where one is, and plurals by their rule", () => {
  expect(filled("{n, number} of {what}", { n: 12_000, what: "them" }, "en")).toBe("12,000 of them");
  expect(filled("{n, plural:one row|# rows}", { n: 1 }, "en")).toBe("one row");
  expect(filled("{n, plural:one row|# rows}", { n: 1_200 }, "en")).toBe("1,200 rows");
  expect(filled("{gone}", {})).toBe("{gone}");
});

test("the odd letters leave holes alone and make the text longer", () => {
  const odd = pseudo("{n, plural:one row|# rows} found");
  expect(odd).toContain("{n, plural:one row|# rows}");
  expect(odd.length).toBeGreaterThan("{n, plural:one row|# rows} found".length * 1.3);
});

test("a translation is used where there is one, and English where it lacks a word", () => {
  const say = speak("test", { hello: "Hello {name}", bye: "Bye" });
  translate({ "test.hello": "Hallo {name}" });
  expect([say("hello", { name: "Ada" }), say("bye")]).toEqual(["Hallo Ada", "Bye"]);
  translate({});
});
