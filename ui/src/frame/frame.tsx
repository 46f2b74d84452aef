/** What stands around every page: the rail, the line that says when it is not live, the palette and the keys. */

import { Link, Outlet, useMatches, useNavigate, useRouter } from "@tanstack/react-router";
import { type JSX, useEffect, useRef, useState } from "react";
import { Guard } from "../parts/guard";
import { Icon } from "../parts/icon";
import { Toasts } from "../parts/toast";
import { names } from "../parts/class-names";
import { say } from "../words/en";
import { type Command, commands, useOffered } from "./commands";
import css from "./frame.module.css";
import { KeyList } from "./key-list";
import { find, isTyped } from "./keyboard";
import { LiveNote } from "./live-note";
import { Palette } from "./palette";
import { SettingsDialog } from "./settings-dialog";
import { useUpgrade } from "./upgrade";
import { ViewCommands } from "./view-commands";

type Shown = "palette" | "keys" | "settings" | null;
/** So long after the first key of several the next one may come. */
const NEXT_KEY_MS = 1_200;

export function Frame(): JSX.Element {
  const [shown, setShown] = useState<Shown>(null);
  const close = () => setShown(null);
  const entries = useEntries();
  const navigate = useNavigate();
  const group = say("keysAnywhere");
  useKeys(shown !== null);
  useUpgrade();
  useOffered([
    ...useOthers(),
    ...entries.map(({ to, says, keys }) => ({ id: `go ${to}`, says, group: say("pages"), ...(keys && { keys }), run: () => void navigate({ to }) })),
    { id: "palette", says: say("palette"), keys: "mod+k", group, isListed: false, whileTyping: true, run: () => setShown("palette") },
    { id: "keys", says: say("keys"), keys: "?", group, run: () => setShown("keys") },
    { id: "settings", says: say("settings"), keys: "g ,", group, run: () => setShown("settings") },
  ]);
  return (
    <div className={css["frame"]}>
      <a href="#content" className={css["skip"]}>
        {say("skip")}
      </a>
      <Rail entries={entries} onShow={setShown} />
      <main id="content" tabIndex={-1} className={css["content"]}>
        <LiveNote />
        <Guard of={useMatches().at(-1)?.id ?? ""}>
          <Outlet />
        </Guard>
      </main>
      {shown === "palette" && <Palette onClose={close} />}
      {shown === "keys" && <KeyList onClose={close} />}
      {shown === "settings" && <SettingsDialog onClose={close} />}
      <Toasts />
      <ViewCommands />
    </div>
  );
}

interface Entry {
  readonly to: string;
  readonly says: string;
  readonly icon: Parameters<typeof Icon>[0]["name"];
  readonly keys?: string;
}

/** Pages that have a name, and no place in the rail. */
function useOthers(): readonly Command[] {
  const router = useRouter();
  const navigate = useNavigate();
  const group = say("pages");
  return Object.values(router.routesByPath as Record<string, { fullPath: string; options: { staticData?: { icon?: unknown; says?: () => string } } }>).flatMap(({ fullPath, options: { staticData } }) =>
    staticData?.says === undefined || staticData.icon !== undefined ? [] : [{ id: `go ${fullPath}`, says: staticData.says(), group, run: () => void navigate({ to: fullPath }) }],
  );
}

/** The pages that stand in the rail, in the order of the registry: those that have an icon. */
function useEntries(): readonly Entry[] {
  const router = useRouter();
  return Object.values(router.routesByPath as Record<string, { fullPath: string; options: { staticData?: { icon?: Entry["icon"]; says?: () => string; keys?: string } } }>).flatMap(
    ({ fullPath, options: { staticData } }) =>
      staticData?.icon && staticData.says ? [{ to: fullPath, says: staticData.says(), icon: staticData.icon, ...(staticData.keys && { keys: staticData.keys }) }] : [],
  );
}

function Rail({ entries, onShow }: { entries: readonly Entry[]; onShow: (what: Shown) => void }): JSX.Element {
  return (
    <nav className={css["rail"]} aria-label={say("pages")}>
      <Link to="/" className={css["mark"]} aria-label={say("name")}>
        <Icon name="refold" size={24} />
      </Link>
      <div className={css["entries"]}>
        {entries.map(({ to, says, icon }) => (
          <Link key={to} to={to} className={css["entry"]} aria-label={says} title={says}>
            <Icon name={icon} size={18} />
          </Link>
        ))}
      </div>
      {(["palette", "keys", "settings"] as const).map((what) => (
        <button key={what} type="button" className={names(css["entry"], what === "keys" && css["of-keyboards"])} aria-label={say(what)} title={say(what)} onClick={() => onShow(what)}>
          <Icon name={what === "palette" ? "search" : what} size={18} />
        </button>
      ))}
    </nav>
  );
}

/** Let keys do what is offered. While a dialog is open they are its own. */
function useKeys(isDialogOpen: boolean): void {
  const begun = useRef({ keys: "", at: 0 });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (isDialogOpen || event.defaultPrevented || event.isComposing || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
      const press = { key: event.key, mod: event.metaKey || event.ctrlKey, alt: event.altKey, shift: event.shiftKey };
      const before = event.timeStamp - begun.current.at < NEXT_KEY_MS ? begun.current.keys : "";
      const { command, begun: keys } = find(commands(), before, press, isTyped(document.activeElement));
      begun.current = { keys, at: event.timeStamp };
      if (command === null) return;
      event.preventDefault();
      command.run();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [isDialogOpen]);
}
