/** Deleting a credential: first what still needs it. */

import { type JSX, useState } from "react";
import { Check } from "../../parts/check";
import { Confirm } from "../../parts/confirm";
import { toast } from "../../parts/toast";
import { Needs } from "./credential";
import { type Credential, remove } from "./data";
import { say } from "./words";

interface RemoveProps {
  readonly of: Credential;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function Remove({ of: { name, needed_by }, onDone, onClose }: RemoveProps): JSX.Element {
  const [isForced, force] = useState(false);
  const needs = needed_by ?? [];
  const go = async () => {
    await remove(name, isForced);
    toast({ says: say("deleted", { name }) });
    onDone();
  };
  return (
    <Confirm title={`${say("delete")}: ${name}`} does={say("delete")} not={needs.length > 0 && !isForced ? say("stillNamed") : undefined} onDo={go} onClose={onClose}>
      <p>{say("deleteDoes")}</p>
      <Needs of={needs} />
      {needs.length > 0 && <Check label={say("force")} checked={isForced} onCheck={force} />}
    </Confirm>
  );
}
