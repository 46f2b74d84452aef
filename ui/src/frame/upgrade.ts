/** A page that was open before the server was upgraded goes on; a piece of it that is gone is fetched by one reload. */

import { useEffect } from "react";

const KEY = "refold.reloaded";
/** A second failure so soon after a reload is no upgrade: reloading again would never end. */
const AGAIN_MS = 30_000;

function reload(): void {
  sessionStorage.setItem(KEY, String(Date.now()));
  location.reload();
}

/**
 * Reload where a part of this build is not on the server any more; once. Drafts lie in the browser's storage, and stay. Where the server
 * is away, the page is left as it is: a reload would leave nothing of it.
 */
export function useUpgrade(): void {
  useEffect(() => {
    const gone = () => {
      if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < AGAIN_MS) return;
      void fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" }).then(
        ({ ok }) => (ok ? reload() : undefined),
        () => undefined,
      );
    };
    window.addEventListener("vite:preloadError", gone);
    return () => window.removeEventListener("vite:preloadError", gone);
  }, []);
}
