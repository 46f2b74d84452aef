/** Every part in every state, beside each other: what a page is built of, and what a test looks at in light, dark and 360 px. */

import { type JSX, type ReactNode, useState } from "react";
import { parse } from "../../api/exact";
import { Problem } from "../../api/problem";
import { Head } from "../../frame/head";
import { Button, IconButton } from "../../parts/button";
import { Check } from "../../parts/check";
import { Choice } from "../../parts/choice";
import { names } from "../../parts/class-names";
import { Command } from "../../parts/command";
import { Confirm } from "../../parts/confirm";
import { Copyable } from "../../parts/copyable";
import { LongField, SelectField, TextField } from "../../parts/field";
import { Icon, ICONS } from "../../parts/icon";
import { Kbd } from "../../parts/kbd";
import { Menu } from "../../parts/menu";
import { Pairs } from "../../parts/pairs";
import { Progress } from "../../parts/progress";
import { Split } from "../../parts/split";
import { State, STATUSES } from "../../parts/state";
import { TestMark } from "../../parts/test-mark";
import { Tabs } from "../../parts/tabs";
import { duration } from "../../parts/time";
import { toast } from "../../parts/toast";
import { Told } from "../../parts/told";
import { Value } from "../../parts/value";
import { When } from "../../parts/when";
import css from "./page.module.css";
import { say } from "./words";

const VALUE = parse(`{"order": "A-1", "amount": 10000.0, "id": 9007199254740993, "lines": [{"sku": "a", "n": 2}], "note": "${"long ".repeat(200)}", "paid": true}`);
const PROBLEM = new Problem(422, "definition.invalid", "the definition has a problem", [{ path: "nodes[2].config.expression", rule: "unknown", message: "there is no `vars.amont`", fix: "did you mean `vars.amount`?" }]);

export function PartsPage(): JSX.Element {
  return (
    <>
      <Head title={say("title")} says={say("says")}>
        <Actions />
      </Head>
      <div className={css["parts"]} role="region" aria-label={say("title")} tabIndex={0}>
        <Part says={say("states")}>
          <div className={css["row"]}>
            {STATUSES.map((status) => (
              <State key={status} status={status} pill />
            ))}
          </div>
          <div className={css["row"]}>
            {STATUSES.map((status) => (
              <State key={status} status={status} />
            ))}
            <TestMark />
          </div>
        </Part>
        <Part says={say("buttons")}>
          <div className={css["row"]}>
            <Button>{say("plain")}</Button>
            <Button look="main" icon="play">
              {say("main")}
            </Button>
            <Button look="bare">{say("bare")}</Button>
            <Button disabled>{say("not")}</Button>
            <IconButton icon="refresh" says={say("plain")} />
          </div>
        </Part>
        <Fields />
        <Part says={say("value")}>
          <div className={names(css["wide"], css["low"])}>
            <Value says={say("value")} value={VALUE} />
          </div>
        </Part>
        <Part says={say("tabs")}>
          <TabsShown />
        </Part>
        <Part says={say("pairs")}>
          <Pairs
            of={[
              [say("path"), <Copyable key="path" text="prepare.fraud/score" />],
              [say("started"), <When key="started" at="2026-11-29T14:54:47.894Z" />],
              [say("took"), duration(301)],
            ]}
          />
        </Part>
        <Part says={say("dialogs")}>
          <Dialogs />
        </Part>
        <Part says={say("problem")}>
          <Told error={PROBLEM} />
        </Part>
        <Part says={say("progress")}>
          <div style={{ width: "100%" }}>
            <Progress says={say("progress")} share={0.62} />
          </div>
        </Part>
        <Part says={say("split")}>
          <div className={css["wide"]}>
            <Split name="parts" says={say("size")} second="right" size={160} least={60}>
              {say("first")}
              {say("second")}
            </Split>
          </div>
        </Part>
        <Part says={say("keys")}>
          <Command line="refold worker my_activities" />
          <Kbd keys="mod+k" />
          <Kbd keys="g e" />
        </Part>
        <Part says={say("icons")}>
          <div className={css["row"]}>
            {ICONS.map((name) => (
              <Icon key={name} name={name} />
            ))}
          </div>
        </Part>
      </div>
    </>
  );
}

function Part({ says, children }: { says: string; children: ReactNode }): JSX.Element {
  return (
    <section className={css["part"]}>
      <h2>{says}</h2>
      {children}
    </section>
  );
}

function Actions(): JSX.Element {
  const run = (says: string) => () => void toast({ says });
  return (
    <Menu
      says={say("menu")}
      items={[
        { id: "pause", says: say("pause"), run: run(say("pause")) },
        { id: "cancel", says: say("cancel"), run: run(say("cancel")) },
        { id: "terminate", says: say("terminate"), not: say("terminateNot"), run: run(say("terminate")) },
      ]}
    />
  );
}

function Fields(): JSX.Element {
  const [checked, check] = useState(false);
  const [view, choose] = useState<"graph" | "timeline">("graph");
  return (
    <Part says={say("fields")}>
      <TextField label={say("text")} defaultValue="order-1" />
      <TextField label={say("wrong")} mono defaultValue="vars.amont > 10000.0" problem={say("wrongSays")} />
      <LongField label={say("long")} />
      <SelectField label={say("select")} options={[{ value: "a", says: "order_fulfilment" }]} onChange={() => undefined} />
      <Check label={say("check")} checked={checked} onCheck={check} />
      <Check label={say("some")} checked="some" onCheck={() => undefined} />
      <Choice
        label={say("choice")}
        chosen={view}
        onChoose={choose}
        options={[
          { value: "graph", says: say("graph") },
          { value: "timeline", says: say("timeline") },
        ]}
      />
    </Part>
  );
}

function TabsShown(): JSX.Element {
  const [shown, show] = useState<"input" | "output" | "attempts">("input");
  return (
    <div className={names(css["wide"], css["low"])}>
      <Tabs
        says={say("tabs")}
        shown={shown}
        onShow={show}
        tabs={[
          { id: "input", says: say("input") },
          { id: "output", says: say("output") },
          { id: "attempts", says: say("attempts"), count: 2 },
        ]}
      >
        <p>{say(shown)}</p>
      </Tabs>
    </div>
  );
}

function Dialogs(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={css["row"]}>
      <Button onClick={() => setOpen(true)}>{say("confirmOpen")}</Button>
      <Button onClick={() => toast({ says: say("toastSays"), action: { says: say("undo"), run: () => undefined } })}>{say("toast")}</Button>
      {isOpen && (
        <Confirm title={say("confirm")} does={say("does")} onClose={() => setOpen(false)} onDo={() => Promise.reject(PROBLEM)}>
          <p>{say("cancelSays")}</p>
          <LongField label={say("long")} />
        </Confirm>
      )}
    </div>
  );
}
