/** Class names that are there, as one text. */
export function names(...given: (string | false | null | undefined)[]): string {
  return given.filter(Boolean).join(" ");
}
