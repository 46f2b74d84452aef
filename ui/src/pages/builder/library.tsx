/** The kinds of nodes, by what they are for: found by typing, taken by Enter or a click, or dragged onto the canvas. */

import { type DragEvent, type JSX, useEffect, useId, useRef, useState } from "react";
import { kindIcon } from "../../graph/kinds";
import { KIND } from "../../graph/editing";
import { IconButton } from "../../parts/button";
import { names } from "../../parts/class-names";
import { Icon } from "../../parts/icon";
import { say as sayFrame } from "../../words/en";
import { say } from "./canvas-asked-words";
import css from "./canvas-parts.module.css";
import type { Kind } from "./gesture";

interface LibraryProps {
  readonly kinds: readonly Kind[];
  /** Where the next one goes. */
  readonly to: string;
  readonly onPick: (kind: string) => void;
  readonly onClose: () => void;
}

const GROUPS = ["flow", "loops", "waiting", "people", "data", "activities", "ai", "errors", "own"] as const;

export function Library({ kinds, to, onPick, onClose }: LibraryProps): JSX.Element {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const groups = grouped(kinds, query);
  const all = groups.flatMap(({ kinds: some }) => some);
  const now = Math.max(0, Math.min(at, all.length - 1));
  useEffect(() => input.current?.focus(), [to]);
  useEffect(() => {
    document.getElementById(`${id}-${now}`)?.scrollIntoView({ block: "nearest" });
  }, [id, now]);
  return (
    <section
      className={css["library"]}
      aria-label={say("library")}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        onClose();
      }}
    >
      <div className={css["libraryHead"]}>
        <p className="soft">{to}</p>
        <IconButton icon="close" says={sayFrame("close")} onClick={onClose} />
      </div>
      <input
        ref={input}
        className={css["find"]}
        value={query}
        placeholder={say("search")}
        role="combobox"
        aria-label={say("search")}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={all.length > 0 ? `${id}-${now}` : undefined}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const kind = all[now];
          if (event.key === "ArrowDown") setAt((now + 1) % Math.max(1, all.length));
          else if (event.key === "ArrowUp") setAt((now - 1 + all.length) % Math.max(1, all.length));
          else if (event.key === "Enter" && kind !== undefined && !event.nativeEvent.isComposing) onPick(kind.kind);
          else return;
          event.preventDefault();
        }}
      />
      <div id={`${id}-list`} className={css["kinds"]} role="listbox" aria-label={say("library")} tabIndex={-1}>
        {groups.map(({ group, kinds: some }) => (
          <div key={group} role="group" aria-label={nameOf(group)}>
            <p className={css["group"]} aria-hidden="true">
              {nameOf(group)}
            </p>
            {some.map((one) => {
              const place = all.indexOf(one);
              return <Entry key={one.kind} kind={one} id={`${id}-${place}`} isNow={place === now} onPoint={() => setAt(place)} onPick={onPick} />;
            })}
          </div>
        ))}
      </div>
      {all.length === 0 && <p className={names(css["nothing"], "soft")}>{say("noKind")}</p>}
    </section>
  );
}

function Entry({ kind, id, isNow, onPoint, onPick }: { kind: Kind; id: string; isNow: boolean; onPoint: () => void; onPick: (kind: string) => void }): JSX.Element {
  const dragged = (event: DragEvent) => {
    event.dataTransfer.setData(KIND, kind.kind);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <div id={id} role="option" aria-selected={isNow} draggable onDragStart={dragged} title={kind.summary} className={names(css["kind"], isNow && css["now"])} onPointerMove={onPoint} onClick={() => onPick(kind.kind)}>
      <Icon name={kindIcon(kind.kind)} />
      <span translate="no">{kind.kind}</span>
      <span className={names(css["summary"], "soft")}>{kind.is_here ? kind.summary : say("notHere")}</span>
    </div>
  );
}

function grouped(kinds: readonly Kind[], query: string): { group: string; kinds: Kind[] }[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean); // prettier-ignore
  const fits = ({ kind, summary, category }: Kind) => words.every((word) => `${kind} ${kind.replaceAll("_", " ")} ${summary} ${category}`.toLowerCase().includes(word));
  const rank = ({ kind }: Kind) => (words[0] !== undefined && kind.startsWith(words[0]) ? 0 : 1);
  const found = kinds.filter(fits);
  const names_ = [...new Set([...GROUPS.filter((group) => found.some(({ category }) => category === group)), ...found.map(({ category }) => category)])];
  const groups = names_.map((group) => ({ group, kinds: found.filter(({ category }) => category === group).sort((one, other) => rank(one) - rank(other)) }));
  return words.length === 0 ? groups : groups.sort((one, other) => Math.min(...one.kinds.map(rank)) - Math.min(...other.kinds.map(rank)));
}

function nameOf(group: string): string {
  return (GROUPS as readonly string[]).includes(group) ? say(group as (typeof GROUPS)[number]) : group;
}
