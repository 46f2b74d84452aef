/** A new credential, of one of the kinds that the server has. */

import { type JSX, useState } from "react";
import { Confirm } from "../../parts/confirm";
import { Copyable } from "../../parts/copyable";
import { SelectField, TextField } from "../../parts/field";
import { Told } from "../../parts/told";
import { toast } from "../../parts/toast";
import { create, type Kind, NAME, redirectUri, useKinds } from "./data";
import css from "./page.module.css";
import { lacking, type Typed, typedFor, ValueFields, valuesOf } from "./value-fields";
import { say } from "./words";

interface CreateProps {
  readonly onDone: (name: string) => Promise<void>;
  readonly onClose: () => void;
}

export function Create({ onDone, onClose }: CreateProps): JSX.Element {
  const found = useKinds();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [typed, setTyped] = useState<Typed | null>(null);
  const [summary, setSummary] = useState("");
  const [workflows, setWorkflows] = useState("");
  const kinds = found.data?.kinds ?? [];
  const kind: Kind | undefined = kinds.find((one) => one.kind === (chosen ?? "bearer")) ?? kinds[0];
  const values = typed ?? (kind === undefined ? [] : typedFor(kind));
  const isNamed = NAME.test(name);
  const not = kind === undefined ? "" : name === "" ? say("missing", { name: say("name") }) : isNamed ? lacking(kind, values) : "";
  const go = async () => {
    if (kind === undefined) return;
    const may = workflows.split(",").map((one) => one.trim()).filter(Boolean);
    await create({ name, kind: kind.kind, values: valuesOf(values), summary: summary.trim(), workflows: may });
    toast({ says: say("kept", { name }) });
    await onDone(name);
  };
  return (
    <Confirm title={say("create")} does={say("create")} not={not} onDo={go} onClose={onClose}>
      <p>{say("createDoes")}</p>
      {found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      <TextField mono label={say("name")} value={name} maxLength={63} problem={name === "" || isNamed ? undefined : say("nameSays")} onChange={(event) => setName(event.target.value)} />
      {kind !== undefined && (
        <>
          <SelectField
            label={say("kind")}
            value={kind.kind}
            options={kinds.map((one) => ({ value: one.kind, says: `${one.kind}: ${one.summary}` }))}
            onChange={(next) => {
              setChosen(next);
              setTyped(null);
            }}
          />
          <ValueFields key={kind.kind} kind={kind} typed={values} onType={setTyped} />
        </>
      )}
      {kind?.kind === "oauth2" && (
        <p className={css["register"]}>
          {say("redirect")}: <Copyable text={redirectUri(found.data?.redirect_uri ?? null)} />
        </p>
      )}
      <TextField label={say("summary")} value={summary} maxLength={500} onChange={(event) => setSummary(event.target.value)} />
      <TextField label={say("notAllowed")} value={workflows} onChange={(event) => setWorkflows(event.target.value)} />
    </Confirm>
  );
}
