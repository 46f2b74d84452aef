/** Takes the draft away, after it was said what is lost. */

import type { JSX } from "react";
import type { Saver } from "../../edit/saver";
import { Confirm } from "../../parts/confirm";
import { toast } from "../../parts/toast";
import { forget } from "./drafts";
import { say } from "./words";

interface DiscardDialogProps {
  readonly draft: string;
  readonly base: number | null;
  readonly saver: Saver;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function DiscardDialog({ draft, base, saver, onDone, onClose }: DiscardDialogProps): JSX.Element {
  const discard = async () => {
    saver.pause();
    await forget(draft, saver.revision);
    saver.drop();
    toast({ says: say("discarded") });
    onDone();
  };
  return (
    <Confirm title={say("discard")} does={say("discard")} onDo={discard} onClose={onClose}>
      <p>{base === null ? say("discardNewSays") : say("discardSays", { n: base })}</p>
    </Confirm>
  );
}
