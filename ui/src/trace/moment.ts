/**
 * An execution as it was after one of its events. Moves from event to event, forth and back, and does on the way only what is different
 * there: a step costs microseconds, whatever the length of the history.
 */

import type { Trace } from "./trace";
import { Column } from "./column";

/** How a place is: which change made it so. */
export interface PlaceState {
  readonly state: string;
  readonly attempt: number;
  /** Since which event. */
  readonly since: number;
  /** By which edges it was left, once it has ended. */
  readonly exit: number;
}

export class Moment {
  version = 0;
  /** So many changes have been; the next one has this number. */
  #done = 0;
  /** The change that made each place what it is, or -1. */
  readonly #current = new Column();

  constructor(readonly trace: Trace) {}

  /** Go to an event; beyond the last there is nothing more. The places that are otherwise now are given to `changed`, each at least once. */
  go(version: number, changed: (place: number) => void = () => {}): void {
    const to = Math.max(0, Math.min(version, this.trace.version));
    const { changeVersions, changePlaces, changeBefore } = this.trace;
    while (this.#current.length < this.trace.places) this.#current.push(-1);
    while (this.#done < changeVersions.length && changeVersions.at(this.#done) <= to) {
      const place = changePlaces.at(this.#done);
      this.#current.put(place, this.#done);
      this.#done += 1;
      changed(place);
    }
    while (this.#done > 0 && changeVersions.at(this.#done - 1) > to) {
      this.#done -= 1;
      const place = changePlaces.at(this.#done);
      this.#current.put(place, changeBefore.at(this.#done));
      changed(place);
    }
    this.version = to;
  }

  /** The state of a place, or null where there was nothing yet. */
  of(place: number): PlaceState | null {
    const change = this.#current.at(place);
    if (!(change >= 0)) return null;
    const { trace } = this;
    return {
      state: trace.states[trace.changeStates.at(change)] ?? "",
      attempt: trace.changeAttempts.at(change),
      since: trace.changeVersions.at(change),
      exit: trace.changeExits.at(change),
    };
  }

  /** The state of the execution itself. */
  get status(): string | null {
    return this.of(0)?.state ?? null;
  }
}
