/** What can be done with an execution; each says what it will do before it does it, and that it is durable after. */

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type JSX, memo, useCallback, useState } from "react";
import { api, ask } from "../../api/client";
import { type Json, parse } from "../../api/exact";
import { freshKey } from "../../api/fresh";
import { useItems } from "../../frame/commands";
import { hasEnded } from "../../graph/status";
import { apart } from "../../parts/apart";
import { Confirm } from "../../parts/confirm";
import { LongField, TextField } from "../../parts/field";
import { Menu, type MenuItem } from "../../parts/menu";
import { toast } from "../../parts/toast";
import type { State } from "./data";
import { namedAt } from "./moment";
import { say } from "./words";

const PLAIN = ["pause", "resume", "cancel", "terminate"] as const;
type Plain = (typeof PLAIN)[number];
type Doing = Plain | "signal";

const ForkDialog = apart(async () => (await import("../../fork/fork-dialog")).ForkDialog);
const RecordDialog = apart(async () => (await import("../../record/record-dialog")).RecordDialog);

interface ActionsProps {
  readonly id: string;
  readonly state: State;
  /** The event that is looked at; undefined is now. */
  readonly at: number | undefined;
  /** Whether it has failed, as it is now. */
  readonly hasFailed: boolean;
  readonly onDone: () => void;
}

/** What a new execution goes on from: the state that was shown, and after which event; null is before the failure. */
type Source = { readonly state: State; readonly at: number | null };

export const Actions = memo(function Actions({ id, state, at, hasFailed, onDone }: ActionsProps): JSX.Element {
  const navigate = useNavigate();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [isRecording, record] = useState(false);
  const [source, goOn] = useState<Source | null>(null);
  const [key] = useState(() => new Map<Doing, string>());
  const not = hasEnded(state.status) ? say("ended") : undefined;
  const isPaused = state.status === "paused";
  const item = (one: Doing, why?: string): MenuItem => ({ id: one, says: say(one), not: not ?? why, run: () => open(one) });
  const open = (one: Doing) => {
    key.set(one, freshKey()); // pressed twice it is one
    setDoing(one);
  };
  const done = (what: Doing) => {
    toast({ says: say("done", { what: say(what) }) });
    onDone();
  };
  const compare: MenuItem = { id: "compare", says: say("compare"), run: () => void navigate({ to: "/compare", search: { left: namedAt(id, at) } }) };
  const fork: MenuItem = { id: "fork", says: say("fork"), run: () => goOn({ state, at: at ?? state.at }) };
  const retry: MenuItem = { id: "retry", says: say("retryAll"), not: hasFailed ? undefined : say("notFailed"), run: () => goOn({ state, at: null }) };
  const items = [item("signal"), isPaused ? item("resume") : item("pause"), item("cancel"), item("terminate"), fork, retry, compare, { id: "record", says: say("record"), run: () => record(true) }];
  useItems(items, say("title"));
  const close = () => setDoing(null);
  return (
    <>
      <Menu says={say("does")} items={items} />
      {source !== null && <ForkDialog id={id} {...source} onClose={() => goOn(null)} />}
      {isRecording && <RecordDialog id={id} onClose={() => record(false)} />}
      {doing === "signal" && <SignalDialog id={id} state={state} idempotency={key.get("signal") ?? ""} onDone={() => done("signal")} onClose={close} />}
      {doing !== null && doing !== "signal" && <PlainDialog id={id} what={doing} onDone={() => done(doing)} onClose={close} />}
    </>
  );
});

interface DialogProps {
  readonly id: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function PlainDialog({ id, what, onDone, onClose }: DialogProps & { what: Plain }): JSX.Element {
  const [reason, setReason] = useState("");
  const go = async () => {
    const asked = { params: { path: { execution: id } }, body: { reason } };
    if (what === "pause") await ask(api.POST("/v1/executions/{execution}/pause", asked));
    else if (what === "resume") await ask(api.POST("/v1/executions/{execution}/resume", { params: asked.params }));
    else if (what === "cancel") await ask(api.POST("/v1/executions/{execution}/cancel", asked));
    else await ask(api.POST("/v1/executions/{execution}/terminate", asked));
    onDone();
  };
  return (
    <Confirm title={say(what)} does={say(what)} onDo={go} onClose={onClose}>
      <p>{say(`${what}Says`)}</p>
      {what !== "resume" && <TextField label={say("reason")} value={reason} onChange={(event) => setReason(event.target.value)} />}
    </Confirm>
  );
}

function SignalDialog({ id, state, idempotency, onDone, onClose }: DialogProps & { state: State; idempotency: string }): JSX.Element {
  const waited = state.waiting_for.flatMap((one) => (one.for === "signal" ? (one.names ?? []) : []));
  const [name, setName] = useState(waited[0] ?? "");
  const [payload, setPayload] = useState("{}");
  const wrong = wrongIn(payload);
  const go = async () => {
    await ask(
      api.POST("/v1/executions/{execution}/signals/{name}", { params: { path: { execution: id, name }, header: { "Idempotency-Key": idempotency } }, body: parse(payload) }),
    );
    onDone();
  };
  return (
    <Confirm title={say("signal")} does={say("send")} not={name === "" ? say("signalName") : wrong} onDo={go} onClose={onClose}>
      <TextField label={say("signalName")} mono value={name} list="signals-waited" onChange={(event) => setName(event.target.value)} />
      <datalist id="signals-waited">
        {waited.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <LongField label={say("payload")} mono rows={6} value={payload} problem={wrong} onChange={(event) => setPayload(event.target.value)} />
    </Confirm>
  );
}

function wrongIn(text: string): string | undefined {
  try {
    parse(text) satisfies Json;
    return undefined;
  } catch (error) {
    return say("payloadWrong", { why: (error as Error).message });
  }
}

/** After something was done, what was asked before is asked again. */
export function useAgain(id: string): () => void {
  const client = useQueryClient();
  return useCallback(() => {
    void client.invalidateQueries({ queryKey: ["state", id] });
    void client.invalidateQueries({ queryKey: ["incidents", id] });
  }, [client, id]);
}
