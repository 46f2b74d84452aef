/** What an expression would give on an execution, a moment after it was last changed. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";

export type Evaluation = Schemas["Evaluation"];

const PAUSE_MS = 250;

export interface Sample {
  readonly execution: string;
  /** The node of the definition. */
  readonly node: string;
  /** As its edges see it: with what it gave. */
  readonly ended: boolean;
}

export function usePreview(sample: Sample | null, text: string, isTemplate: boolean) {
  const settled = useSettled(text);
  const asks = settled.trim() !== "" && (!isTemplate || settled.includes("{{"));
  const { data, error } = useQuery({
    queryKey: ["preview", sample?.execution, sample?.node, sample?.ended, isTemplate, settled],
    enabled: sample !== null && asks,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    retry: false,
    queryFn: ({ signal }) => {
      const { execution, node, ended } = sample as Sample;
      const expressions = [{ kind: isTemplate ? ("template" as const) : ("expression" as const), text: settled }];
      return ask(api.POST("/v1/expressions/evaluate", { body: { execution, node, at: null, ended, expressions }, signal }));
    },
  });
  return sample === null || !asks ? null : { evaluation: data, error };
}

/** The same, once it has not changed for a while. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}
