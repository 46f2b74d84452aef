/** The settings of this browser, wherever one is. */

import type { JSX } from "react";
import { Dialog } from "../parts/dialog";
import { say } from "../words/en";
import { BrowserFields } from "./browser-fields";
import css from "./settings-dialog.module.css";

export function SettingsDialog({ onClose }: { onClose: () => void }): JSX.Element {
  return (
    <Dialog title={say("settings")} onClose={onClose} width={400}>
      <div className={css["fields"]}>
        <BrowserFields />
      </div>
    </Dialog>
  );
}
