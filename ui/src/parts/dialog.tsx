/** A dialog: the browser's own, which keeps the focus inside, closes by Escape and gives the focus back. */

import { type JSX, type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { say } from "../words/en";
import { IconButton } from "./button";
import { names } from "./class-names";
import css from "./dialog.module.css";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly width?: number;
  /** Without a head: what is inside has a name of its own. It hangs from the top, as its height changes. */
  readonly bare?: boolean;
}

/** Shown as long as it is there. */
export function Dialog({ title, onClose, children, width = 480, bare = false }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close(); // before it is taken out: only then the focus goes back
  }, []);
  return (
    <dialog
      ref={dialog}
      className={names(css["dialog"], bare && css["top"])}
      aria-labelledby={bare ? undefined : heading}
      aria-label={bare ? title : undefined}
      style={{ ["--width" as string]: `${width}px` }}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose(); // beside it
      }}
    >
      <div>
        {!bare && (
          <div className={css["head"]}>
            <h2 id={heading}>{title}</h2>
            <IconButton icon="close" says={say("close")} onClick={onClose} />
          </div>
        )}
        <div className={bare ? undefined : css["body"]}>{children}</div>
      </div>
    </dialog>
  );
}
