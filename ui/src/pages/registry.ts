/** All pages: a page is a folder beside this file, and its line here, in the order of the rail. */

import { redirect, createRoute } from "@tanstack/react-router";
import { analytics } from "./analytics/route";
import { compare } from "./compare/route";
import { edited, fresh as newWorkflow } from "./builder/route";
import { audit } from "./audit/route";
import { connectors } from "./connectors/route";
import { costs } from "./costs/route";
import { credentials } from "./credentials/route";
import { execution } from "./execution/route";
import { executions } from "./executions/route";
import { parts } from "./parts/route";
import { inbox, task } from "./inbox/route";
import { incidents } from "./incidents/route";
import { prompts } from "./prompts/route";
import { settings } from "./settings/route";
import { triggers } from "./triggers/route";
import { workers } from "./workers/route";
import { root } from "./root";
import { templates } from "./templates/route";
import { workflow } from "./workflow/route";
import { workflows } from "./workflows/route";

/** What `/` leads to. */
const first = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/executions", replace: true });
  },
});

export const routes = root.addChildren([
  first,
  executions,
  execution,
  compare,
  workflows,
  workflow,
  templates,
  newWorkflow,
  edited,
  inbox,
  task,
  incidents,
  triggers,
  workers,
  analytics,
  costs,
  prompts,
  connectors,
  credentials,
  audit,
  settings,
  parts,
]);
