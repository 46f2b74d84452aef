/** Before something is done that reaches further than this page: what it will do, and when it holds. */

import { type JSX, type ReactNode, useState } from "react";
import { say } from "../words/en";
import { Button } from "./button";
import css from "./confirm.module.css";
import { Dialog } from "./dialog";
import { Told } from "./told";

interface ConfirmProps {
  readonly title: string;
  /** What it will do, in a sentence or two; or fields. */
  readonly children: ReactNode;
  /** What the button says: the thing itself, never `OK`. */
  readonly does: string;
  /** Why it cannot be done as it stands. */
  readonly not?: string | undefined;
  /** Does it. What it is refused with is shown, and nothing that was typed is lost. */
  readonly onDo: () => Promise<void>;
  readonly onClose: () => void;
  readonly width?: number;
}

export function Confirm({ title, children, does, not, onDo, onClose, width }: ConfirmProps): JSX.Element {
  const [error, setError] = useState<Error | null>(null);
  const [isAtWork, setAtWork] = useState(false);
  const go = async () => {
    setAtWork(true);
    setError(null);
    try {
      await onDo();
      onClose();
    } catch (refused) {
      setError(refused instanceof Error ? refused : new Error(String(refused)));
      setAtWork(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose} {...(width !== undefined && { width })}>
      <form
        className={css["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (!isAtWork && not === undefined) void go();
        }}
      >
        {children}
        {error && <Told error={error} />}
        <div className={css["buttons"]}>
          {not && <span className="soft">{not}</span>}
          <Button onClick={onClose}>{say("notNow")}</Button>
          <Button look="main" type="submit" aria-disabled={isAtWork || not !== undefined}>
            {does}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
