/** Before open executions go on by another version: what would become of each, also over its past, and which nodes are called otherwise. */

import { type JSX, useId, useState } from "react";
import { freshKey } from "../../api/fresh";
import { boxesIn, boxOf } from "../../graph/outline";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { SelectField, TextField } from "../../parts/field";
import { Told } from "../../parts/told";
import { useOutline } from "./data";
import css from "./migrate.module.css";
import { isSame, migrate, type Move, nameless, type Plan, type Planned, usePlan } from "./migrating";
import { say } from "./migrate-words";

const WIDTH = 760;
const VERDICTS = ["unchanged", "path", "output", "outcome", "new_calls", "not_decided"] as const;

interface MigrateDialogProps {
  readonly name: string;
  /** The numbers of all versions, the latest first. */
  readonly versions: readonly number[];
  /** Those that are suggested. */
  readonly from: number;
  readonly to: number;
  readonly onStarted: (operation: string) => void;
  readonly onClose: () => void;
}

export function MigrateDialog({ name, versions, from, to, onStarted, onClose }: MigrateDialogProps): JSX.Element {
  const [move, setMove] = useState<Move>({ from: from === to ? (versions.find((one) => one < to) ?? from) : from, to: to === from && versions.every((one) => one >= to) ? (versions[0] ?? to) : to, filter: "", names: {} });
  const [asked, setAsked] = useState<{ readonly move: Move; readonly rehearse: boolean; readonly time: number } | null>(null);
  const [key] = useState(freshKey);
  const plan = usePlan(name, asked?.move ?? null, asked?.rehearse ?? false, asked?.time ?? 0);
  const isOfThis = asked !== null && isSame(asked.move, move);
  const found = isOfThis && !plan.isPlaceholderData ? plan.data : undefined;
  const isOfThese = asked?.move.from === move.from && asked.move.to === move.to;
  const change = (changed: Partial<Move>) => setMove((before) => ({ ...before, ...changed }));
  const look = (rehearse: boolean) => () => setAsked((before) => ({ move, rehearse, time: (before?.time ?? 0) + 1 }));
  const isLooking = plan.isFetching && isOfThis;
  const isSameVersion = move.from === move.to;
  const options = versions.map((n) => ({ value: String(n), says: say("version", { n }) }));
  const not = isSameVersion ? say("same") : found === undefined ? (isLooking ? say("planning") : say("planFirst")) : found.ready === 0 ? say("noneReady") : undefined;
  return (
    <Confirm
      title={say("title", { name })}
      width={WIDTH}
      does={say("does", { n: found?.ready ?? 0 })}
      not={not}
      onDo={async () => onStarted(await migrate(name, move, `${key}-${asked?.time ?? 0}`))}
      onClose={onClose}
    >
      <p>{say("says")}</p>
      <div className={css["versions"]}>
        <SelectField label={say("from")} options={options} value={String(move.from)} onChange={(chosen) => change({ from: Number(chosen), names: {} })} />
        <SelectField label={say("to")} options={options} value={String(move.to)} onChange={(chosen) => change({ to: Number(chosen), names: {} })} />
      </div>
      <TextField label={say("filter")} mono value={move.filter} onChange={(event) => change({ filter: event.target.value })} />
      <Names name={name} move={move} plan={isOfThese ? plan.data : undefined} onChange={(names) => change({ names })} />
      <div className={css["looks"]}>
        <Button aria-disabled={isSameVersion || isLooking} onClick={isSameVersion || isLooking ? undefined : look(false)}>
          {say("plan")}
        </Button>
        <Button aria-disabled={isSameVersion || isLooking} onClick={isSameVersion || isLooking ? undefined : look(true)}>
          {say("rehearse")}
        </Button>
      </div>
      {isOfThis && plan.error !== null && <Told error={plan.error} />}
      {found !== undefined && <Found plan={found} />}
      <p className="soft">{say("durable")}</p>
    </Confirm>
  );
}

interface NamesProps {
  readonly name: string;
  readonly move: Move;
  readonly plan: Plan | undefined;
  readonly onChange: (names: Readonly<Record<string, string>>) => void;
}

/** Nodes that are open and have no namesake there: which one of the same kind they are. */
function Names({ name, move, plan, onChange }: NamesProps): JSX.Element | null {
  const before = useOutline(name, move.from).outline;
  const after = useOutline(name, move.to).outline;
  const needed = [...new Set([...nameless(plan), ...Object.keys(move.names)])].filter((node) => before !== null && boxOf(before, node) !== null);
  if (before === null || after === null || needed.length === 0) return null;
  const there = [...boxesIn(after)];
  return (
    <>
      {needed.map((node) => {
        const kind = boxOf(before, node)?.box.kind;
        const options = there.filter((box) => box.kind === kind).map(({ path }) => ({ value: path, says: path }));
        return <SelectField key={node} label={say("called", { node })} options={[{ value: "", says: say("nothing") }, ...options]} value={move.names[node] ?? ""} onChange={(called) => onChange({ ...move.names, [node]: called })} />;
      })}
    </>
  );
}

function Found({ plan }: { plan: Plan }): JSX.Element {
  const { total, ready, mapping, blocked, from_version: from, to_version, rehearsed, executions } = plan;
  const verdicts = rehearsed === null ? [] : VERDICTS.filter((verdict) => rehearsed[verdict] > 0).map((verdict) => say("verdict", { count: rehearsed[verdict], says: say(verdict) }));
  return (
    <>
      <p role="status">
        {total === 0 ? say("totalNone", { from }) : say("total", { n: total, from, ready, mapping, blocked })} {verdicts.length > 0 && say("rehearsed", { n: to_version, each: verdicts.join(", ") })}
      </p>
      {executions.length > 0 && <Each of={executions} isRehearsed={rehearsed !== null} />}
      {executions.length < total && <p className="soft">{say("shown", { n: executions.length })}</p>}
    </>
  );
}

function Each({ of, isRehearsed }: { of: readonly Planned[]; isRehearsed: boolean }): JSX.Element {
  const id = useId();
  return (
    <section className={css["each"]} aria-labelledby={id} tabIndex={0}>
      <table>
        <caption id={id} className="only-heard">
          {say("planOf")}
        </caption>
        <thead>
          <tr>
            <th scope="col">{say("execution")}</th>
            <th scope="col">{say("could")}</th>
            {isRehearsed && <th scope="col">{say("past")}</th>}
          </tr>
        </thead>
        <tbody>
          {of.map(({ execution_id, readiness, obstacles, rehearsal }) => (
            <tr key={execution_id}>
              <th scope="row">
                <code>{execution_id}</code>
              </th>
              <td>
                {say(readiness)}
                {obstacles.map(({ about, why }) => (
                  <p key={`${about} ${why}`} className="soft" translate="no">
                    {about !== "" && <code>{about}</code>} {why}
                  </p>
                ))}
              </td>
              {isRehearsed && (
                <td>
                  {rehearsal !== null && say(rehearsal.verdict)} {rehearsal?.first_difference && <code>{rehearsal.first_difference}</code>}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
