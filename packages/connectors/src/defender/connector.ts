import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Call, Connector, ListedEffect, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { type Resolve, resolveBySystem } from '../http/resolve-name.ts';
import { createLane, type Lane, type Ticket } from '../lane.ts';
import { notNow, toAnswer, toUnknown, unclear } from './answers.ts';
import { type Api, openApi } from './api.ts';
import { configSchema, exclusiveOf, parseConfig } from './config.ts';
import { DEVICE_ACTIONS, type DeviceAction, isMachineId } from './device-actions.ts';
import { applyToDevice, listDevices, lookAtDevice, releaseDevice } from './devices.ts';
import { type Indicator, type Subject, standingOf, toSubject } from './indicator.ts';
import { applyIndicators, listIndicators, lookUp, releaseIndicators, type Wanted } from './indicators.ts';
import { createPace, type Pace, spend } from './pace.ts';
import { together } from './together.ts';
import { TRAITS } from './traits.ts';

/** What the connector takes from its surroundings. */
export interface DefenderSurroundings {
  now(): Date;
  readonly resolve: Resolve;
  /** Ends early with the signal. */
  wait(ms: number, signal: AbortSignal): Promise<unknown>;
}

/** Of the 100 lists in a minute each lane has its part, and an import or a delete for each of 30. */
const WRITES = { most: 5, everyMs: 2_500 };
const LOOKS = { most: 5, everyMs: 1_600 };
/** Of the 1,500 lists in an hour, what is done at once and what follows. The rest is for lists of all that is in force. */
const HOUR = { most: 300, everyMs: 3_600 };
const MOST_AT_ONCE = 500;

interface Parts {
  readonly api: Api;
  readonly actions: readonly string[];
  readonly applies: Lane<Wanted, Answer>;
  readonly releases: Lane<Wanted, Answer>;
  readonly looks: Lane<Subject, readonly Indicator[]>;
}

const GIVEN_UP = notNow('The call was given up before anything was sent.');
const LEFT = unclear('The call was ended before Defender answered.');

const settleLeft = ({ settle }: { settle(answer: Answer): void }): void => settle(toAnswer(LEFT, 'apply'));

/**
 * A lane whose runs keep apart as Defender's limits want it, so that what comes meanwhile goes with the next: whoever
 * runs into a limit is held back with everything, isolations too.
 */
function pacedRun<Item, Reply>(
  api: Api,
  hour: Pace,
  { most, everyMs }: Pick<Pace, 'most' | 'everyMs'>,
  wait: DefenderSurroundings['wait'],
  run: (tickets: readonly Ticket<Item, Reply>[]) => Promise<void>,
): (tickets: readonly Ticket<Item, Reply>[]) => Promise<void> {
  const pace = createPace(most, everyMs);
  return async (tickets) => {
    await run(tickets);
    const now = api.now().getTime();
    const cost = Math.ceil(tickets.length / MOST_AT_ONCE);
    const restMs = Math.max(spend(pace, cost, now), spend(hour, 1, now));
    if (restMs > 0) await wait(restMs, api.closing);
  };
}

type Run<Item, Reply> = (taken: readonly Ticket<Item, Reply>[], signal: AbortSignal) => Promise<void>;

async function answerLooks(
  api: Api,
  ...[taken, signal]: Parameters<Run<Subject, readonly Indicator[]>>
): Promise<void> {
  const subjects = taken.map(({ item }) => item);
  const found = await lookUp(api, subjects, signal).catch((error: unknown) => {
    for (const { fail } of taken) fail(error);
  });
  if (found) for (const { item, settle } of taken) settle(found(item));
}

function createParts(settings: ProviderSettings, { now, resolve, wait }: DefenderSurroundings): Parts {
  const config = parseConfig(settings);
  const api = openApi(config, resolve, now);
  const { severity, actions } = config;
  const hour = createPace(HOUR.most, HOUR.everyMs);
  const writes = (run: Run<Wanted, Answer>): Lane<Wanted, Answer> =>
    createLane({
      giveUp: ({ settle }) => settle(toAnswer(GIVEN_UP, 'apply')),
      run: pacedRun(api, hour, WRITES, wait, (tickets) => together(tickets, api.closing, settleLeft, run)),
    });
  return {
    api,
    actions,
    applies: writes((taken, signal) => applyIndicators({ api, severity, halvesLeft: 16 }, taken, signal)),
    releases: writes((taken, signal) => releaseIndicators(api, taken, signal)),
    looks: createLane<Subject, readonly Indicator[]>({
      giveUp: ({ fail }) => fail(GIVEN_UP),
      run: pacedRun(api, hour, LOOKS, wait, (tickets) =>
        together(
          tickets,
          api.closing,
          ({ fail }) => fail(LEFT),
          (taken, signal) => answerLooks(api, taken, signal),
        ),
      ),
    }),
  };
}

/** What a call asks for. */
type Asked =
  | { readonly kind: 'indicator'; readonly subject: Subject }
  | { readonly kind: 'device'; readonly action: DeviceAction }
  | { readonly kind: 'nothing'; readonly message: string };

function read({ action, target, expirationDateTime }: Call): Asked {
  const offered = TRAITS.actions.find(({ name }) => name === action);
  if (!offered?.targetKinds.includes(target.kind)) {
    return { kind: 'nothing', message: `Defender is offered no ${action} of a target of kind ${target.kind}.` };
  }
  if (Number.isNaN(Date.parse(expirationDateTime))) {
    return { kind: 'nothing', message: 'The call has no end that is a date.' };
  }
  const device = DEVICE_ACTIONS.get(action);
  if (device && isMachineId(target.value)) return { kind: 'device', action: device };
  const subject = toSubject(action, target);
  if (subject) return { kind: 'indicator', subject };
  const message = device
    ? 'The host is no id of a device in Defender: 40 hexadecimal digits, as its page shows them.'
    : `The target is no ${target.kind} in canonical form.`;
  return { kind: 'nothing', message };
}

async function write(parts: Parts, verb: 'apply' | 'release', call: Call, signal: AbortSignal): Promise<Answer> {
  const asked = read(call);
  if (asked.kind === 'nothing') return { kind: 'refused', message: asked.message };
  if (asked.kind === 'indicator') {
    const lane = verb === 'apply' ? parts.applies : parts.releases;
    return await lane.submit({ subject: asked.subject, call }, signal);
  }
  const change = verb === 'apply' ? applyToDevice : releaseDevice;
  return await change(parts.api, asked.action, call, signal).catch((error: unknown) => toAnswer(error, verb));
}

async function look(parts: Parts, call: Call, signal: AbortSignal): Promise<Presence> {
  const asked = read(call);
  if (asked.kind === 'nothing') return { kind: 'absent' };
  try {
    if (asked.kind === 'device') return await lookAtDevice(parts.api, asked.action, call, signal);
    const { kind } = standingOf(await parts.looks.submit(asked.subject, signal), call.tenantId);
    return kind === 'ours' || kind === 'theirs' ? { kind: 'present', foreign: kind === 'theirs' } : { kind: 'absent' };
  } catch (error) {
    return toUnknown(error);
  }
}

const BLOCKS = ['BlockIp', 'BlockDomain', 'BlockUrl', 'BlockFile'];

/** @throws {Error} with one sentence for the operator */
export function openDefender(settings: ProviderSettings, surroundings: DefenderSurroundings): Connector {
  const parts = createParts(settings, surroundings);
  const { api, actions } = parts;
  return {
    traits: TRAITS,
    apply: (call, signal) => write(parts, 'apply', call, signal),
    release: (call, signal) => write(parts, 'release', call, signal),
    verify: (call, signal) => look(parts, call, signal),
    async list(tenantId, signal) {
      const blocks = BLOCKS.some((name) => actions.includes(name));
      const all: ListedEffect[] = blocks ? await listIndicators(api, tenantId, signal) : [];
      // One after the other: each may be long.
      for (const device of DEVICE_ACTIONS) {
        if (actions.includes(device[0])) all.push(...(await listDevices(api, device, tenantId, signal)));
      }
      return all;
    },
    async close() {
      await api.close();
      await Promise.all([parts.applies.close(), parts.releases.close(), parts.looks.close()]);
    },
  };
}

const hostOf = (text: unknown): readonly string[] =>
  typeof text === 'string' && URL.canParse(text) ? [new URL(text).hostname.replace(/^\[|\]$/g, '')] : [];

/** Microsoft Defender for Endpoint. */
export const defender: ConnectorKind = {
  name: 'defender',
  configSchema,
  secretKeys: ['secret'],
  hostsOf: ({ own }) => [
    ...hostOf(own.url ?? 'https://api.security.microsoft.com'),
    ...hostOf(own.tokenUrl ?? 'https://login.microsoftonline.com'),
  ],
  exclusiveOf,
  behindAgent: TRAITS,
  open: (settings) =>
    openDefender(settings, {
      now: () => new Date(),
      resolve: resolveBySystem,
      wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    }),
};
