/** Tabs: one stop of Tab, arrows choose. Which one is shown is said from outside, as it stands in the address. */

import { type JSX, type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { names } from "./class-names";
import css from "./tabs.module.css";

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly says: string;
  /** How many are in there. */
  readonly count?: number;
}

interface TabsProps<Id extends string> {
  /** What they are tabs of. */
  readonly says: string;
  readonly tabs: readonly Tab<Id>[];
  readonly shown: Id;
  readonly onShow: (id: Id) => void;
  /** What is in the one that is shown. */
  readonly children: ReactNode;
}

export function Tabs<Id extends string>({ says, tabs, shown, onShow, children }: TabsProps<Id>): JSX.Element {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const pressed = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const tab = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (tab === undefined) return;
    event.preventDefault();
    onShow(tab.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(tab.id)}"]`)?.focus();
  };
  return (
    <div className={css["tabs"]}>
      <div ref={list} role="tablist" aria-label={says} className={css["list"]} onKeyDown={pressed}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            data-tab={tab.id}
            aria-selected={tab.id === shown}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === shown ? 0 : -1}
            className={names(css["tab"], tab.id === shown && css["shown"])}
            onClick={() => onShow(tab.id)}
          >
            {tab.says}
            {tab.count !== undefined && " "}
            {tab.count !== undefined && <span className={css["count"]}>{tab.count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`} tabIndex={0} className={css["panel"]}>
        {children}
      </div>
    </div>
  );
}
