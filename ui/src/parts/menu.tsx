/** A button with what can be done behind it: arrows move, letters jump, Escape gives the focus back. */

import { type JSX, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Button, IconButton } from "./button";
import { Icon, type IconName } from "./icon";
import css from "./menu.module.css";

export interface MenuItem {
  readonly id: string;
  readonly says: string;
  readonly icon?: IconName;
  /** Why it cannot be done now; without it, it can. */
  readonly not?: string | undefined;
  readonly run: () => void;
}

interface MenuProps {
  readonly says: string;
  readonly items: readonly MenuItem[];
  /** Only the icon; what it says is heard. */
  readonly icon?: IconName;
}

export function Menu({ says, items, icon }: MenuProps): JSX.Element {
  const [place, setPlace] = useState<{ top: number; right: number } | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = () => {
    setPlace(null);
    button.current?.focus();
  };
  useEffect(() => {
    if (place === null) return;
    list.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const elsewhere = (event: Event) => {
      if (!list.current?.contains(event.target as Node) && !button.current?.contains(event.target as Node)) setPlace(null);
    };
    const gone = () => setPlace(null);
    document.addEventListener("pointerdown", elsewhere);
    window.addEventListener("resize", gone);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      window.removeEventListener("resize", gone);
    };
  }, [place]);
  const pressed = (event: KeyboardEvent) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setPlace(null);
    else if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key.length === 1) all.find((one) => one.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };
  const toggle = () => {
    const box = button.current?.getBoundingClientRect();
    setPlace(place !== null || box === undefined ? null : { top: box.bottom + 4, right: Math.max(8, window.innerWidth - box.right) });
  };
  const said = { "aria-haspopup": "menu", "aria-expanded": place !== null, "aria-controls": place === null ? undefined : id, onClick: toggle, ref: button } as const;
  return (
    <>
      {icon ? (
        <IconButton icon={icon} says={says} look="plain" {...said} />
      ) : (
        <Button {...said}>
          {says}
          <Icon name="down" />
        </Button>
      )}
      {place !== null && (
        <div ref={list} id={id} role="menu" aria-label={says} className={css["menu"]} style={place} onKeyDown={pressed}>
          {items.map((item) => (
            <button
              key={item.id}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-disabled={item.not !== undefined}
              title={item.not}
              className={css["item"]}
              onClick={() => {
                if (item.not !== undefined) return;
                close();
                item.run();
              }}
            >
              {item.icon && <Icon name={item.icon} />}
              <span>{item.says}</span>
            </button>
          ))}
        </div>
      )}
    </>
  );
}
