/** Other values for a credential: all of them, as nobody is shown those that it has. */

import { type JSX, useState } from "react";
import { Confirm } from "../../parts/confirm";
import { TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { type Credential, rotate, useKinds } from "./data";
import { lacking, type Typed, typedFor, ValueFields, valuesOf } from "./value-fields";
import { say } from "./words";

interface RotateProps {
  readonly of: Credential;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}

export function Rotate({ of: { name, kind: called, version }, onDone, onClose }: RotateProps): JSX.Element {
  const kind = useKinds().data?.kinds.find((one) => one.kind === called);
  const [typed, setTyped] = useState<Typed | null>(null);
  const [overlap, setOverlap] = useState("1h");
  const values = typed ?? (kind === undefined ? [] : typedFor(kind));
  const go = async () => {
    const made = await rotate(name, valuesOf(values), overlap.trim());
    toast({ says: made.version === version ? say("same", { name }) : say("rotated", { name, version: made.version }) });
    await onDone();
  };
  return (
    <Confirm title={`${say("rotate")}: ${name}`} does={say("rotate")} not={kind === undefined ? "" : lacking(kind, values)} onDo={go} onClose={onClose}>
      <p>{say("rotateDoes")}</p>
      {kind !== undefined && <ValueFields kind={kind} typed={values} onType={setTyped} />}
      <TextField mono label={say("overlap")} value={overlap} onChange={(event) => setOverlap(event.target.value)} />
    </Confirm>
  );
}
