/** What the server says of a text, a moment after it was last changed; an answer that comes late is dropped. */

import { useEffect, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { Problem } from "../api/problem";

export type Validity = Schemas["Validity"];
export type Syntax = "yaml" | "json";

const PAUSE_MS = 150;
const AGAIN_MS = 3_000;

export interface Judged {
  /** Of the text as it is; null until it is known. */
  readonly validity: Validity | null;
  /** Why nothing is known of it. */
  readonly error: Error | null;
}

export function useValidity(text: string, syntax: Syntax): Judged {
  const [judged, setJudged] = useState<Judged & { text: string }>({ text: "", validity: null, error: null });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let again = 0;
    const timer = window.setTimeout(async () => {
      try {
        const validity = await validate(text, syntax, stop.signal);
        if (!stop.signal.aborted) setJudged({ text, validity, error: null });
      } catch (error) {
        if (stop.signal.aborted) return;
        setJudged({ text, validity: null, error: error as Error });
        if (error instanceof Problem && error.isPassing) again = window.setTimeout(() => setTries((before) => before + 1), AGAIN_MS);
      }
    }, PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
      window.clearTimeout(again);
      stop.abort();
    };
  }, [text, syntax, tries]);
  return judged.text === text ? judged : { validity: null, error: null };
}

export function headersOf(syntax: Syntax): { "Content-Type": string } {
  return { "Content-Type": `application/${syntax}` };
}

/** The text goes out as it is: never as JSON that was written here, whose numbers would be others. */
export function asText(body: unknown): string {
  return body as string;
}

async function validate(text: string, syntax: Syntax, signal: AbortSignal): Promise<Validity> {
  return ask(api.POST("/v1/workflows/validate", { body: text as never, bodySerializer: asText, headers: headersOf(syntax), signal }));
}
