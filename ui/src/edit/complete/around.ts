/** What completion knows of the server, of the definition that is being written, and of what one of its executions has recorded. */

import type { Json } from "../../api/exact";
import type { Room } from "../../graph/outline";
import type { Function_ } from "./expression";
import type { Kind } from "./role";
import type { Language } from "./schema";

/** What an execution has recorded, as far as it is known here. */
export interface Recorded {
  readonly input?: Json;
  readonly trigger?: Json;
  /** By path of the node in the definition. */
  readonly outputs: ReadonlyMap<string, Json>;
}

export const NOTHING: Recorded = { outputs: new Map() };

/** What the server has. */
export interface Catalog {
  readonly language: Language;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly functions: readonly Function_[];
  readonly workflows: readonly string[];
  readonly credentials: readonly string[];
}

/** The definition as it could be read last, and what one of its executions has recorded. */
export interface Around {
  readonly definition: Json;
  readonly outline: Room;
  readonly recorded: Recorded;
  /** By path of a node in the definition, as the server has found them: `nodes[0]`. */
  readonly ports: ReadonlyMap<string, readonly string[]>;
}

export const EMPTY: Around = { definition: {}, outline: { path: "", label: "", where: [], boxes: [], links: [] }, recorded: NOTHING, ports: new Map() };
