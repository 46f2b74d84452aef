/** What stands around the fields of every form: of what it is, on which execution it previews, and where its text is. */

import type { JSX, KeyboardEvent, ReactNode, RefObject } from "react";
import type { Json } from "../../api/exact";
import type { Where } from "../../graph/outline";
import { Button, IconButton } from "../../parts/button";
import { TextField } from "../../parts/field";
import type { Around, Catalog } from "../complete/around";
import type { Placed } from "../place";
import type { EditorHandle } from "../text-editor";
import type { Desk } from "./desk";
import { Problems } from "./form-field";
import css from "./forms.module.css";
import { SampleField } from "./sample-field";
import { type Sample, usePreview } from "./use-preview";
import { useTyped, writeAll } from "./use-typed";
import { say } from "./words";

export interface FormProps {
  /** The text that it was read from. */
  readonly of: string;
  readonly isBroken: boolean;
  readonly editor: RefObject<EditorHandle | null>;
  readonly catalog: Catalog;
  readonly around: Around;
  readonly problems: readonly Placed[];
  readonly workflow: string | null;
  readonly sample: Sample | null;
  readonly onSample: (execution: string) => void;
  readonly onClose: () => void;
}

interface ShellProps extends Pick<FormProps, "isBroken" | "editor" | "workflow" | "sample" | "onSample" | "onClose"> {
  readonly title: string;
  /** Of a long title as much as there is room for. */
  readonly short?: string;
  readonly where: Where;
  readonly desk: Desk;
  /** Without previews: nothing in it is an expression of an execution. */
  readonly isPlain?: boolean;
  /** What can be done with it as a whole. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function FormShell({ title, short = title, where, desk, isPlain = false, actions, isBroken, editor, workflow, sample, onSample, onClose, children }: ShellProps): JSX.Element {
  return (
    <section className={css["form"]} aria-label={title} onKeyDown={(event) => undoes(event, editor.current)}>
      <header className={css["head"]}>
        <h2 translate="no">{short}</h2>
        {!isPlain && <SampleField workflow={workflow} sample={sample} onSample={onSample} />}
        {actions}
        <Button onClick={() => desk.open(where)}>{say("openWhole")}</Button>
        <IconButton icon="close" says={say("close")} onClick={onClose} />
      </header>
      <Standpoint sample={sample} />
      {isBroken && (
        <p className={css["note"]} role="status">
          {say("broken")}
        </p>
      )}
      <fieldset className={css["body"]} disabled={isBroken}>
        {children}
      </fieldset>
    </section>
  );
}

/** Where the previews of the form are asked. */
function Standpoint({ sample }: { sample: Sample | null }): JSX.Element | null {
  const preview = usePreview(sample, "true", false);
  if (preview?.error) return <p className={css["note"]}>{say("unknownExecution", { why: preview.error.message })}</p>;
  const found = preview?.evaluation;
  if (found === undefined) return null;
  return <p className={css["note"]}>{found.path === null ? say("notRan", { at: found.at }) : say(sample?.ended ? "gave" : "ran", { path: found.path, at: found.at })}</p>;
}

/** A text that is no expression. */
export function Plain({ label, path, value, desk }: { label: string; path: Where; value: Json | undefined; desk: Desk }): JSX.Element {
  const { shown, onType, onLeave } = useTyped({ label, text: typeof value === "string" ? value : "", standing: desk.standing, write: (text) => (desk.write(path, text === "" ? undefined : text) ? "done" : "later") });
  return (
    <div className={css["field"]}>
      <TextField label={label} value={shown} onChange={(event) => onType(event.target.value)} onBlur={onLeave} />
      <Problems path={path} desk={desk} />
    </div>
  );
}

function undoes(event: KeyboardEvent, editor: EditorHandle | null): void {
  if (!(event.ctrlKey || event.metaKey) || editor === null) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  writeAll();
  if (key === "y" || event.shiftKey) editor.redo();
  else editor.undo();
}

