import { expect, test } from "vitest";
import { folded } from "./fold";

test("what is closed is opened, what is open is closed, and where none is closed nothing is said", () => {
  expect(folded(new Set(["b"]), "a")).toEqual(["a", "b"]);
  expect(folded(new Set(["a", "b"]), "a")).toEqual(["b"]);
  expect(folded(new Set(["a"]), "a")).toBeUndefined();
});
