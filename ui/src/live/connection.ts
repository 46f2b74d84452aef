/**
 * The one WebSocket of a page (`/v1/live`). It carries all that the page subscribes to, comes again by itself whatever ends it, and
 * goes on after the last position that each subscription was told of: no gap, no double.
 *
 *     away ──open──► connecting ──opened──► live ──closed──► away, since now ──a moment later──► connecting …
 */

import type { Found } from "../api/problem";

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** What it needs of the world around it; a test gives another one. */
export interface World {
  open(): Socket;
  now(): number;
  later(ms: number, then: () => void): () => void;
  /** A number from 0 to 1, so that all pages of a server do not come again at the same moment. */
  chance(): number;
}

export interface LiveProblem {
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  /** What is wrong in which place, where that is known. */
  readonly problems?: readonly Found[];
}

export interface Told {
  /** A public event. */
  event?(event: Record<string, unknown>, position: string): void;
  /** The rows of a list, all of them, whenever they are others. */
  rows?(rows: readonly Record<string, unknown>[]): void;
  /** Progress and log lines of running attempts; also `{dropped}`. */
  passing?(message: Record<string, unknown>): void;
  /** There is no more to come: the execution has ended. */
  end?(why: string): void;
  /** What was asked for cannot be done. */
  problem?(problem: LiveProblem): void;
}

export type Ask =
  | { subscribe: "events"; execution?: string; workflow?: string; types?: readonly string[]; filter?: string; from?: string }
  | { subscribe: "list"; workflow?: string; status?: readonly string[]; filter?: string; sort?: string; limit?: number }
  | { subscribe: "tasks"; workflow?: string; filter?: string; limit?: number }
  | { subscribe: "passing"; execution?: string };

export type LiveState = { readonly is: "connecting" | "live" } | { readonly is: "away"; readonly since: number };

interface Subscription {
  readonly ask: Ask;
  readonly told: Told;
  position: string | null;
}

const FIRST_MS = 400;
const LONGEST_MS = 10_000;
/** A connection that lasted so long was a good one: the next try after it comes soon. */
const GOOD_MS = 5_000;

export class Live {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #hearers = new Set<() => void>();
  #state: LiveState = { is: "connecting" };
  #socket: Socket | null = null;
  #isOpen = false;
  #openedAt = 0;
  #tries = 0;
  #names = 0;
  #stopWaiting: (() => void) | null = null;

  constructor(readonly world: World) {}

  get state(): LiveState {
    return this.#state;
  }

  /** Call back whenever the state changes; what is given back ends that. */
  hear(hearer: () => void): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  /** Subscribe; what is given back ends it. The connection opens with the first. */
  subscribe(ask: Ask, told: Told): () => void {
    const name = String((this.#names += 1));
    this.#subscriptions.set(name, { ask, told, position: null });
    if (this.#isOpen) this.#say(name);
    else if (this.#socket === null && this.#stopWaiting === null) this.#open();
    return () => {
      if (this.#subscriptions.delete(name) && this.#isOpen) this.#socket?.send(JSON.stringify({ unsubscribe: name }));
    };
  }

  /** Do not wait any longer for the next try: the network is back, or somebody looks. */
  tryNow(): void {
    if (this.#stopWaiting === null) return;
    this.#stopWaiting();
    this.#stopWaiting = null;
    this.#open();
  }

  #open(): void {
    const socket = this.world.open();
    this.#socket = socket;
    socket.onopen = () => {
      this.#isOpen = true;
      this.#openedAt = this.world.now();
      this.#become({ is: "live" });
      for (const name of this.#subscriptions.keys()) this.#say(name);
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)) as Record<string, unknown>);
    socket.onclose = () => this.#closed(socket);
  }

  #closed(socket: Socket): void {
    if (socket !== this.#socket) return;
    const wasGood = this.#isOpen && this.world.now() - this.#openedAt >= GOOD_MS;
    this.#socket = null;
    this.#isOpen = false;
    this.#tries = wasGood ? 0 : this.#tries + 1;
    if (this.#state.is !== "away") this.#become({ is: "away", since: this.world.now() });
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#tries);
    this.#stopWaiting = this.world.later(longest * (0.5 + this.world.chance() / 2), () => {
      this.#stopWaiting = null;
      this.#open();
    });
  }

  #say(name: string): void {
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) return;
    const { ask, position } = subscription;
    this.#socket?.send(JSON.stringify({ ...ask, ...(position === null ? {} : { from: position }), id: name }));
  }

  #take(message: Record<string, unknown>): void {
    const name = String(message["id"] ?? "");
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) return; // ended here while it was on its way
    const { told } = subscription;
    if (typeof message["position"] === "string") subscription.position = message["position"];
    if (message["problem"] !== undefined) this.#refused(name, subscription, message["problem"] as LiveProblem);
    else if (message["event"] !== undefined) told.event?.(message["event"] as Record<string, unknown>, subscription.position ?? "");
    else if (message["rows"] !== undefined) told.rows?.(message["rows"] as Record<string, unknown>[]);
    else if (message["lossy"] !== undefined) told.passing?.(message);
    else if (message["end"] !== undefined) this.#ended(name, subscription, String(message["end"]));
  }

  /** What cannot be done is told, and over; what cannot be done just now is asked for again a little later. */
  #refused(name: string, subscription: Subscription, problem: LiveProblem): void {
    if (problem.status === 429 || problem.status === 503) {
      this.world.later(LONGEST_MS / 4, () => this.#isOpen && this.#say(name));
      return;
    }
    this.#subscriptions.delete(name);
    subscription.told.problem?.(problem);
  }

  #ended(name: string, subscription: Subscription, why: string): void {
    if (why === "slow" || why === "failed") {
      this.#say(name);
      return;
    }
    if (why === "stopping") return; // the connection ends, too, and comes again
    this.#subscriptions.delete(name);
    subscription.told.end?.(why);
  }

  #become(state: LiveState): void {
    this.#state = state;
    for (const hearer of this.#hearers) hearer();
  }
}
