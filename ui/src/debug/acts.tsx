/** What can be done at a halt. What needs no more words is done at once; the rest asks for them in a dialog. */

import { type JSX, useState } from "react";
import { type Json, parse, write } from "../api/exact";
import { Button } from "../parts/button";
import { Confirm } from "../parts/confirm";
import { LongField, SelectField, TextField } from "../parts/field";
import { Menu, type MenuItem } from "../parts/menu";
import { toast } from "../parts/toast";
import css from "./debug.module.css";
import { type Acts as Do, type Halt, useActs } from "./data";
import { say } from "./words";

type Asked = "to" | "change" | "complete" | "fail";
export type Step = "continue" | "over" | "into" | "out" | "retry";

/** What is known of the execution beside its halts; asked when somebody needs it. */
export interface Known {
  /** Paths of the nodes of its definition. */
  readonly nodes: () => readonly string[];
  /** Of the runs that have completed. */
  readonly ended: () => readonly string[];
  readonly variables: () => readonly string[];
}

interface ActsProps {
  readonly id: string;
  readonly halt: Halt;
  readonly mayChange: boolean;
  /** How many halt. */
  readonly count: number;
  readonly known: Known;
}

export function Acts({ id, halt, mayChange, count, known }: ActsProps): JSX.Element {
  const acts = useActs(id);
  const [asked, askFor] = useState<Asked | null>(null);
  const step = useStep(acts);
  const not = mayChange ? undefined : say("offShort");
  const item = (one: Asked): MenuItem => ({ id: one, says: say(one), not, run: () => askFor(one) });
  const items: MenuItem[] = [
    ...(halt.error === null ? [] : [{ id: "retry", says: say("retry"), not, run: () => step(halt, "retry") }]),
    { id: "out", says: say("out"), not, run: () => step(halt, "out") },
    item("to"),
    item("change"),
    item("complete"),
    item("fail"),
    ...(count < 2 ? [] : [{ id: "all", says: say("continueAll"), run: () => step(null, "continue") }]),
  ];
  return (
    <div className={css["acts"]}>
      <Button look="main" icon="play" onClick={() => step(halt, "continue")}>
        {say("continue")}
      </Button>
      <Button aria-disabled={!mayChange} title={not} onClick={() => mayChange && step(halt, "over")}>
        {say("over")}
      </Button>
      {halt.has_body && (
        <Button aria-disabled={!mayChange} title={not} onClick={() => mayChange && step(halt, "into")}>
          {say("into")}
        </Button>
      )}
      <Menu says={say("more")} items={items} />
      {asked === "to" && <ToDialog halt={halt} acts={acts} known={known} onClose={() => askFor(null)} />}
      {asked === "change" && <ChangeDialog halt={halt} acts={acts} known={known} onClose={() => askFor(null)} />}
      {asked === "complete" && <CompleteDialog halt={halt} acts={acts} onClose={() => askFor(null)} />}
      {asked === "fail" && <FailDialog halt={halt} acts={acts} onClose={() => askFor(null)} />}
    </div>
  );
}

/** Does a step at once, and says that it is durable, or why not. */
export function useStep(acts: Do): (halt: Halt | null, how: Step) => void {
  return (halt, how) =>
    void acts.release(halt, { action: how }).then(
      () => toast({ says: say("done", { what: say(halt === null ? "continueAll" : how) }) }),
      (error: Error) => toast({ says: error.message }),
    );
}

interface AskedProps {
  readonly halt: Halt;
  readonly acts: Do;
  readonly onClose: () => void;
}

function ToDialog({ halt, acts, known, onClose }: AskedProps & { known: Known }): JSX.Element {
  const [others] = useState(() => known.nodes().filter((one) => one !== halt.node));
  const [to, setTo] = useState(others[0] ?? "");
  return (
    <Confirm title={say("to")} does={say("toDoes")} not={to === "" ? say("nodeMissing") : undefined} onDo={() => acts.release(halt, { action: "to", to })} onClose={onClose}>
      <p>{say("toSays")}</p>
      <SelectField label={say("toNode")} value={to} options={others.map((value) => ({ value, says: value }))} onChange={setTo} />
    </Confirm>
  );
}

function ChangeDialog({ halt, acts, known, onClose }: AskedProps & { known: Known }): JSX.Element {
  const [ended] = useState(known.ended);
  const options = [
    ...Object.keys(halt.variables).map((name) => ({ value: `variable ${name}`, says: say("changeVariable", { name }) })),
    { value: "data", says: say("changeData", { node: halt.path }) },
    ...ended.map((node) => ({ value: `result ${node}`, says: say("changeResult", { node }) })),
  ];
  const [what, setWhat] = useState(options[0]?.value ?? "data");
  const [text, setText] = useState<string | null>(null);
  const [sort = "", name = ""] = split(what);
  const stands = sort === "variable" ? halt.variables[name] : sort === "data" ? halt.data : null;
  const typed = text ?? write((stands ?? null) as Json, 2);
  const value = read(typed);
  const go = async () => {
    if (value instanceof Error) return;
    await acts.change(halt, sort === "data" ? { data: value } : sort === "variable" ? { variables: { [name]: value } } : { results: { [name]: value } });
  };
  return (
    <Confirm title={say("change")} does={say("changeDoes")} not={value instanceof Error ? say("noJson", { why: value.message }) : undefined} onDo={go} onClose={onClose}>
      <p>{say("changeSays")}</p>
      <SelectField
        label={say("changeWhat")}
        value={what}
        options={options}
        onChange={(next) => {
          setWhat(next);
          setText(null);
        }}
      />
      <LongField label={say("value")} mono rows={6} value={typed} onChange={(event) => setText(event.target.value)} />
    </Confirm>
  );
}

function CompleteDialog({ halt, acts, onClose }: AskedProps): JSX.Element {
  const [text, setText] = useState("null");
  const [port, setPort] = useState("");
  const value = read(text);
  const go = async () => {
    if (!(value instanceof Error)) await acts.release(halt, { action: "complete", output: value, ...(port !== "" && { port }) });
  };
  const ports = [{ value: "", says: say("portUsual") }, ...halt.ports.map((one) => ({ value: one, says: one }))];
  return (
    <Confirm title={say("complete")} does={say("completeDoes")} not={value instanceof Error ? say("noJson", { why: value.message }) : undefined} onDo={go} onClose={onClose}>
      <p>{say("completeSays")}</p>
      <LongField label={say("value")} mono rows={6} value={text} onChange={(event) => setText(event.target.value)} />
      {halt.ports.length > 1 && <SelectField label={say("port")} value={port} options={ports} onChange={setPort} />}
    </Confirm>
  );
}

function FailDialog({ halt, acts, onClose }: AskedProps): JSX.Element {
  const [type, setType] = useState("debugged");
  const [message, setMessage] = useState("");
  const error = { type: type.trim() || "debugged", message: message.trim() || "a person let it fail" };
  return (
    <Confirm title={say("fail")} does={say("failDoes")} onDo={() => acts.release(halt, { action: "fail", error })} onClose={onClose}>
      <p>{say("failSays")}</p>
      <TextField label={say("type")} mono value={type} onChange={(event) => setType(event.target.value)} />
      <TextField label={say("message")} value={message} onChange={(event) => setMessage(event.target.value)} />
    </Confirm>
  );
}

function split(what: string): [string, string] {
  const space = what.indexOf(" ");
  return space < 0 ? [what, ""] : [what.slice(0, space), what.slice(space + 1)];
}

function read(text: string): Json | Error {
  try {
    return parse(text.trim() === "" ? "null" : text);
  } catch (error) {
    return error as Error;
  }
}
