/** Publishes the text as it is, after it has shown what is different from what is active. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type JSX, useState } from "react";
import { api, ask } from "../../api/client";
import { freshKey } from "../../api/fresh";
import type { Saver } from "../../edit/saver";
import { asText, headersOf, type Syntax, type Validity } from "../../edit/use-validity";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { unifiedDiff } from "../../parts/diff-lines";
import { TextDiff } from "../../parts/text-diff";
import { toast } from "../../parts/toast";
import { Told } from "../../parts/told";
import { say as sayFrame } from "../../words/en";
import { forget, textOf } from "./drafts";
import css from "./page.module.css";
import { say } from "./words";

interface PublishDialogProps {
  readonly name: string;
  readonly text: string;
  readonly syntax: Syntax;
  readonly base: number | null;
  /** Of this text; null until it is known. */
  readonly validity: Validity | null;
  readonly draft: string;
  readonly saver: Saver;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function PublishDialog({ name, text, syntax, base, validity, draft, saver, onDone, onClose }: PublishDialogProps): JSX.Element {
  const active = useActive(name);
  const client = useQueryClient();
  const [error, setError] = useState<Error | null>(null);
  const [isAtWork, setAtWork] = useState(false);
  const not = validity === null ? say("judging") : validity.valid ? undefined : say("publishWrong");
  const publish = async () => {
    if (isAtWork || not !== undefined || active.data === undefined) return;
    setAtWork(true);
    setError(null);
    try {
      const done = await ask(api.POST("/v1/workflows", { params: { query: { activate: true } }, body: text as never, bodySerializer: asText, headers: headersOf(syntax) }));
      saver.drop();
      await forget(draft, saver.revision).catch(() => undefined); // it is published; a draft that stays behind says the same
      toast({ says: say("published", { n: done.version, name: done.name }) });
      void client.invalidateQueries({ queryKey: ["workflow", done.name] });
      void client.invalidateQueries({ queryKey: ["workflows"] });
      onDone();
    } catch (refused) {
      setError(refused as Error);
      setAtWork(false);
    }
  };
  return (
    <Dialog title={say("publishTitle", { name })} onClose={onClose} width={800}>
      <form
        className={css["publish"]}
        onSubmit={(event) => {
          event.preventDefault();
          void publish();
        }}
      >
        <p>{say("publishSays", { name })}</p>
        {active.data && <Difference name={name} active={active.data} base={base} text={text} />}
        {active.error && <Told error={active.error} />}
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
}

function Difference({ name, active, base, text }: { name: string; active: Active; base: number | null; text: string }): JSX.Element {
  if (active.version === null) return <p className="soft">{say("publishFirst", { name })}</p>;
  const difference = unifiedDiff(active.text, text);
  return (
    <>
      {base !== null && base !== active.version && <p className={css["moved"]}>{say("publishMoved", { base, n: active.version })}</p>}
      <p className="soft">{difference === "" ? say("publishSame") : say("publishAgainst", { n: active.version })}</p>
      {difference !== "" && (
        <div className={css["both"]}>
          <TextDiff says={say("publishAgainst", { n: active.version })} text={difference} />
        </div>
      )}
    </>
  );
}

/** The version that is active now, asked anew for each dialog. */
function useActive(name: string) {
  const [opened] = useState(freshKey);
  return useQuery({
    queryKey: ["publish", name, opened],
    gcTime: 0,
    queryFn: async (): Promise<Active> => {
      const { workflows } = await ask(api.GET("/v1/workflows"));
      if (!workflows.some((one) => one.name === name)) return { version: null, text: "" };
      const active = await ask(api.GET("/v1/workflows/{name}", { params: { path: { name } } }));
      return { version: active.version, text: await textOf(active) };
    },
  });
}
