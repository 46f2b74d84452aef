/** The words of the audit. */

import { speak } from "../../words/speak";
import { title } from "./title";

export const say = speak("audit", {
  ...title,
  found: "{n, number}",
  first: "the latest {n, number}",
  at: "When · {zone}",
  actor: "Who",
  from: "From",
  did: "Did",
  what: "To what",
  about: "What of it",
  workflow: "Workflow",
  execution: "Execution",
  request: "Request",
  nobody: "nobody",
  anyDeed: "Anything",
  anyWorkflow: "Any workflow",
  after: "From · {zone}",
  before: "Before · {zone}",
  filter: "Filter",
  filterPlaceholder: "Filter, such as about.contains('refund')",
  focusFilter: "Type a filter",
  clear: "Show all",
  emptyTitle: "Nobody has done anything here yet",
  emptySays: "Whatever is published, started, signalled, paused or answered from outside stands here, with who did it. Begin with:",
  emptyFiltered: "Nobody has done anything like that",
  emptyFilteredSays: "There is more: take the filters away to see it.",
});

/** What was done, as the API names it. */
export const DEEDS = {
  CreateExecution: "started",
  StartExecution: "let begin",
  SendSignal: "signalled",
  PauseExecution: "paused",
  ResumeExecution: "resumed",
  CancelExecution: "cancelled",
  TerminateExecution: "terminated",
  ResolveIncident: "resolved an incident",
  ReleaseExecution: "released",
  EraseExecution: "erased",
  SteerBreaker: "steered a breaker",
  ClaimTask: "claimed a task",
  ReleaseTask: "gave a task back",
  DelegateTask: "handed a task on",
  AnswerTask: "answered a task",
  CommentTask: "commented on a task",
  PublishDefinition: "published",
  ActivateDefinition: "activated",
  ArchiveDefinition: "archived",
  SendDeadLetter: "sent a dead letter again",
  DropDeadLetter: "dropped a dead letter",
  CreateCredential: "kept a credential",
  RotateCredential: "rotated a credential",
  AuthorizeCredential: "began to authorize a credential",
  RewrapCredential: "wrapped a credential anew",
  DeleteCredential: "deleted a credential",
} as const;

export const sayDeed = speak("deeds", DEEDS);

/** What this build has no word for is called as the API calls it. */
export function deed(command: string): string {
  return Object.hasOwn(DEEDS, command) ? sayDeed(command as keyof typeof DEEDS) : command;
}
