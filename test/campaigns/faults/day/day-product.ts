import type { Answer, Call, Connector, ConnectorTraits } from '../../../../packages/connectors/src/connector.ts';
import { plan, type VirtualTime } from '../../../sim/virtual-time.ts';

/** One call as a product saw it, by the virtual time. */
export interface DayCall {
  readonly at: number;
  readonly kind: 'apply' | 'release';
  readonly tenantId: string;
  readonly target: string;
  readonly actionId: string;
  readonly until: number;
  /** Whether it was answered that it is done, and when. */
  doneAt: number | undefined;
}

/** A product in virtual time: it answers after a moment, and while it is away it refuses, or says nothing. */
export interface DayProduct {
  readonly name: string;
  readonly connector: Connector;
  readonly calls: DayCall[];
  readonly inForce: Set<string>;
  /** Targets of which two calls were under way at once. */
  readonly overlapped: string[];
  isAway: boolean;
}

const ANSWERS_MS = 50;
/** Of calls while it is away: nothing comes back. The others are refused. */
const SILENT_SHARE = 0.2;
const TIMEOUT_MS = 10_000;

const traitsOf = (perMinute: number | undefined): ConnectorTraits => ({
  actions: [{ name: 'BlockIp', targetKinds: ['ip'], reversible: true }],
  verification: 'reported',
  idempotence: 'native',
  probe: 'none',
  seesForeign: false,
  keepsTime: false,
  maxLatenessMs: 0,
  timeoutMs: TIMEOUT_MS,
  limits: { concurrency: 16, ...(perMinute !== undefined && { perMinute }) },
  simulated: false,
});

export function createDayProduct(
  { time, random }: { readonly time: VirtualTime; readonly random: () => number },
  name: string,
  perMinute?: number,
): DayProduct {
  const underWay = new Set<string>();
  const answer = async (call: DayCall, signal: AbortSignal): Promise<Answer> => {
    const isSilent = product.isAway && random() < SILENT_SHARE;
    await new Promise<void>((resolve, reject) => {
      if (!isSilent) plan(time, ANSWERS_MS, resolve);
      signal.addEventListener('abort', () => reject(new Error('It says nothing.')), { once: true });
    });
    if (product.isAway) return { kind: 'unavailable', message: 'There is nobody there.' };
    if (call.kind === 'apply') product.inForce.add(call.target);
    else product.inForce.delete(call.target);
    call.doneAt = time.now;
    return { kind: 'done', level: 'reported' };
  };
  const ask =
    (kind: DayCall['kind']) =>
    async (of: Call, signal: AbortSignal): Promise<Answer> => {
      const until = Date.parse(of.expirationDateTime);
      const { tenantId } = of;
      const target = `${tenantId} ${of.target.value}`;
      const call: DayCall = {
        at: time.now,
        kind,
        tenantId,
        target,
        actionId: of.request.actionId,
        until,
        doneAt: undefined,
      };
      product.calls.push(call);
      if (underWay.has(target)) product.overlapped.push(target);
      underWay.add(target);
      try {
        return await answer(call, signal);
      } finally {
        underWay.delete(target);
      }
    };
  const product: DayProduct = {
    name,
    connector: {
      traits: traitsOf(perMinute),
      apply: ask('apply'),
      release: ask('release'),
      close: async () => undefined,
    },
    ...{ calls: [], inForce: new Set(), overlapped: [], isAway: false },
  };
  return product;
}
