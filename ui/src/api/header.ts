/** Text in the head of a request, where a browser takes no letter beyond U+00FF and throws. */

/** Its UTF-8, a letter for each byte: so the server reads it again. */
export function inHeader(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
