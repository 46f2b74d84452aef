/** Publishes the text as it is, after it has shown what is different from what is active. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type JSX, useState } from "react";
import { api, ask } from "../../api/client";
import { freshKey } from "../../api/fresh";
import type { Json } from "../../api/exact";
import { Differences, type Shown } from "../../compare/differences";
import type { Saver } from "../../edit/saver";
import { asText, headersOf, type Syntax, type Validity } from "../../edit/use-validity";
import { outlineOf, type Room } from "../../graph/outline";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { unifiedDiff } from "../../parts/diff-lines";
import { Mark } from "../../parts/state";
import { TextDiff } from "../../parts/text-diff";
import { toast } from "../../parts/toast";
import { Told } from "../../parts/told";
import { say as sayFrame } from "../../words/en";
import { forget, textOf } from "./drafts";
import css from "./page.module.css";
import { say as sayPublish } from "./publish-words";
import { WhatIf } from "./what-if";
import { say } from "./words";

interface PublishDialogProps {
  readonly name: string;
  readonly text: string;
  readonly syntax: Syntax;
  readonly base: number | null;
  /** Its graph, where it could be read. */
  readonly outline: Room | null;
  /** Of this text; null until it is known. */
  readonly validity: Validity | null;
  readonly draft: string;
  readonly saver: Saver;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function PublishDialog({ name, text, syntax, base, outline, validity, draft, saver, onDone, onClose }: PublishDialogProps): JSX.Element {
  const active = useActive(name);
  const client = useQueryClient();
  const [error, setError] = useState<Error | null>(null);
  const [isAtWork, setAtWork] = useState(false);
  const not = validity === null ? say("judging") : validity.valid ? undefined : sayPublish("publishWrong");
  const publish = async () => {
    if (isAtWork || not !== undefined || active.data === undefined) return;
    setAtWork(true);
    setError(null);
    try {
      const done = await ask(api.POST("/v1/workflows", { params: { query: { activate: true } }, body: text as never, bodySerializer: asText, headers: headersOf(syntax) }));
      saver.drop();
      await forget(draft, saver.revision).catch(() => undefined); // it is published; a draft that stays behind says the same
      toast({ says: sayPublish("published", { n: done.version, name: done.name }) });
      void client.invalidateQueries({ queryKey: ["workflow", done.name] });
      void client.invalidateQueries({ queryKey: ["workflows"] });
      onDone();
    } catch (refused) {
      setError(refused as Error);
      setAtWork(false);
    }
  };
  return (
    <Dialog title={sayPublish("publishTitle", { name })} onClose={onClose} width={960}>
      <form
        className={css["publish"]}
        onSubmit={(event) => {
          event.preventDefault();
          void publish();
        }}
      >
        <p>{sayPublish("publishSays", { name })}</p>
        {validity && <Said validity={validity} />}
        {active.data && <Difference name={name} active={active.data} base={base} text={text} syntax={syntax} outline={outline} isValid={validity?.valid === true} />}
        {active.error && <Told error={active.error} />}
        {active.data?.version != null && <WhatIf key={text} text={text} syntax={syntax} isValid={validity?.valid === true} />}
        {error && <Told error={error} />}
        <div className={css["buttons"]}>
          {not && <span className="soft">{not}</span>}
          <Button onClick={onClose}>{sayFrame("notNow")}</Button>
          <Button look="main" type="submit" aria-disabled={isAtWork || not !== undefined || active.data === undefined}>
            {say("publish")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface Active {
  readonly version: number | null;
  readonly text: string;
  readonly outline: Room | null;
}

interface DifferenceProps {
  readonly name: string;
  readonly active: Active;
  readonly base: number | null;
  readonly text: string;
  readonly syntax: Syntax;
  readonly outline: Room | null;
  readonly isValid: boolean;
}

/** By node where it could be published; of what could not only the texts are compared. */
function Difference({ name, active, base, text, syntax, outline, isValid }: DifferenceProps): JSX.Element {
  const found = useChanges(name, active.version, text, syntax, isValid);
  const [shown, show] = useState<Shown>({ view: "nodes", isMovedShown: false, node: null, closed: [] });
  if (active.version === null) return <p className="soft">{sayPublish("publishFirst", { name })}</p>;
  const says = sayPublish("publishAgainst", { n: active.version });
  const difference = unifiedDiff(active.text, text);
  return (
    <>
      {base !== null && base !== active.version && <p className={css["moved"]}>{sayPublish("publishMoved", { base, n: active.version })}</p>}
      <p className="soft">{difference === "" ? sayPublish("publishSame") : says}</p>
      {isValid && found.error !== null && <Told error={found.error} />}
      {found.data !== undefined && difference !== "" && active.outline !== null && outline !== null && (
        <div className={css["compared"]}>
          <Differences says={says} changes={found.data.changes} before={active.outline} after={outline} text={difference} textOf="source" shown={shown} onShow={(changed) => show((before) => ({ ...before, ...changed }))} />
        </div>
      )}
      {!isValid && difference !== "" && (
        <div className={css["both"]}>
          <TextDiff says={says} text={difference} />
        </div>
      )}
    </>
  );
}

/** What has to be mended, and what may be meant: a few of each, all of them stand at their lines. */
function Said({ validity }: { validity: Validity }): JSX.Element | null {
  const all = [...validity.problems.map((one) => ({ ...one, look: "failed" as const })), ...validity.warnings.map((one) => ({ ...one, look: "incident" as const }))];
  if (all.length === 0) return null;
  return (
    <ul className={css["said"]} aria-label={sayPublish("publishSaid", { problems: validity.problems.length, warnings: validity.warnings.length })}>
      {all.slice(0, SAID_MAX).map(({ path, message, look }, at) => (
        <li key={at}>
          <Mark look={look} size={14} /> <code translate="no">{path}</code> <span translate="no">{message}</span>
        </li>
      ))}
      {all.length > SAID_MAX && <li className="soft">{sayPublish("publishMore", { n: all.length - SAID_MAX })}</li>}
    </ul>
  );
}

const SAID_MAX = 8;

/** What the text says otherwise than the active version, as the server reads both. */
function useChanges(name: string, before: number | null, text: string, syntax: Syntax, isValid: boolean) {
  return useQuery({
    queryKey: ["publish", name, "changes", before, syntax, text],
    enabled: before !== null && isValid,
    gcTime: 0,
    structuralSharing: false,
    queryFn: () => ask(api.POST("/v1/workflows/{name}/versions/{before}/diff", { params: { path: { name, before: before as number } }, body: text as never, bodySerializer: asText, headers: headersOf(syntax) })),
  });
}

/** The version that is active now, asked anew for each dialog. */
function useActive(name: string) {
  const [opened] = useState(freshKey);
  return useQuery({
    queryKey: ["publish", name, opened],
    gcTime: 0,
    structuralSharing: false,
    queryFn: async (): Promise<Active> => {
      const { workflows } = await ask(api.GET("/v1/workflows"));
      if (!workflows.some((one) => one.name === name)) return { version: null, text: "", outline: null };
      const active = await ask(api.GET("/v1/workflows/{name}", { params: { path: { name } } }));
      return { version: active.version, text: await textOf(active), outline: outlineOf(active.definition as Json) };
    },
  });
}
