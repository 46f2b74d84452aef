/** `?`: which keys there are just now. */

import { type JSX, useState } from "react";
import { Dialog } from "../parts/dialog";
import { Kbd } from "../parts/kbd";
import { say } from "../words/en";
import { useCommands } from "./commands";
import css from "./key-list.module.css";
import { toldHere } from "./told";

export function KeyList({ onClose }: { onClose: () => void }): JSX.Element {
  const [here] = useState(toldHere);
  const withKeys = [...useCommands().filter((one) => one.keys !== undefined), ...here];
  const groups = [...new Set(withKeys.map((one) => one.group))];
  return (
    <Dialog title={say("keys")} onClose={onClose}>
      {groups.map((group) => (
        <section key={group} className={css["group"]}>
          <h3 className="soft">{group}</h3>
          <dl className={css["keys"]}>
            {withKeys
              .filter((one) => one.group === group)
              .map((one) => (
                <div key={one.id}>
                  <dt>{one.says}</dt>
                  <dd>
                    <Kbd keys={one.keys ?? ""} />
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
