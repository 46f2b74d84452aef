/** Goes on from an event of an execution, or before its failure, as a new one: with other values, by another version, or just once more. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type JSX, useMemo, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { type Json, write } from "../api/exact";
import { freshKey } from "../api/fresh";
import { Button } from "../parts/button";
import { Confirm } from "../parts/confirm";
import { LongField, SelectField, TextField } from "../parts/field";
import { toast } from "../parts/toast";
import { editsIn, withLine, Wrong } from "./edits";
import css from "./fork.module.css";
import { say } from "./words";

interface ForkDialogProps {
  readonly id: string;
  /** The source as it was after the event that one goes on from; of a retry as it is. */
  readonly state: Schemas["State"];
  /** The event that is there first; null to go on before the failure. */
  readonly at: number | null;
  readonly onClose: () => void;
}

export function ForkDialog({ id, state, at: first, onClose }: ForkDialogProps): JSX.Element {
  const navigate = useNavigate();
  const [at, setAt] = useState(String(first ?? ""));
  const [text, setText] = useState("");
  const [version, setVersion] = useState("");
  const [own, setOwn] = useState("");
  const edits = useMemo(() => editsIn(text), [text]);
  const isRetry = first === null;
  const wrongAt = isRetry || WHOLE.test(at.trim()) ? undefined : say("atWrong");
  const wrongSet = edits instanceof Wrong ? say(edits.what, { ...edits }) : undefined;
  const set = edits instanceof Wrong || Object.keys(edits).length === 0 ? null : edits;
  const body = { set, version: version === "" ? null : Number(version), id: own.trim() || null };
  const asked = write([at, body as unknown as Json]);
  const key = useMemo(freshKey, [asked]); // pressed twice it is one, and what is asked otherwise is another one
  const go = async () => {
    const params = { path: { execution: id }, header: body.id === null ? { "Idempotency-Key": key } : {} };
    const made = await ask(
      isRetry
        ? api.POST("/v1/executions/{execution}/retry", { params, body })
        : api.POST("/v1/executions/{execution}/fork", { params, body: { ...body, at: Number(at), until: null } }),
    );
    tell(made);
    void navigate({ to: "/executions/$id", params: { id: made.execution_id } });
  };
  return (
    <Confirm title={say(isRetry ? "retry" : "fork", { id })} does={say(isRetry ? "doRetry" : "doFork")} not={wrongAt ?? wrongSet} onDo={go} onClose={onClose}>
      <p className={css["says"]}>{say(isRetry ? "retrySays" : "forkSays", { id })}</p>
      {!isRetry && <TextField label={say("at")} inputMode="numeric" value={at} problem={wrongAt} onChange={(event) => setAt(event.target.value)} />}
      <LongField label={say("set")} mono rows={3} placeholder={say("setEmpty")} value={text} problem={wrongSet} onChange={(event) => setText(event.target.value)} />
      <Adds state={state} isKnown={isRetry ? state.status === "failed" : at.trim() === String(state.at)} not={edits} onAdd={(path, value) => setText(withLine(text, path, value))} />
      <p className="soft">{say("setSays")}</p>
      <Versions id={id} workflow={state.workflow} used={state.version} chosen={version} onChoose={setVersion} />
      <TextField label={say("id")} mono value={own} onChange={(event) => setOwn(event.target.value)} />
    </Confirm>
  );
}

const WHOLE = /^0*[1-9]\d{0,14}$/;

function tell({ execution_id: id, source, at, new_calls }: Schemas["Forked"]): void {
  toast({ says: `${say("done", { id, source, at })} ${new_calls.length === 0 ? "" : say("asks", { source, nodes: new_calls.join(", ") })}`.trim() });
}

const ADDS_MAX = 8;

interface AddsProps {
  readonly state: Schemas["State"];
  /** Whether the values are those of the event that one goes on from. */
  readonly isKnown: boolean;
  readonly not: object;
  readonly onAdd: (path: string, value: Json | undefined) => void;
}

/** What can be set, by a press: a line of it comes to the others, with its value as it was. */
function Adds({ state, isKnown, not, onAdd }: AddsProps): JSX.Element {
  const variables = Object.entries(state.variables as Record<string, Json>).map(([name, value]) => [`variables.${name}`, value] as const);
  const all: readonly (readonly [string, Json])[] = [...variables.slice(0, ADDS_MAX - 1), ["input", (state.input ?? null) as Json]];
  return (
    <div className={css["adds"]}>
      {all
        .filter(([path]) => !Object.hasOwn(not, path))
        .map(([path, value]) => (
          <Button key={path} onClick={() => onAdd(path, isKnown ? value : undefined)}>
            <code>{path}</code>
          </Button>
        ))}
    </div>
  );
}

interface VersionsProps {
  readonly id: string;
  readonly workflow: string;
  /** By which the source goes; 0 is none that was published. */
  readonly used: number;
  readonly chosen: string;
  readonly onChoose: (version: string) => void;
}

function Versions({ id, workflow, used, chosen, onChoose }: VersionsProps): JSX.Element | null {
  const found = useQuery({
    queryKey: ["workflow", workflow, "versions"],
    enabled: used > 0,
    queryFn: ({ signal }) => ask(api.GET("/v1/workflows/{name}/versions", { params: { path: { name: workflow } }, signal })),
  });
  const others = (found.data?.versions ?? []).filter(({ version }) => version !== used).sort((one, other) => other.version - one.version);
  if (others.length === 0) return null;
  const options = others.map(({ version: n, status }) => ({ value: String(n), says: say(status === "active" ? "active" : "other", { n }) }));
  return <SelectField label={say("version")} value={chosen} options={[{ value: "", says: say("same", { id }) }, ...options]} onChange={onChoose} />;
}
