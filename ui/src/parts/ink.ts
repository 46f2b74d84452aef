/** The tokens as a canvas takes them: `light-dark()` said out by the browser, for where the canvas stands. */

import { useEffect, useState } from "react";
import { useSettings } from "../look/settings";

export type Ink = (token: string) => string;

export function inkAt(element: HTMLElement): Ink {
  const known = new Map<string, string>();
  return (token) => {
    let found = known.get(token);
    if (found === undefined) {
      const asked = document.createElement("span");
      asked.hidden = true;
      asked.style.color = `var(--${token})`;
      element.parentElement?.append(asked);
      found = getComputedStyle(asked).color;
      asked.remove();
      known.set(token, found);
    }
    return found;
  };
}

/** Says something else whenever a canvas has to be painted in other colours. */
export function useTheme(): string {
  const { theme } = useSettings();
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const changed = () => setDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return `${theme} ${isDark}`;
}

const DARK = "(prefers-color-scheme: dark)";
