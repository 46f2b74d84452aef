import { expect, test } from "vitest";
import { inHeader } from "./header";

test("a name in any script goes into the head of a request, as the bytes of its UTF-8", () => {
  for (const name of ["ada@example.com", "Łucja Nowak", "李小龙", "Zoë 🎈"]) {
    const sent = new Headers({ "Refold-Person": inHeader(name) }).get("Refold-Person") ?? "";
    expect(new TextDecoder().decode(Uint8Array.from(sent, (one) => one.charCodeAt(0)))).toBe(name);
  }
});
