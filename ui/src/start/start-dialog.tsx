/** Starts an execution: the input as a form where the definition describes it, or as JSON; then a link to what has started. */

import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { type JSX, lazy, Suspense, useMemo, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { type Json, parse, write } from "../api/exact";
import { freshKey } from "../api/fresh";
import { Problem } from "../api/problem";
import type { BreakpointRequest } from "../debug/data";
import { fieldsOf, type Typed, typedOf } from "../form/fields";
import { Form, valueIn } from "../form/form";
import { Button } from "../parts/button";
import { Choice } from "../parts/choice";
import { Dialog } from "../parts/dialog";
import { LongField, TextField } from "../parts/field";
import { State } from "../parts/state";
import { Told } from "../parts/told";
import { say as sayFrame } from "../words/en";
import css from "./start-dialog.module.css";
import { say } from "./words";

const AtStart = lazy(async () => ({ default: (await import("../debug/at-start")).AtStart }));

interface StartDialogProps {
  readonly name: string;
  readonly onClose: () => void;
}

type Started = Schemas["Execution"];

export function StartDialog({ name, onClose }: StartDialogProps): JSX.Element {
  const [started, setStarted] = useState<Started | null>(null);
  const found = useQuery({
    queryKey: ["workflow", name, "active"],
    structuralSharing: false,
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows/{name}", { params: { path: { name } }, signal })),
  });
  return (
    <Dialog title={say("title", { name })} onClose={onClose}>
      {found.error !== null && found.data === undefined && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {started !== null && <Done started={started} />}
      {started === null && found.data !== undefined && (
        <Ask name={name} version={found.data.version} definition={found.data.definition as Json} onStarted={setStarted} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Done({ started }: { started: Started }): JSX.Element {
  const id = started.execution_id;
  return (
    <div className={css["form"]} role="status">
      <p>
        <strong>{say("started")}</strong> <State status={started.status} />
      </p>
      <p className="soft">{say("startedSays")}</p>
      <Link to="/executions/$id" params={{ id }} className={css["link"]} autoFocus>
        {say("open", { id })}
      </Link>
    </div>
  );
}

interface AskProps {
  readonly name: string;
  readonly version: number;
  readonly definition: Json;
  readonly onStarted: (started: Started) => void;
  readonly onClose: () => void;
}

function Ask({ name, version, definition, onStarted, onClose }: AskProps): JSX.Element {
  const schema = (definition as { readonly [key: string]: Json })["input"] ?? null; // what it says of its input
  const [set, setBreakpoints] = useState<readonly BreakpointRequest[] | null>(null);
  const [half, typeBreakpoint] = useState<BreakpointRequest | null>(null);
  const breakpoints = [...(set ?? []), ...(half === null ? [] : [half])];
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [shape, setShape] = useState<"form" | "json">(fields === null ? "json" : "form");
  const [typed, setTyped] = useState<Typed>({});
  const [text, setText] = useState("{}");
  const [id, setId] = useState("");
  const [isTried, setTried] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [isAtWork, setAtWork] = useState(false);
  const [key] = useState(freshKey); // pressed twice it is one
  const made = valueIn(schema, typed);
  const isForm = fields !== null && shape === "form";
  const isWrong = Object.keys(made.problems).length > 0;
  const read = isForm ? made.value : readJson(text);
  const not = read instanceof Error ? say("wrong", { why: read.message }) : isForm && isTried && isWrong ? say("fields") : undefined;
  const problems = useMemo(() => ({ ...problemsOf(error), ...(isTried ? made.problems : {}) }), [error, isTried, made]);
  const change = (to: "form" | "json") => {
    if (read instanceof Error || fields === null) return;
    if (to === "json") setText(write(read, 2));
    else setTyped(typedOf(fields, read));
    setShape(to);
  };
  const start = async () => {
    setTried(true);
    if (isAtWork || read instanceof Error || (isForm && isWrong)) return;
    setAtWork(true);
    setError(null);
    try {
      const own = id.trim() || null; // an id of one's own counts once by itself
      const params = { path: { name }, header: own === null ? { "Idempotency-Key": key } : {} };
      const body = { autostart: true, input: read, execution_id: own, priority: null, start_at: null, variables: null, breakpoints: breakpoints.length === 0 ? null : breakpoints };
      onStarted(await ask(api.POST("/v1/workflows/{name}/executions", { params, body })));
    } catch (refused) {
      setError(refused as Error);
    } finally {
      setAtWork(false);
    }
  };
  return (
    <form
      className={css["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <p className="soft">{fields === null ? say("takesNothing", { name }) : say("says", { n: version })}</p>
      {fields !== null && (
        <Choice
          label={say("shownAs")}
          chosen={shape}
          onChoose={change}
          options={[
            { value: "form", says: say("form") },
            { value: "json", says: say("json") },
          ]}
        />
      )}
      {isForm ? (
        <Form schema={schema} typed={typed} onType={setTyped} problems={problems} />
      ) : (
        <LongField label={say("input")} mono rows={8} value={text} problem={read instanceof Error ? not : undefined} onChange={(event) => setText(event.target.value)} />
      )}
      <TextField label={say("id")} mono value={id} onChange={(event) => setId(event.target.value)} />
      <details className={css["more"]} onToggle={() => set ?? setBreakpoints([])}>
        <summary>{say("breakpoints", { n: breakpoints.length })}</summary>
        <Suspense>{set !== null && <AtStart definition={definition} breakpoints={set} onBreakpoints={setBreakpoints} onTyped={typeBreakpoint} />}</Suspense>
      </details>
      {error && <Told error={error} />}
      <div className={css["buttons"]}>
        {not && <span className="soft">{not}</span>}
        <Button onClick={onClose}>{sayFrame("notNow")}</Button>
        <Button look="main" icon="play" type="submit" aria-disabled={isAtWork || not !== undefined}>
          {say("start")}
        </Button>
      </div>
    </form>
  );
}

function readJson(text: string): Json | Error {
  try {
    return parse(text.trim() === "" ? "{}" : text);
  } catch (error) {
    return error as Error;
  }
}

/** By name of the field: what is deeper stands at the field that it is in. */
function problemsOf(error: Error | null): Readonly<Record<string, string>> {
  return Object.fromEntries(error instanceof Problem ? error.problems.map(({ path, message }) => [path.split("/")[1]?.replaceAll("~1", "/").replaceAll("~0", "~") ?? "", message]) : []);
}
