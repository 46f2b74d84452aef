/** The words of what is asked on the canvas: loaded with it. */

import { speak } from "../../words/speak";

export const say = speak("builder.asked", {
  rename: "Rename",
  outermost: "the workflow",
  library: "Node library",
  search: "Search kinds",
  noKind: "No kind is called so",
  notHere: "offered by workers alone",
  renameTitle: "Rename {node}",
  id: "Id",
  renameSays: "Its edges and the expressions that name it are changed with it.",
  fromPort: "From which port of {node}?",
  toNode: "Where does {from} lead?",
  another: "from the port {port} …",
  intoWhich: "Into which body?",
  flow: "Flow",
  loops: "Loops",
  waiting: "Waiting",
  data: "Data",
  people: "People",
  errors: "Errors",
  activities: "Activities",
  ai: "AI",
  own: "Your own",
});
