import type { CreateInput } from '../../../../packages/server/src/actions/create-input.ts';
import { cancel } from '../../../../packages/server/src/actions/end-actions.ts';
import { postAction } from '../../../../packages/server/src/actions/post-action.ts';
import { plan } from '../../../sim/virtual-time.ts';
import type { Day } from './open-day.ts';

/** One action that was acknowledged. */
export interface Asked {
  readonly id: string;
  readonly order: number;
  readonly provider: string;
  /** As the product names it: with the tenant. */
  readonly target: string;
  readonly askedAt: number;
  /** An end of its own; the others last for a week. */
  readonly endsAt: number | undefined;
  cancelledAt: number | undefined;
}

export interface Traffic {
  readonly asked: Asked[];
  /** What was thrown instead of an acknowledgement. */
  readonly refused: unknown[];
  /** Newest targets at the provider that goes away: some are wanted again. */
  readonly lately: string[];
  targets: number;
  isOver: boolean;
}

const MINUTE_MS = 60_000;
export const BIG = '11111111-1111-4111-8111-111111111111';
const SMALL = '22222222-2222-4222-8222-222222222222';
/** That tenant has no releases that wait: its calls while the provider is away are tries of applies alone. */
const SMALL_SHARE = 0.1;
const AGAIN_SHARE = 0.2;
const ENDED_SHARE = 0.1;
const CANCELLED_SHARE = 0.03;

const askingOf = (tenantId: string) => ({
  ...{ tenantId, appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null },
});

function targetOf({ random }: Day, traffic: Traffic, provider: string): string {
  if (provider === 'away' && random() < AGAIN_SHARE && traffic.lately.length > 0) {
    return traffic.lately[Math.floor(random() * traffic.lately.length)] ?? '';
  }
  traffic.targets += 1;
  const at = traffic.targets;
  const target = `100.${64 + ((at >> 16) & 63)}.${(at >> 8) & 255}.${at & 255}`;
  if (provider === 'away' && traffic.lately.push(target) > 20) traffic.lately.shift();
  return target;
}

async function askFor(day: Day, traffic: Traffic, provider: string): Promise<void> {
  const { actions, random, time } = day;
  const isSmall = random() < SMALL_SHARE;
  const tenantId = isSmall ? SMALL : BIG;
  const value = targetOf(day, traffic, provider);
  const endsAt =
    !isSmall && random() < ENDED_SHARE ? time.now + Math.round((5 + random() * 720) * MINUTE_MS) : undefined;
  const input: CreateInput = {
    kind: 'request',
    ...{ name: 'BlockIp', actionReason: null, clientContext: null, scheduledDateTime: null },
    parameters: [{ name: 'IP', value }],
    vendorInformation: { provider, providerVersion: null, subProvider: null, vendor: null },
    ttl: endsAt === undefined ? 'P7D' : null,
    expirationDateTime: endsAt === undefined ? null : new Date(endsAt).toISOString(),
    extensions: {},
  };
  const order = traffic.asked.length + traffic.refused.length;
  const repeatable = { kind: 'keyless', hash: `request ${order}`, isRepeat: false, arrivedAt: time.now } as const;
  const askedAt = time.now;
  const { id } = await postAction(actions, askingOf(tenantId), () => input, repeatable);
  const asked: Asked = { id, order, provider, target: `${tenantId} ${value}`, askedAt, endsAt, cancelledAt: undefined };
  traffic.asked.push(asked);
  if (isSmall || random() >= CANCELLED_SHARE) return;
  plan(time, Math.round((1 + random() * 180) * MINUTE_MS), () => {
    asked.cancelledAt = time.now;
    cancel(actions, askingOf(tenantId), id, null).catch((error: unknown) => traffic.refused.push(error));
  });
}

/** Requests come evenly, so many an hour, until the traffic is over. */
export function sendEvenly(day: Day, traffic: Traffic, provider: string, perHour: number): void {
  const everyMs = Math.round(3_600_000 / perHour);
  const next = (): void => {
    if (traffic.isOver) return;
    askFor(day, traffic, provider).catch((error: unknown) => traffic.refused.push(error));
    plan(day.time, everyMs, next);
  };
  plan(day.time, everyMs, next);
}

export const noTraffic = (): Traffic => ({ asked: [], refused: [], lately: [], targets: 0, isOver: false });
