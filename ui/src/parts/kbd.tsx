/** A key, or several that are pressed together or one after another: `mod+k`, `g e`. */

import type { JSX } from "react";
import css from "./kbd.module.css";

const IS_APPLE = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);
const SIGNS: Readonly<Record<string, string>> = {
  mod: IS_APPLE ? "⌘" : "Ctrl",
  enter: "↵",
  escape: "Esc",
  arrowup: "↑",
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
};

export function Kbd({ keys }: { keys: string }): JSX.Element {
  return (
    <span className={css["keys"]}>
      {keys.split(" ").map((chord, at) => (
        <kbd key={at}>{chord.split("+").map((key) => SIGNS[key.toLowerCase()] ?? (key.length === 1 ? key.toUpperCase() : key)).join(IS_APPLE ? "" : " ")}</kbd>
      ))}
    </span>
  );
}
