/** What the server is, which extras it has, and each of its settings: its value, what says so, and what it means. */

import type { JSX, ReactNode } from "react";
import { Copyable } from "../../parts/copyable";
import { TextField } from "../../parts/field";
import { Pairs } from "../../parts/pairs";
import { When } from "../../parts/when";
import type { About, Setting } from "./data";
import css from "./page.module.css";
import { say } from "./words";

interface ServerViewProps {
  readonly about: About;
  readonly find: string;
  readonly onFind: (text: string) => void;
}

export function ServerView({ about: { version, python, started_at, data, log, settings, extras }, find, onFind }: ServerViewProps): JSX.Element {
  const wanted = find.toLowerCase();
  const found = settings.filter((one) => `${one.name} ${shown(one.value)} ${one.meaning} ${one.origin}`.toLowerCase().includes(wanted));
  return (
    <div className={css["view"]}>
      <Pairs
        of={[
          [say("version"), <code key="v">{version}</code>],
          [say("python"), <code key="p">{python}</code>],
          [say("since"), started_at !== null && <When key="s" at={started_at} />],
          [say("data"), data !== null && <Copyable key="d" text={data} />],
          [say("log"), log === null ? say("inFolder") : <code key="l">{log}</code>],
        ]}
      />
      <section>
        <h2>{say("extras")}</h2>
        {extras.length === 0 && <p className="soft">{say("noExtras")}</p>}
        <ul className={css["lines"]}>
          {extras.map(({ name, is_installed, libraries }) => (
            <li key={name} className={is_installed ? undefined : "soft"}>
              {is_installed ? say("hasExtra", { name, libraries: libraries.map((one) => `${one.name} ${one.version ?? ""}`).join(", ") }) : say("lacksExtra", { name })}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>{say("settings")}</h2>
        <p className="soft">{say("settingsSay")}</p>
        <div className={css["find"]}>
          <TextField type="search" label={say("find")} value={find} onChange={(event) => onFind(event.target.value)} />
        </div>
        {found.length === 0 ? <p>{say("findNone")}</p> : <SettingList of={found} />}
      </section>
    </div>
  );
}

function SettingList({ of }: { of: readonly Setting[] }): JSX.Element {
  return (
    <dl className={css["settings"]}>
      {of.map(({ name, value, origin, place, meaning }) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>
            <p>
              <code className={origin === "default" ? "soft" : css["set"]}>{shown(value)}</code>{" "}
              <span className="soft">
                · {say(`origin_${origin}`)} {place}
              </span>
            </p>
            <p className="soft">{inCode(meaning)}</p>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What stands between backticks is code. */
function inCode(text: string): ReactNode {
  return text.split("`").map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part));
}

function shown(value: Setting["value"]): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return say("none");
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  return Array.isArray(value) ? value.join(", ") : String(value);
}
