/** The key that sets the first breakpoint of an execution: what debugs is loaded once there is one, or it halts. */

import { api, ask } from "../../api/client";
import { useOffered } from "../../frame/commands";
import { toast } from "../../parts/toast";
import { say } from "./words";

/** `node`: the one that is chosen; null where none is, or nothing can halt, or others see to it. */
export function useBreakKey(execution: string, node: string | null): void {
  const set = async () => {
    const one = { node, variable: null, on: "begin", if: null, halts: "branch", timeout: null } as const;
    await ask(api.POST("/v1/executions/{execution}/breakpoints", { params: { path: { execution } }, body: { set: [one], remove: null } }));
    toast({ says: say("breakSet", { node: node ?? "" }) });
  };
  useOffered(node === null ? [] : [{ id: "first-break", says: say("breakHere", { node }), keys: "b", group: say("title"), run: () => void set().catch((error: Error) => toast({ says: error.message })) }]);
}
