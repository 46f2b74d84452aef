/**
 * Keeps a draft by itself: here at once, at the server after a pause of typing. What somebody else wrote meanwhile is never overwritten.
 *
 *     saved ──typed──► dirty ──a pause──► saving ──kept──► saved
 *                        ▲                  ├─ nobody answers ──► away ──a moment later──► saving
 *                        └── chosen ── conflict ◄─ overtaken
 */

export interface Kept {
  readonly text: string;
  readonly revision: number;
}

/** What the saver needs of the world; a test gives another one. */
export interface Store {
  /** Keep a text where the revision is still that one (0: where there is none); answers the new one. */
  write(text: string, revision: number): Promise<number | { readonly overtaken: Kept } | { readonly away: string }>;
  keepHere(kept: (Kept & { readonly isDirty: boolean }) | null): void;
  later(ms: number, then: () => void): () => void;
}

export type SaverState =
  | { readonly is: "saved" | "dirty" | "saving" }
  | { readonly is: "away"; readonly why: string }
  | { readonly is: "conflict"; readonly theirs: Kept };

const PAUSE_MS = 800;
const AGAIN_MS = 3_000;

export class Saver {
  #state: SaverState = { is: "saved" };
  #text: string;
  #revision: number;
  #stop: (() => void) | null = null;
  #isOver = false;
  #hearer: (state: SaverState) => void = () => undefined;

  /** `begun`: what is kept at the server, revision 0 where nothing is. */
  constructor(
    readonly store: Store,
    begun: Kept,
  ) {
    this.#text = begun.text;
    this.#revision = begun.revision;
  }

  get state(): SaverState {
    return this.#state;
  }

  get revision(): number {
    return this.#revision;
  }

  hear(hearer: (state: SaverState) => void): void {
    this.#hearer = hearer;
  }

  typed(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#keepHere(true);
    if (this.#state.is === "conflict" || this.#state.is === "saving") return; // what was typed meanwhile is kept after that
    this.#wait(PAUSE_MS, { is: "dirty" });
  }

  /** It was written by somebody else: keep what stands here instead of theirs, which was seen. */
  keepMine(): void {
    if (this.#state.is !== "conflict") return;
    this.#revision = this.#state.theirs.revision;
    void this.#save();
  }

  /** Take theirs; whoever shows the text shows it. */
  takeTheirs(): Kept | null {
    if (this.#state.is !== "conflict") return null;
    const { theirs } = this.#state;
    this.#text = theirs.text;
    this.#revision = theirs.revision;
    this.#keepHere(false);
    this.#become({ is: "saved" });
    return theirs;
  }

  /** What was typed before and never reached the server, which has something else by now. */
  adopt(text: string, theirs: Kept): void {
    this.#text = text;
    this.#become({ is: "conflict", theirs });
  }

  /** Writes nothing until something is typed again: what is kept is about to be taken away. */
  pause(): void {
    this.#stop?.();
    this.#stop = null;
  }

  /** No more of it: it was published, or the page goes. What is not kept at the server stays here. */
  end(): void {
    this.#isOver = true;
    this.#stop?.();
    this.#stop = null;
  }

  async #save(): Promise<void> {
    this.#stop?.();
    this.#stop = null;
    const text = this.#text;
    this.#become({ is: "saving" });
    const answer = await this.store.write(text, this.#revision);
    if (this.#isOver) return;
    if (typeof answer === "number") this.#kept(text, answer);
    else if ("away" in answer) this.#wait(AGAIN_MS, { is: "away", why: answer.away });
    else if (answer.overtaken.text === this.#text) this.#kept(this.#text, answer.overtaken.revision); // they wrote the same, or it was us
    else this.#become({ is: "conflict", theirs: answer.overtaken });
  }

  #kept(text: string, revision: number): void {
    this.#revision = revision;
    const isDirty = text !== this.#text;
    this.#keepHere(isDirty);
    if (isDirty) this.#wait(PAUSE_MS, { is: "dirty" });
    else this.#become({ is: "saved" });
  }

  #wait(ms: number, state: SaverState): void {
    this.#stop?.();
    this.#stop = this.store.later(ms, () => void this.#save());
    this.#become(state);
  }

  #keepHere(isDirty: boolean): void {
    this.store.keepHere({ text: this.#text, revision: this.#revision, isDirty });
  }

  #become(state: SaverState): void {
    this.#state = state;
    this.#hearer(state);
  }
}
