/** A breakpoint as it is typed, and the request that it makes. Pure. */

import type { BreakpointRequest } from "./data";

export const ONS = ["begin", "failure", "change"] as const;
export type On = (typeof ONS)[number];

export interface Draft {
  readonly on: On;
  readonly node: string;
  readonly variable: string;
  readonly condition: string;
  readonly halts: "branch" | "all";
  readonly timeout: string;
}

export function draftAt(node: string): Draft {
  return { on: "begin", node, variable: "", condition: "", halts: "branch", timeout: "" };
}

/** What is missing in it, by the word for that; null where it can be set. */
export function missing({ on, node, variable }: Draft): "nodeMissing" | "variableMissing" | null {
  if (on === "change") return variable.trim() === "" ? "variableMissing" : null;
  return node.trim() === "" ? "nodeMissing" : null;
}

export function requestOf({ on, node, variable, condition, halts, timeout }: Draft): BreakpointRequest {
  const isChange = on === "change";
  return {
    node: isChange ? null : node.trim(),
    variable: isChange ? variable.trim() : null,
    on: isChange ? "begin" : on,
    if: condition.trim() || null,
    halts,
    timeout: timeout.trim() || null,
  };
}
