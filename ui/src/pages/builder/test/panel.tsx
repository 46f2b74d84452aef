/** A test run of the text as it stands: what is given to it, what becomes of it, and how it goes on. Nothing is published. */

import { type JSX, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Json } from "../../../api/exact";
import { fieldsOf } from "../../../form/fields";
import { valueAt } from "../../../edit/splice/value";
import type { Syntax } from "../../../edit/use-validity";
import type { LastParsed } from "../../../edit/use-parsed";
import { boxesIn } from "../../../graph/outline";
import type { View } from "../../../graph/view";
import { Button, IconButton } from "../../../parts/button";
import { Choice } from "../../../parts/choice";
import { Guard } from "../../../parts/guard";
import { Told } from "../../../parts/told";
import type { BuilderSearch } from "../route";
import { AllFrom } from "./from";
import { Given } from "./given";
import { Input } from "./input";
import css from "./panel.module.css";
import { NodePin } from "./pin";
import { EVERY, pinPath, type Plan, PIN, withPin } from "./plan";
import { Run } from "./run";
import { usePlan, useStart } from "./use-start";
import { say } from "./words";

export interface TestPanelProps {
  readonly draft: string;
  readonly workflow: string | null;
  readonly text: string;
  readonly syntax: Syntax;
  readonly parsed: LastParsed;
  readonly ports: Readonly<Record<string, readonly string[]>>;
  readonly view: View;
  readonly search: BuilderSearch;
  readonly onChoose: (path: string | null) => void;
  readonly onShow: (changed: BuilderSearch) => void;
}

/** Shown as long as the address says `test`: `open`, or the id of the run that is looked at. */
export function TestPanel({ draft, workflow, text, syntax, parsed, ports, view, search, onChoose, onShow }: TestPanelProps): JSX.Element {
  const { good, of } = parsed;
  const schema = useMemo(() => inputOf(of), [of]);
  const [plan, setPlan] = usePlan(draft, hasSecret(schema));
  const { start, isAtWork, error, problems, ranText } = useStart(plan, text, syntax, (id) => onShow({ test: id }));
  const [wrongInput, setWrongInput] = useState<string | null>(null);
  const run = search.test === undefined || search.test === "open" ? null : search.test;
  const boxes = useMemo(() => (good === null ? [] : [...boxesIn(good.outline)]), [good]);
  const box = boxes.find(({ path }) => path === search.node);
  const begin = useRef<HTMLButtonElement>(null);
  useEffect(() => begin.current?.focus(), []); // whoever opens it goes on in it
  const pinOf = (path: string, pin: Partial<Plan["pins"][string]>) => setPlan((before) => withPin(before, path, { ...PIN, ...pin }));
  const change = (changed: Partial<Plan>) => setPlan((before) => ({ ...before, ...changed }));
  return (
    <section className={css["panel"]} aria-label={say("title")}>
      <header className={css["head"]}>
        <h2>{say("title")}</h2>
        {wrongInput !== null && <span className="soft">{say("notYet")}</span>}
        <Button ref={begin} look="main" icon="play" aria-disabled={isAtWork || wrongInput !== null} onClick={() => wrongInput === null && void start()}>
          {say(isAtWork ? "starting" : run === null ? "run" : "again")}
        </Button>
        <IconButton icon="close" says={say("close")} onClick={() => onShow({ test: undefined })} />
      </header>
      <div className={css["body"]}>
        <p className="soft">{say("says")}</p>
        {error !== null && <Refused error={error} isElsewhere={problems.size > 0 && !problems.has("")} />}
        {run !== null && (
          <Guard of="test run">
            <Run key={run} id={run} outline={good?.outline ?? null} view={view} chosen={box} isChanged={ranText !== null && ranText !== text} pins={plan.pins} onChoose={(path) => onChoose(boxes.find((one) => pinPath(one.path) === path)?.path ?? null)} onPin={(path) => pinOf(path, { as: "from", execution: run })} />
          </Guard>
        )}
        <NodePin {...{ boxes, box, plan, run, workflow, problems }} ports={(box && ports[box.path]) ?? []} onChoose={onChoose} onPlan={setPlan} />
        <Given plan={plan} boxes={boxes} problems={problems} onChoose={onChoose} onPlan={setPlan} />
        <AllFrom says={say("all")} none={say("allNone")} workflow={workflow} run={run} value={plan.all} problems={problems.get(EVERY)} onChange={(all) => change({ all })} />
        <Input key={draft} schema={schema} text={plan.input} problems={problems.get("/input")} onInput={(input, wrong) => { change({ input }); setWrongInput(wrong); }} />
        <How says={say("unpinned")} means={say(plan.unpinned === "refuse" ? "refuseSays" : "runsSays")}>
          <Choice label={say("unpinned")} chosen={plan.unpinned} onChoose={(unpinned) => change({ unpinned })} options={[{ value: "refuse", says: say("refuse") }, { value: "run", says: say("runs") }]} />
        </How>
        <How says={say("skip")} means={say(plan.skip === "none" ? "skipNoneSays" : plan.skip === "waits" ? "skipWaitsSays" : "skipAllSays")}>
          <Choice label={say("skip")} chosen={plan.skip} onChoose={(skip) => change({ skip })} options={[{ value: "none", says: say("skipNone") }, { value: "waits", says: say("skipWaits") }, { value: "all", says: say("skipAll") }]} />
        </How>
      </div>
    </section>
  ); // prettier-ignore
}

/** What was refused as a whole; what is wrong at one pin stands there. */
function Refused({ error, isElsewhere }: { error: Error; isElsewhere: boolean }): JSX.Element {
  return isElsewhere ? <p className={css["wrong"]} role="alert">{say("notYet")}</p> : <Told error={error} />; // prettier-ignore
}

function How({ says, means, children }: { says: string; means: string; children: ReactNode }): JSX.Element {
  return (
    <div className={css["how"]}>
      <span className={css["label"]} aria-hidden="true">
        {says}
      </span>
      {children}
      <p className="soft">{means}</p>
    </div>
  );
}

/** What the text says of its input, its numbers as they are written. */
function inputOf(text: string): Json {
  try {
    return valueAt(text, ["input"]) ?? null;
  } catch {
    return null;
  }
}

function hasSecret(schema: Json): boolean {
  return fieldsOf(schema)?.some(({ kind }) => kind === "secret") ?? false;
}

