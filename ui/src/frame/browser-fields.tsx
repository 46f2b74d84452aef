/** The settings of this browser as fields: how it looks, in which time zone all times are shown, and who one is. */

import type { JSX } from "react";
import { set, useSettings } from "../look/settings";
import { SelectField, TextField } from "../parts/field";
import { zoneShown } from "../parts/time";
import { say } from "../words/en";

const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

export function BrowserFields(): JSX.Element {
  const { theme, rows, zone, person, groups } = useSettings();
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <>
      <SelectField
        label={say("theme")}
        value={theme}
        onChange={(chosen) => set({ theme: chosen as typeof theme })}
        options={[
          { value: "system", says: say("themeSystem") },
          { value: "light", says: say("themeLight") },
          { value: "dark", says: say("themeDark") },
        ]}
      />
      <SelectField
        label={say("rows")}
        value={rows}
        onChange={(chosen) => set({ rows: chosen as typeof rows })}
        options={[
          { value: "normal", says: say("rowsNormal") },
          { value: "dense", says: say("rowsDense") },
        ]}
      />
      <SelectField
        label={`${say("zone")} · ${zoneShown()}`}
        value={zone}
        onChange={(chosen) => set({ zone: chosen })}
        options={[{ value: "local", says: say("zoneLocal", { zone: here }) }, ...ZONES.map((name) => ({ value: name, says: name }))]}
      />
      <TextField label={say("person")} value={person} placeholder="ada@example.com" onChange={(event) => set({ person: event.target.value })} />
      <TextField label={say("groups")} value={groups} placeholder="finance, support" onChange={(event) => set({ groups: event.target.value })} />
      <p className="soft">{say("personSays")}</p>
    </>
  );
}
