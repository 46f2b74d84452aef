/** Whether the page is as narrow as a phone, where panes stand alone. */

import { useSyncExternalStore } from "react";

const query = typeof matchMedia === "undefined" ? null : matchMedia("(max-width: 640px)");

export function useNarrow(): boolean {
  return useSyncExternalStore(
    (hearer) => {
      query?.addEventListener("change", hearer);
      return () => query?.removeEventListener("change", hearer);
    },
    () => query?.matches ?? false,
  );
}
