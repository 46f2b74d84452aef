/** Keys that nobody has used before, for requests that count once however often they arrive. */

/** As a UUID without its dashes; also where the page came by plain HTTP, and the browser makes no UUIDs. */
export function freshKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
