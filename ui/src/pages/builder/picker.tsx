/** One out of a list, found by typing. */

import { type JSX, useEffect, useId, useState } from "react";
import { names } from "../../parts/class-names";
import { Dialog } from "../../parts/dialog";
import css from "./canvas-parts.module.css";

export interface Pick {
  readonly id: string;
  readonly says: string;
  readonly second?: string;
  /** Why it cannot be taken. */
  readonly not?: string | null;
}

export function Picker({ title, picks, onPick, onClose }: { title: string; picks: readonly Pick[]; onPick: (id: string) => void; onClose: () => void }): JSX.Element {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const found = picks.filter(({ says, id: own }) => `${says} ${own}`.toLowerCase().includes(query.trim().toLowerCase()));
  const now = Math.max(0, Math.min(at, found.length - 1));
  useEffect(() => {
    document.getElementById(`${id}-${now}`)?.scrollIntoView({ block: "nearest" });
  }, [id, now]);
  const pick = (one: Pick | undefined) => {
    if (one !== undefined && !one.not) onPick(one.id);
  };
  return (
    <Dialog title={title} onClose={onClose} width={480} bare>
      <input
        className={css["query"]}
        autoFocus
        value={query}
        placeholder={title}
        role="combobox"
        aria-label={title}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length > 0 ? `${id}-${now}` : undefined}
        autoComplete="off"
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt((now + 1) % Math.max(1, found.length));
          else if (event.key === "ArrowUp") setAt((now - 1 + found.length) % Math.max(1, found.length));
          else if (event.key === "Enter" && !event.nativeEvent.isComposing) pick(found[now]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id={`${id}-list`} className={css["picks"]} role="listbox" aria-label={title}>
        {found.map((one, place) => (
          <li key={one.id} id={`${id}-${place}`} role="option" aria-selected={place === now} aria-disabled={Boolean(one.not)} className={names(css["pick"], place === now && css["now"])} onPointerMove={() => setAt(place)} onClick={() => pick(one)}>
            <span>{one.says}</span>
            <span className="soft">{one.not || one.second}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
