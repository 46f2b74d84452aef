/** The states of the iterations of a loop at any moment, kept as the trace grows. Pure. */

import type { Room } from "../../graph/outline";
import type { Look } from "../../parts/state";
import type { Moment } from "../../trace/moment";
import type { Trace } from "../../trace/trace";

/** From what one least wants to see to what one most does. */
export const RANKS: readonly (Look | null)[] = [null, "skipped", "completed", "running", "waiting", "cancelled", "failed", "incident"];
/** From this one on something has gone wrong. */
export const FAILED = RANKS.indexOf("failed");
const RUNNING = RANKS.indexOf("running");

export class IterationStates {
  /** Of each iteration its rank once all in it has come to rest, and since which event that is so. */
  readonly #final: number[] = [];
  readonly #since: number[] = [];

  /** `places`: the iterations, to which more are added as they come. */
  constructor(
    readonly trace: Trace,
    readonly places: readonly number[],
    readonly room: Room,
  ) {}

  /** The rank of each iteration: what only what changes at the moment itself is looked at for. */
  at(moment: Moment): Int8Array {
    const { trace, places } = this;
    const ranks = new Int8Array(places.length);
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at] as number;
      const since = trace.lastWithin(place);
      if (since > 0 && moment.version >= since) ranks[at] = this.#finalOf(at, place, since);
      else if (moment.version >= trace.begunAt(place)) ranks[at] = this.#rank(place, (run) => moment.of(run)?.state);
    }
    return ranks;
  }

  #finalOf(at: number, place: number, since: number): number {
    if (this.#since[at] !== since) {
      this.#final[at] = this.#rank(place, (run) => lastState(this.trace, run));
      this.#since[at] = since;
    }
    return this.#final[at] as number;
  }

  /** The worst of what is in an iteration: of each node its last run that has a state. */
  #rank(iteration: number, stateOf: (run: number) => string | undefined): number {
    let worst = 0;
    for (const { id } of this.room.boxes) {
      const runs = this.trace.inside(iteration, id);
      for (let at = runs.length - 1; at >= 0; at -= 1) {
        const state = stateOf(runs[at] as number);
        if (state === undefined) continue;
        const rank = RANKS.indexOf(state as Look);
        worst = Math.max(worst, rank < 0 ? RUNNING : rank);
        break;
      }
    }
    return worst;
  }
}

function lastState(trace: Trace, run: number): string | undefined {
  const change = trace.lastChange(run);
  return change < 0 ? undefined : trace.states[trace.changeStates.at(change)];
}
