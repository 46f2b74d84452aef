/** Views in the palette, wherever one is. */

import { useNavigate } from "@tanstack/react-router";
import { useOffered } from "./commands";
import { useViews } from "../views/data";
import { say } from "../views/words";

export function ViewCommands(): null {
  const { views } = useViews();
  const navigate = useNavigate();
  useOffered(
    views.map(({ id, says, filter, columns, sort }) => ({
      id: `view ${id}`,
      says,
      group: say("title"),
      run: () => void navigate({ to: "/executions", search: { view: id, filter, columns, sort } }),
    })),
  );
  return null;
}
