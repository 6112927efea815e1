import { VOCABULARY } from '@interdict/contract';
import type { Answer, Call, Connector, ConnectorAction, ConnectorTraits, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { type SimulatorClock, systemClock } from './clock.ts';
import { type Manner, mannerOf } from './manner.ts';
import {
  effectsInForce,
  lookUp,
  productNamed,
  putInForce,
  type SimulatedProduct,
  type Standing,
  takeAway,
  turnAway,
} from './simulated-product.ts';

const ACTIONS: readonly ConnectorAction[] = Object.entries(VOCABULARY).map(([name, { targetKinds }]) => ({
  name,
  targetKinds,
  reversible: true,
}));

const TRAITS: ConnectorTraits = {
  actions: ACTIONS,
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: false,
  // An aborted call is forgotten at once, in this process: nothing of it can land later.
  maxLatenessMs: 0,
  timeoutMs: 2_000,
  // With 50 ms a call, 5,000 calls a second.
  limits: { concurrency: 256 },
  simulated: true,
};

const THROTTLED_MS = 1_000;

interface Simulation {
  readonly product: SimulatedProduct;
  readonly clock: SimulatorClock;
  readonly closing: AbortController;
}

function checkOffered({ action, target }: Call): void {
  const isOffered = ACTIONS.some(({ name, targetKinds }) => name === action && targetKinds.includes(target.kind));
  if (!isOffered) throw new Error(`The simulator offers no ${action} of a target of kind ${target.kind}.`);
}

const NOT_ANSWERED = {
  kind: 'unknown',
  message: 'The simulated product did not answer before the call was ended.',
} as const;

/** Waits for the answer as long as the manner has it; undefined where the call ended before. */
async function answered(
  { clock, closing }: Simulation,
  manner: Manner,
  signal: AbortSignal,
): Promise<true | undefined> {
  const waitMs = manner.kind === 'neverAnswers' ? Number.POSITIVE_INFINITY : manner.answersAfterMs;
  try {
    await clock.wait(waitMs, AbortSignal.any([signal, closing.signal]));
    return true;
  } catch {
    return undefined;
  }
}

const coming = (comingMs: number): Extract<Answer, { kind: 'pending' }> => ({
  kind: 'pending',
  message: 'The simulated product has taken it and is not done yet.',
  againMs: Math.ceil(comingMs),
});

async function apply(simulation: Simulation, call: Call, signal: AbortSignal): Promise<Answer> {
  checkOffered(call);
  const { product, clock } = simulation;
  const manner = mannerOf(call.target);
  if (!(await answered(simulation, manner, signal))) return NOT_ANSWERED;
  if (manner.kind === 'refuses')
    return { kind: 'refused', message: 'The simulated product refuses this target.', subcode: 422 };
  if (turnAway(product, call, manner)) {
    const message = 'The simulated product has too many requests.';
    return { kind: 'unavailable', message, subcode: 429, retryAfterMs: THROTTLED_MS };
  }
  if (manner.kind === 'onlySaysSo') return { kind: 'done', level: 'reported' };
  putInForce(product, call, manner, clock.nowMs());
  const standing = lookUp(product, call, clock.nowMs());
  return standing.kind === 'coming' ? coming(standing.comingMs) : { kind: 'done', level: 'reported' };
}

async function release(simulation: Simulation, call: Call, signal: AbortSignal): Promise<Answer> {
  checkOffered(call);
  if (!(await answered(simulation, mannerOf(call.target), signal))) return NOT_ANSWERED;
  takeAway(simulation.product, call);
  return { kind: 'done', level: 'reported' };
}

function toPresence(standing: Standing): Presence {
  if (standing.kind === 'coming') return coming(standing.comingMs);
  return { kind: standing.kind === 'inForce' ? 'present' : 'absent' };
}

async function verify(simulation: Simulation, call: Call, signal: AbortSignal): Promise<Presence> {
  checkOffered(call);
  if (!(await answered(simulation, mannerOf(call.target), signal))) return NOT_ANSWERED;
  return toPresence(lookUp(simulation.product, call, simulation.clock.nowMs()));
}

/** A connector on a product that exists in memory only. */
export function openSimulator(product: SimulatedProduct, clock: SimulatorClock): Connector {
  const simulation: Simulation = { product, clock, closing: new AbortController() };
  return {
    traits: TRAITS,
    apply: (call, signal) => apply(simulation, call, signal),
    release: (call, signal) => release(simulation, call, signal),
    verify: (call, signal) => verify(simulation, call, signal),
    list: async (tenantId, signal) => {
      AbortSignal.any([signal, simulation.closing.signal]).throwIfAborted();
      return effectsInForce(product, clock.nowMs())
        .filter((effect) => effect.tenantId === tenantId)
        .map(({ action, target }) => ({ action, target, foreign: false }));
    },
    close: async () => simulation.closing.abort(),
  };
}

function checkActions({ actions = [] }: ProviderSettings): void {
  const unknown = actions.find((name) => !Object.hasOwn(VOCABULARY, name));
  if (unknown === undefined) return;
  throw new Error(`The simulator offers no action ${unknown}; it offers ${Object.keys(VOCABULARY).join(', ')}.`);
}

/** A product that pretends, for demos and tests. */
export const simulator: ConnectorKind = {
  name: 'simulator',
  configSchema: {
    type: 'object',
    properties: {
      simulated: {
        type: 'boolean',
        description: 'Says that you know that nothing is enforced: needed beside a configured issuer.',
      },
    },
    additionalProperties: false,
  },
  secretKeys: [],
  behindAgent: TRAITS,
  open: (settings) => {
    checkActions(settings);
    return openSimulator(productNamed(settings.name), systemClock);
  },
};
