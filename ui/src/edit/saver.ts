/**
 * Keeps a draft by itself: here at once, at the server after a pause of typing. What somebody else wrote meanwhile is never overwritten.
 *
 *     saved ──typed──► dirty ──a pause──► saving ──kept──► saved
 *                        ▲                  ├─ nobody answers ──► away ──a moment later──► saving
 *                        └── merged ── conflict ◄─ overtaken
 */

export interface Kept {
  readonly text: string;
  /** 0: there is no draft, and the text is that of the active version. */
  readonly revision: number;
  /** Who wrote it and when, in RFC 3339, where that is known. */
  readonly by?: string | undefined;
  readonly at?: string | undefined;
}

/** What stays in this browser: the text, and what it began as, null where that is not known. */
export interface Here extends Kept {
  readonly base: string | null;
  /** What was sent to the server, where it is not known whether it came there. */
  readonly sent: string | null;
}

/** What the saver needs of the world; a test gives another one. */
export interface Store {
  /** Keep a text where the revision is still that one (0: where there is none); answers the new one. */
  write(text: string, revision: number): Promise<number | { readonly overtaken: Kept } | { readonly away: string }>;
  /** Keeps it in this browser, or no more of it; answers whether it could. */
  keepHere(kept: Here | null): boolean;
  later(ms: number, then: () => void): () => void;
}

export type SaverState =
  | { readonly is: "saved" | "dirty" | "saving" }
  /** Nobody answers; `isHere`: this browser keeps it meanwhile. */
  | { readonly is: "away"; readonly why: string; readonly isHere: boolean }
  /** Somebody else wrote `theirs`, and `base` is what both began as; null where that is not known. */
  | { readonly is: "conflict"; readonly theirs: Kept; readonly base: string | null };

const PAUSE_MS = 800;
const AGAIN_MS = 3_000;

export class Saver {
  #state: SaverState = { is: "saved" };
  #text: string;
  #revision: number;
  /** What is kept at the server under that revision. */
  #base: string | null;
  /** What was sent, and is not answered. */
  #sent: string | null = null;
  #isHere = true;
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
    this.#base = begun.text;
  }

  get state(): SaverState {
    return this.#state;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Whether what is not at the server is kept in this browser. */
  get isHere(): boolean {
    return this.#isHere;
  }

  get text(): string {
    return this.#text;
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

  /** Theirs was seen: keep this text, which is merged with it, where it is still theirs that is there. */
  settle(text: string): void {
    if (this.#state.is !== "conflict") return;
    const { theirs } = this.#state;
    this.#text = text;
    this.#revision = theirs.revision;
    this.#base = theirs.text;
    if (text === theirs.text) return this.#kept(text, theirs.revision);
    this.#keepHere(true);
    void this.#save();
  }

  /** What was typed in an earlier page and never reached the server. Where that has something else by now (`theirs`), it is a conflict. */
  resume({ text, revision, base, sent }: Here, theirs: Kept): void {
    if (text === this.#text) return;
    const isSeen = sent === theirs.text || (revision === theirs.revision && (base === null || base === theirs.text));
    this.#text = text;
    this.#revision = isSeen ? theirs.revision : revision;
    this.#base = isSeen ? theirs.text : base;
    this.#sent = isSeen ? sent : null;
    this.#keepHere(true);
    if (isSeen) this.#wait(PAUSE_MS, { is: "dirty" });
    else this.#become({ is: "conflict", theirs, base });
  }

  /** Writes nothing until something is typed again: what is kept is about to be taken away. */
  pause(): void {
    this.#stop?.();
    this.#stop = null;
  }

  /** Writes no more: another page goes on with it. What is not kept at the server stays here. */
  end(): void {
    this.#isOver = true;
    this.#stop?.();
    this.#stop = null;
  }

  /** No more of it, here neither: it was published, or discarded. */
  drop(): void {
    this.end();
    this.store.keepHere(null);
  }

  async #save(): Promise<void> {
    this.#stop?.();
    this.#stop = null;
    const text = this.#text;
    this.#become({ is: "saving" });
    const before = this.#sent;
    this.#sent = text;
    this.#keepHere(true);
    const answer = await this.store.write(text, this.#revision);
    if (this.#isOver) return;
    if (typeof answer === "number") this.#kept(text, answer);
    else if ("away" in answer) this.#wait(AGAIN_MS, { is: "away", why: answer.away, isHere: this.#isHere });
    else if ([this.#text, before, text].includes(answer.overtaken.text)) this.#kept(answer.overtaken.text, answer.overtaken.revision); // they wrote the same, or it was us
    else {
      this.#sent = null;
      this.#keepHere(true);
      this.#become({ is: "conflict", theirs: answer.overtaken, base: this.#base });
    }
  }

  #kept(text: string, revision: number): void {
    this.#revision = revision;
    this.#base = text;
    this.#sent = null;
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
    this.#isHere = this.store.keepHere(isDirty ? { text: this.#text, revision: this.#revision, base: this.#base, sent: this.#sent } : null);
  }

  #become(state: SaverState): void {
    this.#state = state;
    this.#hearer(state);
  }
}
