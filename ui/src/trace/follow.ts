/** Keeps a trace up to date: one request at a time, however often one is told that there is more. */

import { type Answer, Trace } from "./trace";

export interface Hearer {
  came(trace: Trace): void;
  failed(error: Error): void;
}

export class Follower {
  readonly trace = new Trace();
  #isAsking = false;
  #isMore = false;
  #isOver = false;

  constructor(
    readonly ask: (since: number) => Promise<Answer>,
    readonly hearer: Hearer,
  ) {}

  /** There may be more: it is asked for now, or once what is under way has come. */
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
    try {
      while (this.#isMore && !this.#isOver) {
        this.#isMore = false;
        const answer = await this.ask(this.trace.version);
        if (this.#isOver) return;
        this.trace.take(answer);
        this.#isMore ||= answer.version < answer.last;
        this.hearer.came(this.trace);
      }
    } catch (error) {
      if (!this.#isOver) this.hearer.failed(error as Error);
    } finally {
      this.#isAsking = false;
    }
  }
}
