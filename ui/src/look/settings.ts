/** What a person has set for this browser: theme, density, time zone, who they are. Kept in `localStorage`, the same in all its tabs. */

import { useSyncExternalStore } from "react";

export interface Settings {
  /** `system` is what the operating system says. */
  readonly theme: "system" | "light" | "dark";
  readonly rows: "normal" | "dense";
  /** A name of IANA, or `local` for that of this browser. One setting for all times that are shown. */
  readonly zone: string;
  /** Who answers tasks here, and their groups by commas; nobody, where it is empty. Believed by the server until there are users. */
  readonly person: string;
  readonly groups: string;
}

const KEY = "refold.settings";
const DEFAULTS: Settings = { theme: "system", rows: "normal", zone: "local", person: "", groups: "" };
const hearers = new Set<() => void>();
let current = read();

export function settings(): Settings {
  return current;
}

export function useSettings(): Settings {
  return useSyncExternalStore(hear, settings);
}

export function set(changed: Partial<Settings>): void {
  current = { ...current, ...changed };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // no room, or not allowed: it holds until the page is left
  }
  apply();
}

function read(): Settings {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
    return {
      theme: found.theme === "light" || found.theme === "dark" ? found.theme : DEFAULTS.theme,
      rows: found.rows === "dense" ? "dense" : DEFAULTS.rows,
      zone: typeof found.zone === "string" && isZone(found.zone) ? found.zone : DEFAULTS.zone,
      person: typeof found.person === "string" ? found.person : "",
      groups: typeof found.groups === "string" ? found.groups : "",
    };
  } catch {
    return DEFAULTS;
  }
}

export function isZone(name: string): boolean {
  if (name === "local") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function apply(): void {
  const { dataset } = document.documentElement;
  if (current.theme === "system") delete dataset["theme"];
  else dataset["theme"] = current.theme;
  if (current.rows === "dense") dataset["rows"] = "dense";
  else delete dataset["rows"];
  for (const hearer of hearers) hearer();
}

function hear(hearer: () => void): () => void {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}

if (typeof window !== "undefined") {
  window.addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    current = read();
    apply();
  });
}
