/** Values as they were recorded. Of a big one the size and its beginning are shown at once; the rest on demand, or as a file. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, useMemo, useState } from "react";
import { api, ask } from "../../api/client";
import { type Json, parse } from "../../api/exact";
import { ROOT } from "../../api/place";
import { Button } from "../../parts/button";
import { Told } from "../../parts/told";
import { Value } from "../../parts/value";
import css from "./inspector.module.css";
import { type Reference, referenceOf, referencesIn, sizeOf } from "./reference";
import { say } from "./words";

/** So much is shown of it at once. */
const FIRST_BYTES = 65_536;
/** What is larger is only given as a file. */
const SHOWN_BYTES = 32 * 1024 * 1024;

interface RecordedProps {
  /** Of which execution. */
  readonly id: string;
  readonly says: string;
  readonly value: Json;
  readonly linesMax: number;
}

export function Recorded({ id, says, value, linesMax }: RecordedProps): JSX.Element {
  const whole = referenceOf(value);
  const inside = useMemo(() => (whole === null ? referencesIn(value) : []), [value]);
  if (whole !== null) return <Big id={id} says={says} of={whole} linesMax={linesMax} />;
  return (
    <>
      <Value says={says} value={value} linesMax={linesMax} />
      {inside.map(({ path, of }) => (
        <Folded key={path} id={id} says={path} of={of} linesMax={linesMax} />
      ))}
    </>
  );
}

interface BigProps {
  readonly id: string;
  readonly says: string;
  readonly of: Reference;
  readonly linesMax: number;
}

function Folded(props: BigProps): JSX.Element {
  const [isOpen, open] = useState(false);
  return (
    <section className={css["big"]}>
      <p>
        <code>{props.says}</code> {sizeOf(props.of.bytes)} {!isOpen && <Button onClick={() => open(true)}>{say("bigOpen")}</Button>}
      </p>
      {isOpen && <Big {...props} />}
    </section>
  );
}

function Big({ id, says, of: { blob, bytes }, linesMax }: BigProps): JSX.Element {
  const [isWhole, wantWhole] = useState(bytes <= FIRST_BYTES);
  const found = useQuery({
    queryKey: ["value", id, blob, isWhole],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    structuralSharing: false,
    queryFn: async ({ signal }) => {
      const range = isWhole ? {} : { Range: `bytes=0-${FIRST_BYTES - 1}` };
      const text = (await ask(api.GET("/v1/executions/{execution}/values/{blob}", { params: { path: { execution: id, blob } }, headers: range, parseAs: "text", signal }))) as unknown as string;
      return isWhole ? { value: parse(text) } : { text: text.replace(/\uFFFD$/, "") }; // the last character may be cut
    },
  });
  const file = new URL(`v1/executions/${encodeURIComponent(id)}/values/${encodeURIComponent(blob)}?download=${encodeURIComponent("value.json")}`, ROOT);
  return (
    <section className={css["big"]}>
      <p>
        {say(isWhole ? "bigWhole" : "bigFirst", { size: sizeOf(bytes) })} {!isWhole && bytes <= SHOWN_BYTES && <Button onClick={() => wantWhole(true)}>{say("bigAll")}</Button>}{" "}
        <a href={file.href} download="value.json">
          {say("bigFile")}
        </a>
      </p>
      {found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {found.error === null && found.data === undefined && <p className="soft">{say("loading")}</p>}
      {found.data?.text !== undefined && (
        <pre className={css["first"]} tabIndex={0} aria-label={says} translate="no">
          {found.data.text}
        </pre>
      )}
      {found.data?.value !== undefined && <Value says={says} value={found.data.value} linesMax={linesMax} />}
    </section>
  );
}
