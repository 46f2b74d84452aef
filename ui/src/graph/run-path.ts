/** Paths of runs, `each[3]/charge#1`, as the definition has them. Pure. */

/** The path in the definition of a run: `each[3]/charge#1` is a run of `each[]/charge`. */
export function definitionPath(run: string): string {
  return run.replace(/(?<!\.catch)\[\d+\]/g, "[]").replace(/#\d+(?=\/|$|\.|\[)/g, "");
}
