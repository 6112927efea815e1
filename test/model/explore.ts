import { firstState } from './begin.ts';
import { Edges } from './edges.ts';
import { keyOf } from './key.ts';
import { faultOf, isAtRest } from './promises.ts';
import type { Model, State, Step } from './state.ts';
import { stepsFrom } from './steps.ts';

/** What one exploration came to. */
export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** Steps of the longest shortest way. */
  readonly depth: number;
  /** Which promise is broken, and the shortest way there. */
  readonly broken?: { readonly promise: string; readonly way: readonly string[] } | undefined;
  /** False where there were more states than were to be looked at. */
  readonly isWhole: boolean;
}

interface Search {
  readonly model: Model;
  readonly numbers: Map<string, number>;
  readonly parents: number[];
  readonly labels: string[];
  readonly calm: Edges;
  readonly rests: number[];
  transitions: number;
}

function wayTo({ parents, labels }: Search, state: number): readonly string[] {
  const way: string[] = [];
  for (let at = state; at > 0; at = parents[at] ?? 0) way.push(labels[at] ?? '');
  return way.reverse();
}

/** @returns the number of the state, and whether it is new */
function visit(search: Search, state: State, parent: number, label: string): { number: number; isNew: boolean } {
  const key = keyOf(state, search.model);
  const known = search.numbers.get(key);
  if (known !== undefined) return { number: known, isNew: false };
  const number = search.numbers.size;
  search.numbers.set(key, number);
  search.parents.push(parent);
  search.labels.push(label);
  if (isAtRest(state)) search.rests.push(number);
  return { number, isNew: true };
}

type Broken = NonNullable<Explored['broken']>;

function stepsOrFault(state: State, model: Model): readonly Step[] | string {
  try {
    return stepsFrom(state, model);
  } catch (error) {
    return `A unit threw: ${(error as Error).message}`;
  }
}

interface Placed {
  readonly number: number;
  readonly state: State;
}

/** One state's steps. @returns what is broken by one of them */
function expand(search: Search, { number, state }: Placed, next: Placed[]): Broken | undefined {
  const { model } = search;
  const steps = stepsOrFault(state, model);
  if (typeof steps === 'string') return { promise: steps, way: wayTo(search, number) };
  for (const step of steps) {
    search.transitions += 1;
    const promise = faultOf(state, step, model);
    if (promise !== undefined) return { promise, way: [...wayTo(search, number), step.label] };
    const { number: to, isNew } = visit(search, step.to, number, step.label);
    if (step.isCalm) search.calm.add(number, to);
    if (isNew) next.push({ number: to, state: step.to });
  }
  return undefined;
}

/** Where everything goes well from now on and nobody asks for more, everything ends: from every state there is a way. */
function endless(search: Search): Broken | undefined {
  const good = new Uint8Array(search.numbers.size);
  for (const state of search.rests) good[state] = 1;
  const stuck = search.calm.reaching(good).indexOf(0);
  if (stuck < 0) return undefined;
  return { promise: 'From here it never comes to its rest.', way: wayTo(search, stuck) };
}

/** Every state that can be reached, breadth first: what breaks a promise is found by the shortest way. */
export function explore(model: Model, most: number, say?: (states: number) => void): Explored {
  const search: Search = {
    model,
    numbers: new Map(),
    parents: [],
    labels: [],
    calm: new Edges(),
    rests: [],
    transitions: 0,
  };
  const first = firstState(model.scenario);
  let layer: Placed[] = [{ number: visit(search, first, 0, '').number, state: first }];
  let depth = 0;
  const told = (broken: Broken | undefined, isWhole: boolean): Explored => {
    const { numbers, transitions } = search;
    return { states: numbers.size, transitions, depth, broken, isWhole };
  };
  for (; layer.length > 0; depth += 1) {
    const next: Placed[] = [];
    for (const placed of layer) {
      const broken = expand(search, placed, next);
      if (broken) return told(broken, true);
      if (search.numbers.size > most) return told(undefined, false);
    }
    say?.(search.numbers.size);
    layer = next;
  }
  return told(endless(search), true);
}
