/** Keeps a trace up to date: one request at a time, and a few a second, however often one is told that there is more. */

import { type Answer, Trace } from "./trace";

export interface Hearer {
  came(trace: Trace): void;
  failed(error: Error): void;
}

/** It is asked again after as long as it took to ask and to show what came, but no sooner and no later than so long. */
const APART_MS = { least: 30, most: 100 } as const;

export class Follower {
  readonly trace = new Trace();
  #isAsking = false;
  #isMore = false;
  #isOver = false;

  constructor(
    readonly ask: (since: number) => Promise<Answer>,
    readonly hearer: Hearer,
    readonly later: (then: () => void, ms: number) => unknown = (then, ms) => setTimeout(then, ms),
    readonly now: () => number = () => performance.now(),
  ) {}

  /** There may be more: it is asked for now, or once what is under way has come, and some time has passed since it was asked for. */
  refresh(): void {
    this.#isMore = true;
    if (!this.#isAsking) void this.#follow();
  }

  /** Nothing is heard any more. */
  stop(): void {
    this.#isOver = true;
  }

  async #follow(): Promise<void> {
    this.#isAsking = true;
    const begun = this.now();
    try {
      while (this.#isMore && !this.#isOver) {
        this.#isMore = false;
        const answer = await this.ask(this.trace.version);
        if (this.#isOver) return;
        this.trace.take(answer);
        this.hearer.came(this.trace);
        if (answer.version < answer.last) this.#isMore = true;
        else break;
      }
    } catch (error) {
      if (!this.#isOver) this.hearer.failed(error as Error);
    }
    const took = this.now() - begun;
    this.later(() => this.#rested(), Math.max(APART_MS.least, Math.min(APART_MS.most, took)));
  }

  #rested(): void {
    this.#isAsking = false;
    if (this.#isMore && !this.#isOver) this.refresh();
  }
}
