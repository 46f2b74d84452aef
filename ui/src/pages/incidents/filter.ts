/** A cause as an expression of its incidents. */

import { quoted } from "../../filter/cel";
import type { IncidentsSearch } from "./route";

/** The incidents of a cause. */
export function ofCause({ workflow = "", node = "", type = "", shape = "" }: IncidentsSearch): string {
  return `workflow == ${quoted(workflow)} && node == ${quoted(node)} && error.type == ${quoted(type)} && error.shape == ${quoted(shape)}`;
}
