/** The plan of test runs of a draft as this browser keeps it, and how one is begun. */

import { type Dispatch, type SetStateAction, useEffect, useRef, useState } from "react";
import { api, ask } from "../../../api/client";
import { write } from "../../../api/exact";
import { freshKey } from "../../../api/fresh";
import { type Found, Problem } from "../../../api/problem";
import type { Syntax } from "../../../edit/use-validity";
import { askedOf, byPlace, FIRST, type Plan, planIn } from "./plan";
import { say } from "./words";

const KEPT = "refold.test.";

/** An input that has a secret in it is kept nowhere. */
export function usePlan(draft: string, isSecret: boolean): readonly [Plan, Dispatch<SetStateAction<Plan>>] {
  const [plan, setPlan] = useState(() => planIn(keptAt(KEPT + draft)));
  useEffect(() => {
    try {
      localStorage.setItem(KEPT + draft, JSON.stringify(isSecret ? { ...plan, input: FIRST.input } : plan)); // texts alone
    } catch {
      // it holds until the page is left
    }
  }, [draft, plan, isSecret]);
  return [plan, setPlan];
}

function keptAt(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export interface Starting {
  readonly start: () => Promise<void>;
  readonly isAtWork: boolean;
  readonly error: Error | null;
  /** By where they stand: `byPlace`. */
  readonly problems: ReadonlyMap<string, readonly Found[]>;
  /** The text of the run that was begun here; null where none was. */
  readonly ranText: string | null;
}

const NONE: ReadonlyMap<string, readonly Found[]> = new Map();

/** What is asked for again after nobody answered is the same test run; what was answered is over. */
export function useStart(plan: Plan, text: string, syntax: Syntax, onStarted: (id: string) => void): Starting {
  const [isAtWork, setAtWork] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [problems, setProblems] = useState(NONE);
  const [ranText, setRanText] = useState<string | null>(null);
  const asking = useRef({ body: "", key: "" });
  const start = async () => {
    if (isAtWork) return;
    const { pins, input, wrong } = askedOf(plan);
    const no = Object.entries(wrong).map(([at, why]): [string, Found[]] => [at, [{ path: at, rule: "json", message: say("noJson", { why }) }]]);
    setProblems(new Map(no));
    setError(no.length > 0 ? new Error(say("notYet")) : null);
    if (no.length > 0) return;
    const body = { definition: text, syntax, draft: null, workflow: null, version: null, input, variables: null, pins, stop_before: [...plan.stops], skip_time: plan.skip !== "none", skip_timeouts: plan.skip === "all", unpinned: plan.unpinned };
    const written = write(body);
    if (asking.current.body !== written) asking.current = { body: written, key: freshKey() };
    setAtWork(true);
    try {
      const started = await ask(api.POST("/v1/test-runs", { params: { header: { "Idempotency-Key": asking.current.key } }, body }));
      asking.current = { body: "", key: "" };
      setRanText(text);
      onStarted(started.execution_id);
    } catch (refused) {
      setError(refused as Error);
      if (refused instanceof Problem) setProblems(byPlace(refused.problems, plan.stops));
    } finally {
      setAtWork(false);
    }
  };
  return { start, isAtWork, error, problems, ranText };
}
