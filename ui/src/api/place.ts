/** Where this page comes from: the server, and the prefix that a proxy may have put before it. */

/** The address of the server's root, with `/` at its end. All files of the build lie one folder below it. */
export const ROOT: URL = import.meta.env.DEV ? new URL("/", location.href) : new URL("../", import.meta.url);

/** The path of the root without `/` at its end: empty, or like `/refold`. */
export const PREFIX = ROOT.pathname.replace(/\/$/, "");

export function liveAddress(): string {
  const address = new URL("v1/live", ROOT);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
