/** Where a fork comes from: a link to that moment of its source, and to one of its runs there. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import type { Schemas } from "../../api/client";
import { say } from "./words";

export function ForkOf({ of: { execution_id: id, at }, run }: { of: Schemas["ForkedFrom"]; run?: string }): JSX.Element {
  return <Link to="/executions/$id" params={{ id }} search={{ at, node: run }}>{say(run === undefined ? "forkOf" : "inSource", { id, at })}</Link>;
} // prettier-ignore
