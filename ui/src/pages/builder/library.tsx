/** The kinds of nodes, by what they are for, with a model of each provider where they ask one: found by typing, taken by Enter or a click, or dragged onto the canvas. */

import { type DragEvent, type JSX, useEffect, useId, useRef, useState } from "react";
import { kindIcon } from "../../graph/kinds";
import { KIND } from "../../graph/editing";
import { IconButton } from "../../parts/button";
import { names } from "../../parts/class-names";
import { Icon } from "../../parts/icon";
import { say as sayFrame } from "../../words/en";
import { say } from "./canvas-asked-words";
import css from "./canvas-parts.module.css";
import { type Entry, entriesOf, type Kind } from "./presets";

interface LibraryProps {
  readonly kinds: readonly Kind[];
  /** Where the next one goes. */
  readonly to: string;
  /** By the key of an entry. */
  readonly onPick: (key: string) => void;
  readonly onClose: () => void;
}

const GROUPS = ["flow", "loops", "waiting", "people", "data", "activities", "ai", "errors", "own"] as const;

export function Library({ kinds, to, onPick, onClose }: LibraryProps): JSX.Element {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const groups = grouped(kinds, query);
  const all = groups.flatMap(({ entries }) => entries);
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
          const entry = all[now];
          if (event.key === "ArrowDown") setAt((now + 1) % Math.max(1, all.length));
          else if (event.key === "ArrowUp") setAt((now - 1 + all.length) % Math.max(1, all.length));
          else if (event.key === "Enter" && entry !== undefined && !event.nativeEvent.isComposing) onPick(entry.key);
          else return;
          event.preventDefault();
        }}
      />
      <div id={`${id}-list`} className={css["kinds"]} role="listbox" aria-label={say("library")} tabIndex={-1}>
        {groups.map(({ group, entries }) => (
          <div key={group} role="group" aria-label={nameOf(group)}>
            <p className={css["group"]} aria-hidden="true">
              {nameOf(group)}
            </p>
            {entries.map((one) => {
              const place = all.indexOf(one);
              return <EntryRow key={one.key} entry={one} id={`${id}-${place}`} isNow={place === now} onPoint={() => setAt(place)} onPick={onPick} />;
            })}
          </div>
        ))}
      </div>
      {all.length === 0 && <p className={names(css["nothing"], "soft")}>{say("noKind")}</p>}
    </section>
  );
}

function EntryRow({ entry: { key, kind, preset }, id, isNow, onPoint, onPick }: { entry: Entry; id: string; isNow: boolean; onPoint: () => void; onPick: (key: string) => void }): JSX.Element {
  const dragged = (event: DragEvent) => {
    event.dataTransfer.setData(KIND, key);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <div id={id} role="option" aria-selected={isNow} draggable onDragStart={dragged} title={kind.summary} className={names(css["kind"], preset !== null && css["preset"], isNow && css["now"])} onPointerMove={onPoint} onClick={() => onPick(key)}>
      <Icon name={kindIcon(kind.kind)} />
      <span translate="no">{preset === null ? kind.kind : `${kind.kind} · ${preset}`}</span>
      <span className={names(css["summary"], "soft")}>{preset !== null ? modelOf(kind, preset) : kind.is_here ? kind.summary : say("notHere")}</span>
    </div>
  );
}

/** The model that a preset begins with. */
function modelOf({ presets }: Kind, preset: string): string {
  const model = presets.find(({ name }) => name === preset)?.config["model"];
  return typeof model === "string" ? model : "";
}

function grouped(kinds: readonly Kind[], query: string): { group: string; entries: Entry[] }[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean); // prettier-ignore
  const fits = ({ kind: { kind, summary, category }, preset }: Entry) => words.every((word) => `${kind} ${kind.replaceAll("_", " ")} ${preset ?? ""} ${summary} ${category}`.toLowerCase().includes(word));
  const rank = ({ kind: { kind }, preset }: Entry) => (words[0] !== undefined && (kind.startsWith(words[0]) || preset?.toLowerCase().startsWith(words[0])) ? 0 : 1);
  const found = entriesOf(kinds).filter(fits);
  const names_ = [...new Set([...GROUPS.filter((group) => found.some(({ kind }) => kind.category === group)), ...found.map(({ kind }) => kind.category)])];
  const groups = names_.map((group) => ({ group, entries: found.filter(({ kind }) => kind.category === group).sort((one, other) => rank(one) - rank(other)) }));
  return words.length === 0 ? groups : groups.sort((one, other) => Math.min(...one.entries.map(rank)) - Math.min(...other.entries.map(rank)));
}

function nameOf(group: string): string {
  return (GROUPS as readonly string[]).includes(group) ? say(group as (typeof GROUPS)[number]) : group;
}
