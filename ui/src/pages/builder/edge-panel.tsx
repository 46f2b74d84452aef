/** The edge that is chosen: when it is taken. */

import { type JSX, useEffect, useRef, useState } from "react";
import type { Link } from "../../graph/outline";
import { Button, IconButton } from "../../parts/button";
import { TextField } from "../../parts/field";
import { say as sayFrame } from "../../words/en";
import { say } from "./canvas-asked-words";
import css from "./canvas-parts.module.css";

interface EdgePanelProps {
  readonly link: Link;
  /** Whether the field gets the focus: the edge was chosen by keys. */
  readonly isAsked: boolean;
  readonly onWhen: (when: string) => void;
  readonly onRemove: () => void;
  readonly onClose: () => void;
}

export function EdgePanel({ link, isAsked, onWhen, onRemove, onClose }: EdgePanelProps): JSX.Element {
  const [when, setWhen] = useState(link.when ?? "");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setWhen(link.when ?? ""), [link.when]);
  useEffect(() => {
    if (isAsked) field.current?.focus();
  }, [isAsked]);
  const keep = () => {
    if (when.trim() !== (link.when ?? "")) onWhen(when);
  };
  const from = link.port === "out" ? link.from : `${link.from}.${link.port}`;
  return (
    <section className={css["edge"]} aria-label={say("edgeOf", { from, to: link.to })}>
      <p className={css["ends"]} translate="no">
        {from} → {link.to}
        {link.isBack && <span className="soft"> · {say("backEdge")}</span>}
      </p>
      <TextField
        ref={field}
        label={say("when")}
        mono
        value={when}
        placeholder={say("whenHint")}
        onChange={(event) => setWhen(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === "Enter") keep();
          else if (event.key === "Escape") onClose();
          else return;
          event.preventDefault();
        }}
      />
      <Button onClick={onRemove}>{say("removeEdge")}</Button>
      <IconButton icon="close" says={sayFrame("close")} onClick={onClose} />
    </section>
  );
}
