import { randomUUID } from 'node:crypto';
import { VOCABULARY } from '@interdict/contract';
import type { Call, Connector, ConnectorAction, ConnectorTraits } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { type Exchange, exchange } from '../http/exchange.ts';
import { secretsHider } from '../http/message.ts';
import { openPool } from '../http/open-pool.ts';
import { type Resolve, resolveBySystem } from '../http/resolve-name.ts';
import { type Receiver, toApplyAnswer, toPresence, toReleaseAnswer } from './answer.ts';
import { configSchema, parseConfig } from './config.ts';
import { signedHeaders } from './sign.ts';
import { toBody, type WebhookVerb } from './translate.ts';

/** What the connector takes from its surroundings. */
export interface WebhookSurroundings {
  now(): Date;
  readonly resolve: Resolve;
}

const ACTIONS: readonly ConnectorAction[] = Object.entries(VOCABULARY).map(([name, { targetKinds }]) => ({
  name,
  targetKinds,
  reversible: true,
}));

function toTraits(verify: boolean): ConnectorTraits {
  return {
    actions: ACTIONS,
    verification: verify ? 'readBack' : 'reported',
    idempotence: 'native',
    probe: verify ? 'byTarget' : 'none',
    seesForeign: verify,
    keepsTime: true,
    maxLatenessMs: 30_000,
    timeoutMs: 10_000,
    limits: { concurrency: 16 },
    simulated: false,
  };
}

function checkOffered({ action, target }: Call): void {
  const isOffered = ACTIONS.some(({ name, targetKinds }) => name === action && targetKinds.includes(target.kind));
  if (!isOffered) throw new Error(`A webhook offers no ${action} of a target of kind ${target.kind}.`);
}

/** @throws {Error} with one sentence for the operator */
export function openWebhook(settings: ProviderSettings, { now, resolve }: WebhookSurroundings): Connector {
  const config = parseConfig(settings);
  const pool = openPool(config.url, { allowPrivate: config.allowPrivate, resolve });
  const path = `${config.url.pathname}${config.url.search}`;
  const receiver: Receiver = { host: config.url.host, hideSecrets: secretsHider(config.secrets) };

  const send = (verb: WebhookVerb, id: string, call: Call, signal: AbortSignal): Promise<Exchange> => {
    checkOffered(call);
    const sentAt = now();
    const body = toBody(verb, call, sentAt);
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'Interdict',
      ...signedHeaders(config.key, id, sentAt, body),
    };
    return exchange(pool, { path, headers, body }, signal);
  };

  return {
    traits: toTraits(config.verify),
    apply: async (call, signal) => toApplyAnswer(await send('apply', call.operationId, call, signal), receiver, now()),
    release: async (call, signal) =>
      toReleaseAnswer(await send('release', call.operationId, call, signal), receiver, now()),
    ...(config.verify && {
      verify: async (call, signal) => toPresence(await send('verify', randomUUID(), call, signal), receiver, now()),
    }),
    close: () => pool.destroy(),
  };
}

/** Any system that takes a signed POST. */
export const webhook: ConnectorKind = {
  name: 'webhook',
  configSchema,
  secretKeys: ['secret'],
  hostsOf: ({ own }) =>
    typeof own.url === 'string' && URL.canParse(own.url) ? [new URL(own.url).hostname.replace(/^\[|\]$/g, '')] : [],
  behindAgent: toTraits(false),
  open: (settings) => openWebhook(settings, { now: () => new Date(), resolve: resolveBySystem }),
};
