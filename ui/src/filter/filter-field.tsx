/** A filter as it is typed: names are completed, and what the server would refuse is said at its place before it is asked. */

import { type JSX, type KeyboardEvent, type Ref, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { LiveProblem } from "../live/connection";
import { useLiveRows } from "../live/use";
import { names } from "../parts/class-names";
import { TextField } from "../parts/field";
import css from "./filter.module.css";
import { placeOf } from "./place";
import { completed, type Suggestion, suggested } from "./suggest";
import { say } from "./words";

interface FilterFieldProps {
  /** What is asked for now. */
  readonly filter: string | undefined;
  readonly problem: LiveProblem | null;
  readonly searchNames: readonly string[];
  readonly onFilter: (filter: string | undefined) => void;
  readonly ref?: Ref<HTMLInputElement>;
}

/** So long after the last key it is looked at. */
const AFTER_MS = 250;

export function FilterField({ filter = "", problem, searchNames, onFilter, ref }: FilterFieldProps): JSX.Element {
  const id = useId();
  const [typed, setTyped] = useState(filter);
  const [caret, setCaret] = useState<number | null>(null);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement | null>(null);
  const after = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (after.current !== null) input.current?.setSelectionRange(after.current, after.current); // behind what was completed
    after.current = null;
  }, [typed]);
  useEffect(() => setTyped(filter), [filter]); // back and forward change it, too
  const early = useEarlyProblem(typed === filter ? null : typed);
  const list = caret === null ? [] : suggested(typed, caret, searchNames);
  const found = typed === filter ? problem : list.length > 0 ? null : early; // a name that is half typed is no problem yet
  const take = ({ name }: Suggestion) => {
    const next = completed(typed, caret ?? typed.length, name);
    setTyped(next.text);
    setCaret(null);
    setAt(-1);
    after.current = next.caret;
  };
  const pressed = (event: KeyboardEvent) => {
    const chosen = list[at];
    if (list.length === 0) return;
    if (event.key === "ArrowDown") setAt((at + 1) % list.length);
    else if (event.key === "ArrowUp") setAt((at - 1 + list.length) % list.length);
    else if (event.key === "Escape") setCaret(null);
    else if (chosen !== undefined && (event.key === "Enter" || event.key === "Tab")) take(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={css["typed"]}>
      <TextField
        ref={(element) => {
          input.current = element;
          if (typeof ref === "function") ref(element);
          else if (ref) ref.current = element;
        }}
        label={say("filter")}
        hideLabel
        mono
        role="combobox"
        aria-expanded={list.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={at >= 0 && at < list.length ? `${id}-${at}` : undefined}
        value={typed}
        placeholder={say("placeholder")}
        problem={found?.detail}
        onChange={(event) => {
          setTyped(event.target.value);
          setCaret(event.target.selectionStart);
          setAt(-1);
        }}
        onBlur={() => setCaret(null)}
        onKeyDown={(event) => {
          pressed(event);
          if (event.key !== "Enter" || event.defaultPrevented || event.nativeEvent.isComposing) return;
          event.preventDefault();
          setCaret(null);
          onFilter(typed.trim() || undefined);
        }}
      />
      {found !== null && <Placed source={typed} problem={found} />}
      <ul id={`${id}-list`} role="listbox" aria-label={say("names")} className={css["names"]} hidden={list.length === 0}>
        {list.map((one, place) => (
          <li
            key={one.name}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === at}
            className={names(css["name"], place === at && css["at"])}
            onPointerDown={(event) => {
              event.preventDefault(); // the field keeps the focus
              take(one);
            }}
          >
            <code>{one.name}</code> <span className="soft">{one.says}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What the server says of an expression that nobody has asked yet; null while it is still typed. */
function useEarlyProblem(typed: string | null): LiveProblem | null {
  const [rested, setRested] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setRested(typed), AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const isAsked = typed !== null && rested === typed && typed.trim() !== "";
  const { problem } = useLiveRows(isAsked ? { subscribe: "list", filter: typed, limit: 1 } : null);
  return problem;
}

/** The part of the expression that it is about, marked. */
function Placed({ source, problem }: { source: string; problem: LiveProblem }): JSX.Element | null {
  const place = placeOf(source, problem.problems?.[0]);
  if (place === null) return null;
  return (
    <code className={css["placed"]} translate="no" aria-label={say("where")}>
      {place.before}
      <mark>{place.part}</mark>
      {place.after}
    </code>
  );
}
