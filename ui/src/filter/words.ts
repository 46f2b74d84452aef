/** The words of filters. */

import { speak } from "../words/speak";

export const say = speak("filter", {
  filter: "Filter",
  placeholder: "Filter, such as search.customer == 'A-1' && duration > duration('5m')",
  names: "Names",
  where: "Where it stands",
  conditions: "Conditions",
  add: "Add a condition",
  addTitle: "A condition",
  change: "Change: {says}",
  remove: "Take away: {says}",
  column: "What",
  searchName: "Name of the search value",
  operator: "How",
  value: "Value",
  doAdd: "Add",
  doChange: "Change",
  lacks: "Say a value that fits.",
  hintTime: "24h: so long ago; or a time, 2026-01-31T12:00:00Z",
  hintDuration: "such as 5m or 1h30m",
  hintList: "several, with commas between them",
  hintWhole: "a whole number",
  searchValue: "a search value",
});

/** How a condition compares, in words. */
export const sayOperator = speak("operator", {
  "==": "is",
  "!=": "is not",
  in: "is one of",
  startsWith: "begins with",
  contains: "contains",
  endsWith: "ends with",
  has: "has",
  ">": "is more than",
  ">=": "is at least",
  "<": "is less than",
  "<=": "is at most",
});

/** The same of times: `24h` is so long ago. */
export const sayOfTime = speak("operator-of-time", {
  ">": "is after",
  ">=": "is at or after",
  "<": "is before",
  "<=": "is at or before",
  ago: "{length} ago",
});
