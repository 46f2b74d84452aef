/** The server: what it is, how it was set, what lists are answered from; and how this browser shows it. */

import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { BrowserFields } from "../../frame/browser-fields";
import { Head } from "../../frame/head";
import { useSettings } from "../../look/settings";
import { ChoicePage } from "../../parts/choice";
import { Told } from "../../parts/told";
import { Backup } from "./backup";
import { useAbout } from "./data";
import css from "./page.module.css";
import { ReadModels } from "./read-models";
import { settings, type SettingsSearch, TABS } from "./route";
import { ServerView } from "./server";
import { say } from "./words";

export function SettingsPage(): JSX.Element {
  const { tab = "server", find } = settings.useSearch();
  const navigate = useNavigate();
  useSettings(); // the zone stands beside times
  const about = useAbout();
  const show = (search: SettingsSearch, replace = false) => void navigate({ to: "/settings", search, replace });
  return (
    <>
      <Head title={say("title")} says={about.data && <span>{about.data.version}</span>} />
      <ChoicePage label={say("which")} options={TABS.map((value) => ({ value, says: say(`${value}Tab`) }))} chosen={tab} onChoose={(chosen) => show({ tab: chosen === "server" ? undefined : chosen })}>
        {tab === "server" && about.data === undefined && about.error !== null && <Told error={about.error} onRetry={() => void about.refetch()} />}
        {tab === "server" && about.data !== undefined && <ServerView about={about.data} find={find ?? ""} onFind={(text) => show({ find: text || undefined }, true)} />}
        {tab === "readModels" && <ReadModels />}
        {tab === "backup" && <Backup about={about.data} />}
        {tab === "browser" && (
          <div className={css["view"]}>
            <div className={css["browser"]}>
              <BrowserFields />
            </div>
          </div>
        )}
      </ChoicePage>
    </>
  );
}
