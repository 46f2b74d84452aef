/** Both texts and what they began as: what touches is chosen, the result may be written in, and counts when it is kept. */

import { type JSX, useRef } from "react";
import { type Choice, chosen, edited, linesOf, type Place } from "../../edit/merge-result";
import { type EditorHandle, TextEditor } from "../../edit/text-editor";
import { useParsed } from "../../edit/use-parsed";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { unifiedDiff } from "../../parts/diff-lines";
import { TextDiff } from "../../parts/text-diff";
import { say as sayFrame } from "../../words/en";
import css from "./conflict.module.css";
import { type Merge, openPlaces, takenFrom } from "./merge-state";
import { say, sayChoice } from "./conflict-words";

interface MergeDialogProps {
  readonly merge: Merge;
  /** What stands in the editor by now. */
  readonly mine: string;
  readonly onMerge: (merge: Merge) => void;
  readonly onAnew: () => void;
  readonly onSettle: (merged: string) => void;
  readonly onClose: () => void;
}

export function MergeDialog({ merge, mine, onMerge, onAnew, onSettle, onClose }: MergeDialogProps): JSX.Element {
  const editor = useRef<EditorHandle>(null);
  const { result } = merge;
  const { broken } = useParsed(result.text);
  const open = openPlaces(merge);
  const isOther = mine !== merge.mine;
  const not = isOther ? say("mergeOther") : open > 0 ? say("mergeOpen", { n: open }) : undefined;
  const last = useRef(result); // as of now: what is put into the editor is heard before anything is drawn again
  const show = (next: Merge) => {
    last.current = next.result;
    onMerge(next);
    if (next.result.text !== result.text) editor.current?.replace(next.result.text);
  };
  const typed = (text: string) => {
    if (text === last.current.text) return;
    last.current = edited(last.current, text);
    onMerge({ ...merge, result: last.current });
  };
  const whole = (text: string) => show({ ...merge, result: { text, places: [] } });
  return (
    <Dialog title={say("mergeTitle")} onClose={onClose} width={1040}>
      <form
        className={css["merge"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (not === undefined) onSettle(result.text);
        }}
      >
        <p>{say("mergeSays", { theirs: takenFrom(merge, "theirs"), mine: takenFrom(merge, "mine"), n: takenFrom(merge, "touching") })}</p>
        {merge.base === null && <p className="soft">{say("mergeNoBase")}</p>}
        <Both merge={merge} />
        {result.places.map((place, at) => (
          <ToChoose
            key={at}
            place={place}
            at={at}
            of={result.places.length}
            onGo={() => editor.current?.goTo(place)}
            onChoose={(choice) => show({ ...merge, result: chosen(result, at, choice) })}
          />
        ))}
        <section aria-label={say("mergeResult")}>
          <div className={css["above"]}>
            <h3>{say("mergeResult")}</h3>
            {broken !== null && <span role="status">{say("mergeBroken", { line: broken.line })}</span>}
            <Button look="bare" onClick={() => whole(merge.theirs)}>
              {say("allTheirs")}
            </Button>
            <Button look="bare" onClick={() => whole(merge.mine)}>
              {say("allMine")}
            </Button>
          </div>
          <div className={css["result"]}>
            <TextEditor ref={editor} says={say("mergeResult")} text={result.text} marks={NONE} onText={typed} onCursor={() => undefined} />
          </div>
        </section>
        <div className={css["buttons"]}>
          {not !== undefined && <span className="soft">{not}</span>}
          <Button look="bare" onClick={onAnew}>
            {say("mergeAnew")}
          </Button>
          <Button onClick={onClose}>{sayFrame("notNow")}</Button>
          <Button look="main" type="submit" aria-disabled={not !== undefined}>
            {say("mergeKeep")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const NONE = [] as const;

/** What each of them has changed since both had the same. */
function Both({ merge: { base, mine, theirs } }: { merge: Merge }): JSX.Element {
  const told = base === null ? ([["bothOfTwo", theirs, mine]] as const) : ([["theirChanges", base, theirs], ["myChanges", base, mine]] as const); // prettier-ignore
  return (
    <div className={css["both"]}>
      {told.map(([which, before, after]) => (
        <details key={which}>
          <summary>{say(which)}</summary>
          <div className={css["diff"]}>
            <TextDiff says={say(which)} text={unifiedDiff(before, after)} />
          </div>
        </details>
      ))}
    </div>
  );
}

interface ToChooseProps {
  readonly place: Place;
  readonly at: number;
  readonly of: number;
  readonly onGo: () => void;
  readonly onChoose: (choice: Choice) => void;
}

function ToChoose({ place, at, of, onGo, onChoose }: ToChooseProps): JSX.Element {
  const { piece } = place;
  return (
    <fieldset className={css["place"]}>
      <legend>{say("mergePlace", { n: at + 1, of })}</legend>
      <div className={css["sides"]}>
        {(["theirs", "neither", "mine"] as const).map((side) => (
          <div key={side}>
            <span className="soft">{sayChoice(side)}</span>
            <pre translate="no" tabIndex={0}>
              {linesOf(piece, side).join("\n") || say("mergeNothing")}
            </pre>
          </div>
        ))}
      </div>
      <div className={css["choices"]} role="radiogroup" aria-label={say("mergePlace", { n: at + 1, of })}>
        {CHOICES.map((choice) => (
          <label key={choice}>
            <input type="radio" name={`place-${at}`} checked={place.chosen === choice} onChange={() => onChoose(choice)} /> {sayChoice(choice)}
          </label>
        ))}
        {place.chosen === "hand" && <span className="soft">{say("mergeHand")}</span>}
        <Button look="bare" onClick={onGo}>
          {say("mergeGo")}
        </Button>
      </div>
    </fieldset>
  );
}

const CHOICES: readonly Choice[] = ["theirs", "mine", "both", "neither"];
