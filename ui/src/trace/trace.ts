/**
 * What happened in an execution, from which of its events to which: `GET /v1/executions/{id}/trace`, unpacked once and put together as
 * more comes. Columns, no objects: an execution of 90,000 events is a few megabytes.
 */

import type { Schemas } from "../api/client";
import { Column } from "./column";

export type Answer = Schemas["Trace"];
export type Edge = Answer["edges"][number];
export type Exit = Answer["exits"][number];

/** An event of the trace, its numbers made into words. */
export interface TracedEvent {
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly type: string;
  readonly place: number;
  /** Of the first event of a decision: what was decided. */
  readonly command: string | null;
}

const NONE: readonly number[] = [];
/** More than there can be in a trace. */
const PLACES_MAX = 2 ** 31;
/** With these events places begin that they are no event of: a fork takes up its past, a node goes on under another name. */
const TELLS_OF_OTHERS: ReadonlySet<string> = new Set(["PastTakenUp", "DefinitionChanged"]);

export class Trace {
  /** How far it goes: the last event that is in it. */
  version = 0;
  /** How far the history did when it was asked. */
  last = 0;
  types: readonly string[] = [];
  commands: readonly string[] = [];
  states: readonly string[] = [];
  readonly names: string[] = [];
  readonly nodes: Answer["nodes"] = [];
  readonly edges: Edge[] = [];
  readonly exits: Exit[] = [];
  readonly parents = new Column();
  readonly placeNames = new Column();
  readonly numbers = new Column();
  readonly nodeOf = new Column();
  readonly #begun = new Column(Float64Array);
  /** Of event `version` at `version - 1`. */
  readonly times = new Column(Float64Array);
  readonly eventTypes = new Column();
  readonly eventPlaces = new Column();
  readonly eventCommands = new Column();
  /** The event before this one at the same place, or 0. */
  readonly eventBefore = new Column();
  readonly #lastEvent = new Column();
  readonly changeVersions = new Column();
  readonly changePlaces = new Column();
  readonly changeStates = new Column();
  readonly changeAttempts = new Column();
  readonly changeExits = new Column();
  /** The change of the same place before this one, or -1. */
  readonly changeBefore = new Column();
  readonly #lastChange = new Column();
  readonly #lastWithin = new Column();
  /** By a place and a name in it, as one number: to make text of them would cost more than all else. */
  readonly #named = new Map<number, number[]>();
  readonly #nameIds = new Map<string, number>();
  readonly #lastNamed = new Map<number, { parent: number; number: number }>();
  readonly #paths: string[] = [];
  readonly #places = new Map<string, number>();

  /** Take what comes behind what is there; anything else is refused. */
  take(answer: Answer): void {
    if (answer.after !== this.version) throw new RangeError(`a trace up to ${this.version} cannot go on after ${answer.after}`);
    this.types = answer.types;
    this.commands = answer.commands;
    this.states = answer.states;
    for (const name of answer.names) this.#nameIds.set(name, this.names.push(name) - 1);
    this.nodes.push(...answer.nodes);
    this.edges.push(...answer.edges);
    this.exits.push(...answer.exits);
    this.#takePlaces(answer.places);
    this.#takeEvents(answer);
    this.#takeChanges(answer);
    this.version = answer.version;
    this.last = answer.last;
  }

  /** The state of the execution after the last event that is there; undefined where none is. */
  get statusNow(): string | undefined {
    return this.states[this.changeStates.at(this.lastChange(0))];
  }

  get places(): number {
    return this.parents.length;
  }

  /** The path of a place as the API says it: `each[3]/charge#1`. */
  path(place: number): string {
    return this.#paths[place] ?? "";
  }

  /** The place with this path, or undefined where nothing was there yet. */
  placeAt(path: string): number | undefined {
    return this.#places.get(path);
  }

  /** The places of this name in another one, in the order in which they came: runs of a node, iterations (`[]`), a body. */
  inside(place: number, name: string): readonly number[] {
    const called = this.#nameIds.get(name);
    return called === undefined ? NONE : (this.#named.get(place + called * PLACES_MAX) ?? NONE);
  }

  /** The first event with which something was in a place, or in what it holds. */
  begunAt(place: number): number {
    return this.#begun.at(place);
  }

  /** The last change of a place, or -1. */
  lastChange(place: number): number {
    return this.#lastChange.at(place);
  }

  /** The event of the last change in a place, or in what it holds; 0 where nothing changed yet. */
  lastWithin(place: number): number {
    return this.#lastWithin.at(place) || 0;
  }

  /** The last event at a place, or 0. */
  lastEvent(place: number): number {
    return this.#lastEvent.at(place) || 0;
  }

  /** All events at a place, the first one first. */
  eventsAt(place: number): readonly number[] {
    const found: number[] = [];
    for (let version = this.lastEvent(place); version > 0; version = this.eventBefore.at(version - 1)) found.push(version);
    return found.reverse();
  }

  event(version: number): TracedEvent {
    const at = version - 1;
    const command = this.eventCommands.at(at);
    return {
      version,
      time: this.times.at(at),
      type: this.types[this.eventTypes.at(at)] ?? "",
      place: this.eventPlaces.at(at),
      command: command < 0 ? null : (this.commands[command] ?? null),
    };
  }

  /** The last event that was recorded until then; 0 where none was. */
  versionAt(time: number): number {
    let low = 0;
    let high = this.version;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times.at(middle) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #takePlaces({ parent, name, number, node }: Answer["places"]): void {
    for (const [at, called] of name.entries()) {
      const before = this.#lastNamed.get(called) ?? { parent: 0, number: 0 };
      const place = { parent: before.parent + (parent[at] ?? 0), number: before.number + (number[at] ?? 0) };
      this.#lastNamed.set(called, place);
      this.parents.push(place.parent);
      this.placeNames.push(called);
      this.numbers.push(place.number);
      this.nodeOf.push(node[at] ?? -1);
      this.#lastChange.push(-1);
      this.#lastWithin.push(0);
      this.#lastEvent.push(0);
      this.#begun.push(Number.MAX_SAFE_INTEGER);
      if (this.places > 1) this.#putInside(place.parent, called);
      this.#nameLast();
    }
  }

  #putInside(parent: number, name: number): void {
    const key = parent + name * PLACES_MAX;
    const before = this.#named.get(key);
    if (before === undefined) this.#named.set(key, [this.places - 1]);
    else before.push(this.places - 1);
  }

  #nameLast(): void {
    const place = this.places - 1;
    const name = this.names[this.placeNames.at(place)] ?? "";
    const number = this.numbers.at(place);
    const parent = place === 0 ? "" : this.path(this.parents.at(place));
    const own = name === "[]" ? `[${number}]` : this.nodeOf.at(place) >= 0 && number > 0 ? `${name}#${number}` : name;
    const between = parent === "" || name === "[]" ? "" : this.nodeOf.at(place) >= 0 ? "/" : ".";
    const path = `${parent}${between}${own}`;
    this.#paths.push(path);
    this.#places.set(path, place);
  }

  #takeEvents({ time, events }: Answer): void {
    let now = time;
    let place = 0;
    for (const [at, type] of events.type.entries()) {
      now += events.time[at] ?? 0;
      place += events.place[at] ?? 0;
      this.#begin(place, this.times.length + 1);
      this.times.push(now);
      this.eventTypes.push(type);
      this.eventPlaces.push(place);
      this.eventCommands.push(events.command[at] ?? -1);
      this.eventBefore.push(this.#lastEvent.at(place));
      this.#lastEvent.put(place, this.times.length);
    }
  }

  #begin(place: number, version: number): void {
    for (let at = place; version < this.#begun.at(at); at = this.parents.at(at)) {
      this.#begun.put(at, version);
      if (at === 0) return;
    }
  }

  #takeChanges({ after, changes }: Answer): void {
    let version = after;
    let place = 0;
    for (const [at, state] of changes.state.entries()) {
      version += changes.version[at] ?? 0;
      place += changes.place[at] ?? 0;
      this.changeVersions.push(version);
      this.changePlaces.push(place);
      this.changeStates.push(state);
      this.changeAttempts.push(changes.attempt[at] ?? 0);
      this.changeExits.push(changes.exit[at] ?? 0);
      this.changeBefore.push(this.#lastChange.at(place));
      this.#lastChange.put(place, this.changeVersions.length - 1);
      this.#change(place, version);
      if (TELLS_OF_OTHERS.has(this.types[this.eventTypes.at(version - 1)] ?? "")) this.#begin(place, version);
    }
  }

  #change(place: number, version: number): void {
    for (let at = place; this.#lastWithin.at(at) !== version; at = this.parents.at(at)) {
      this.#lastWithin.put(at, version);
      if (at === 0) return;
    }
  }
}
