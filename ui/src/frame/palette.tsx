/** ⌘K: everything that one can go to or do, by its name. */

import { type JSX, useEffect, useEffectEvent, useId, useRef, useState } from "react";
import { Dialog } from "../parts/dialog";
import { Kbd } from "../parts/kbd";
import { names } from "../parts/class-names";
import { say } from "../words/en";
import { type Command, useCommands } from "./commands";
import { useLookUp } from "./look-up";
import { matching } from "./match";
import { onPage } from "./on-page";
import css from "./palette.module.css";

/** More are found by more letters. */
const SHOWN_MAX = 200;

/** How long a page may change before it is looked at again, in milliseconds. */
const LOOK_MS = 200;

/** What can be done on the page, also where it comes while the palette is open. */
function useOnPage(offered: readonly Command[]): readonly Command[] {
  const [here, setHere] = useState(() => onPage(offered));
  const look = useEffectEvent(() => setHere(onPage(offered)));
  useEffect(() => {
    let soon: ReturnType<typeof setTimeout> | undefined;
    const changes = new MutationObserver(() => {
      soon ??= setTimeout(() => {
        soon = undefined;
        look();
      }, LOOK_MS);
    });
    changes.observe(document.getElementById("content") ?? document.body, { childList: true, subtree: true });
    return () => {
      changes.disconnect();
      clearTimeout(soon);
    };
  }, []);
  return here;
}

export function Palette({ onClose }: { onClose: () => void }): JSX.Element {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const offered = useCommands().filter((one) => one.isListed !== false);
  const here = useOnPage(offered);
  const found = matching([...offered, ...here, ...useLookUp(query)], query).slice(0, SHOWN_MAX);
  const now = Math.min(at, found.length - 1);
  const chosen = found[now];
  useEffect(() => {
    document.getElementById(`${id}-${now}`)?.scrollIntoView({ block: "nearest" });
  }, [id, now]);
  const run = (command: Command) => {
    onClose();
    command.run();
  };
  const move = (by: number) => setAt((now + by + found.length) % Math.max(1, found.length));
  return (
    <Dialog title={say("palette")} onClose={onClose} width={560} bare>
      <input
        ref={input}
        className={css["query"]}
        autoFocus
        value={query}
        placeholder={say("palettePlaceholder")}
        role="combobox"
        aria-label={say("palette")}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen && `${id}-${now}`}
        autoComplete="off"
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") move(1);
          else if (event.key === "ArrowUp") move(-1);
          else if (event.key === "Enter" && chosen && !event.nativeEvent.isComposing) run(chosen);
          else return;
          event.preventDefault();
        }}
      />
      <ul className={css["list"]} id={`${id}-list`} role="listbox" aria-label={say("palette")}>
        {found.map((one, place) => (
          <li
            key={one.id}
            id={`${id}-${place}`}
            role="option"
            aria-selected={one === chosen}
            className={names(css["entry"], one === chosen && css["chosen"])}
            onPointerMove={() => setAt(place)}
            onClick={() => run(one)}
          >
            <span>{one.says}</span>
            <span className="soft">{one.group}</span>
            {one.keys && <Kbd keys={one.keys} />}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={names(css["nothing"], "soft")}>{say("paletteNothing")}</p>}
    </Dialog>
  );
}
