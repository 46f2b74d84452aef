/** An execution as a test of its workflow: to be read, copied, and saved as the file that `refold test` runs. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { type Json, write } from "../api/exact";
import { Button } from "../parts/button";
import { copy } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { Told } from "../parts/told";
import css from "./record.module.css";
import { say } from "./words";

export function RecordDialog({ id, onClose }: { id: string; onClose: () => void }): JSX.Element {
  const found = useQuery({
    queryKey: ["recorded test", id],
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => ask(api.GET("/v1/executions/{execution}/test", { params: { path: { execution: id } }, signal })),
  });
  return (
    <Dialog title={found.data === undefined ? say("titleOf", { id }) : say("title", { workflow: found.data.workflow })} width={640} onClose={onClose}>
      {found.error !== null && <Told error={found.error} onRetry={() => void found.refetch()} />}
      {found.error === null && found.data === undefined && <p className="soft">{say("loading")}</p>}
      {found.data !== undefined && <Written test={found.data} />}
    </Dialog>
  );
}

function Written({ test: { workflow, text, differences } }: { test: Schemas["RecordedTest"] }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const name = `${workflow}.test.yaml`;
  return (
    <div className={css["record"]}>
      <p className="soft">{say("says")}</p>
      {differences.length > 0 && (
        <div role="note">
          {say("otherwise")}
          <ul>
            {differences.map((one, at) => (
              <li key={at}>{say("difference", { what: String(one["what"]), expected: write((one["expected"] ?? null) as Json), found: write((one["found"] ?? null) as Json) })}</li>
            ))}
          </ul>
        </div>
      )}
      <pre tabIndex={0} aria-label={say("text")} translate="no">
        {text}
      </pre>
      <div className={css["buttons"]}>
        <Button icon={isCopied ? "check" : "copy"} onClick={() => void copy(text).then(() => setCopied(true))}>
          {say(isCopied ? "copied" : "copy")}
        </Button>
        <Button look="main" onClick={() => save(name, text)}>
          {say("file", { name })}
        </Button>
      </div>
    </div>
  );
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
