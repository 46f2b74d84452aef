/** The words of a budget that is used up. */

import { speak } from "../words/speak";

export const say = speak("budget", {
  limitOfNode: "Limit of {node}",
  limitOf: "Limit of the execution",
  spent: "Spent",
  reserved: "Set aside for calls under way",
  needed: "Needed next, at most",
  usd: "{n} US dollars",
  tokens: "{n} tokens",
  model_calls: "{n} calls of models",
  tool_calls: "{n} calls of tools",
  raise: "New limit, in {unit} (at least {least} lets it go on now)",
  raiseSays: "It is the new limit of this execution alone, in place of the old one; empty, that stays.",
  unit_usd: "US dollars",
  unit_tokens: "tokens",
  unit_model_calls: "calls of models",
  unit_tool_calls: "calls of tools",
  wrong: "This is no number",
});
