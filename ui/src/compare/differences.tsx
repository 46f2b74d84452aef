/** Two definitions beside each other: what changed by node, both as one graph, or their texts. */

import { type JSX, useMemo } from "react";
import { DefinitionGraph } from "../graph/definition-graph";
import { folded } from "../graph/fold";
import type { Room } from "../graph/outline";
import { Choice } from "../parts/choice";
import { Guard } from "../parts/guard";
import { TextDiff } from "../parts/text-diff";
import { ChangeList } from "./change-list";
import { type Change, compare, countOf } from "./compare";
import css from "./compare.module.css";
import { unionOf } from "./union";
import { type ViewId, VIEWS } from "./views";
import { say } from "./words";

/** How it is shown: whoever shows it keeps it, in the address where it has one. */
export interface Shown {
  readonly view: ViewId;
  readonly isMovedShown: boolean;
  readonly node: string | null;
  readonly closed: readonly string[];
}

interface DifferencesProps {
  /** What is compared, for people and for what hears the page. */
  readonly says: string;
  readonly changes: readonly Change[];
  readonly before: Room;
  readonly after: Room;
  /** As `diff -u` writes it. */
  readonly text: string;
  readonly textOf: "source" | "definition";
  readonly shown: Shown;
  readonly onShow: (changed: Partial<Shown>) => void;
}

export function Differences({ says, changes, before, after, text, textOf, shown, onShow }: DifferencesProps): JSX.Element {
  const comparison = useMemo(() => compare(changes, before, after), [changes, before, after]);
  const list = <ChangeList comparison={comparison} isMovedShown={shown.isMovedShown} onMoved={(isMovedShown) => onShow({ isMovedShown })} onChoose={(node) => onShow({ view: "graph", node })} />;
  return (
    <div className={css["differences"]}>
      <div className={css["above"]}>
        <Choice label={say("as")} options={VIEWS.map((value) => ({ value, says: say(value) }))} chosen={shown.view} onChoose={(view) => onShow({ view })} />
        {shown.view !== "nodes" && <span className="soft">{say("changes", { n: countOf(comparison) })}</span>}
      </div>
      {shown.view === "nodes" && list}
      {shown.view === "text" && (text === "" ? <p className="soft">{say("same")}</p> : <Texts says={says} text={text} textOf={textOf} />)}
      {shown.view === "graph" && (
        <div className={css["graph"]}>
          <Guard of="graph">
            <Drawn says={says} union={unionOf(before, after, comparison)} shown={shown} onShow={onShow} />
          </Guard>
        </div>
      )}
    </div>
  );
}

function Texts({ says, text, textOf }: { says: string; text: string; textOf: "source" | "definition" }): JSX.Element {
  return (
    <>
      <p className="soft">{say(textOf === "source" ? "ofSource" : "ofDefinition")}</p>
      <div className={css["text"]}>
        <TextDiff says={says} text={text} />
      </div>
    </>
  );
}

function Drawn({ says, union, shown, onShow }: { says: string; union: Room; shown: Shown; onShow: (changed: Partial<Shown>) => void }): JSX.Element {
  const key = JSON.stringify(union);
  const outline = useMemo(() => union, [key]);
  const closed = useMemo(() => new Set(shown.closed), [shown.closed]);
  return (
    <DefinitionGraph says={says} of={key} outline={outline} chosen={shown.node} onChoose={(node) => onShow({ node })} closed={closed} onFold={(path) => onShow({ closed: folded(closed, path) ?? [] })} />
  );
}
