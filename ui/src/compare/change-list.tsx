/** What two definitions say differently, by node: each with its fields, from what to what. Where nodes stand is told only when asked. */

import { type JSX, type ReactNode, useId } from "react";
import { type Json, write } from "../api/exact";
import { Check } from "../parts/check";
import { type Comparison, countOf, type EdgeChange, type FieldChange, isOnlyMoved, type NodeChange } from "./compare";
import css from "./compare.module.css";
import { say, sayIs } from "./words";

interface ChangeListProps {
  readonly comparison: Comparison;
  readonly isMovedShown: boolean;
  readonly onMoved: (shown: boolean) => void;
  /** Leads to a box of the graph; without it nothing does. */
  readonly onChoose?: (path: string) => void;
}

export function ChangeList({ comparison, isMovedShown, onMoved, onChoose }: ChangeListProps): JSX.Element {
  const { nodes, edges, workflow } = comparison;
  const moved = nodes.filter(({ is }) => is === "moved");
  const shown = isMovedShown ? nodes : nodes.filter(({ is }) => is !== "moved");
  const count = countOf(comparison);
  const heading = useId();
  return (
    <section className={css["list"]} aria-labelledby={heading}>
      <h2 id={heading}>{say("changes", { n: count })}</h2>
      {count === 0 && <p className="soft">{say(isOnlyMoved(comparison) ? "onlyMoved" : "same")}</p>}
      {moved.length > 0 && <Check label={`${say("showMoved")} (${say("moved", { n: moved.length })})`} checked={isMovedShown} onCheck={onMoved} />}
      <ul>
        {shown.slice(0, SHOWN_MAX).map((node) => (
          <NodeItem key={node.where} node={node} isMovedShown={isMovedShown} onChoose={onChoose} />
        ))}
        {edges.slice(0, SHOWN_MAX).map((edge) => (
          <Item key={edge.where} is={edge.is} name={edge.id} fields={fieldsOf(edge)} />
        ))}
        {workflow.length > 0 && <Item is="changed" name={say("workflow")} isWord fields={workflow} />}
      </ul>
      {shown.length + edges.length > 2 * SHOWN_MAX && <p className="soft">{say("more", { n: shown.length + edges.length - 2 * SHOWN_MAX })}</p>}
    </section>
  );
}

const SHOWN_MAX = 250;

function NodeItem({ node, isMovedShown, onChoose }: { node: NodeChange; isMovedShown: boolean; onChoose: ((path: string) => void) | undefined }): JSX.Element {
  const { is, id, path, from } = node;
  const fields = isMovedShown ? node.fields : node.fields.filter(({ field }) => !/^position(\.[xy])?$/.test(field));
  return (
    <Item is={is} name={path ?? id} fields={is === "added" || is === "removed" ? [] : fields} onChoose={path === null || onChoose === undefined ? undefined : () => onChoose(path)}>
      {from !== null && <span className="soft"> {say("renamed", { from })}</span>}
    </Item>
  );
}

function fieldsOf({ is, fields }: EdgeChange): readonly FieldChange[] {
  return is === "changed" ? fields : [];
}

interface ItemProps {
  readonly is: NodeChange["is"];
  readonly name: string;
  /** The name is a word of ours, and no id. */
  readonly isWord?: boolean;
  readonly fields: readonly FieldChange[];
  readonly onChoose?: (() => void) | undefined;
  readonly children?: ReactNode;
}

const SIGNS: Readonly<Record<NodeChange["is"], string>> = { added: "+", removed: "−", changed: "~", renamed: "=", moved: "↔" };

function Item({ is, name, isWord = false, fields, onChoose, children }: ItemProps): JSX.Element {
  const shown = isWord ? name : <code translate="no">{name}</code>;
  return (
    <li>
      <span className={css["sign"]} aria-hidden="true">
        {SIGNS[is]}
      </span>
      <span className="soft">{sayIs(is)}</span>{" "}
      {onChoose === undefined ? (
        shown
      ) : (
        <button type="button" className={css["lead"]} title={say("show", { id: name })} onClick={onChoose}>
          {shown}
        </button>
      )}
      {children}
      {fields.length > 0 && (
        <ul className={css["fields"]}>
          {fields.map((field, at) => (
            <li key={at}>
              <FieldItem {...field} />
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function FieldItem({ change, field, before, after }: FieldChange): JSX.Element {
  return (
    <>
      <code translate="no">{field || say("whole")}</code>{" "}
      {change === "reordered" ? (
        <span className="soft">{sayIs("reordered")}</span>
      ) : (
        <code translate="no" className={css["values"]}>
          {change !== "added" && <del>{shortened(before)}</del>}
          {change === "changed" && " → "}
          {change !== "removed" && <ins>{shortened(after)}</ins>}
          {change !== "changed" && <span className={css["how"]}> {sayIs(change)}</span>}
        </code>
      )}
    </>
  );
}

const VALUE_MAX = 120;

function shortened(value: Json): string {
  const text = write(value);
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
}
