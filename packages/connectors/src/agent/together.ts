import { VERIFICATION_LEVELS } from '@interdict/contract';
import type { ConnectorTraits } from '../connector.ts';

const IDEMPOTENCE = ['none', 'setlike', 'native'] as const;

/** The least of several, in the order of a scale. */
const least = <Value>(scale: readonly Value[], values: readonly Value[]): Value | undefined =>
  scale.find((value) => values.includes(value));

/** The least of those that say one. */
function rates(traits: readonly ConnectorTraits[]): Omit<ConnectorTraits['limits'], 'concurrency'> {
  const leastOf = (name: 'perMinute' | 'perHour') => {
    const said = traits.flatMap(({ limits }) => limits[name] ?? []);
    return said.length > 0 ? { [name]: Math.min(...said) } : {};
  };
  return { ...leastOf('perMinute'), ...leastOf('perHour') };
}

/** What several connectors behind one agent promise together: no more than each of them does. */
export function together(traits: readonly [ConnectorTraits, ...ConnectorTraits[]]): ConnectorTraits {
  const [first] = traits;
  const every = (of: (each: ConnectorTraits) => boolean): boolean => traits.every(of);
  return {
    actions: traits.flatMap(({ actions }) => actions),
    verification:
      least(
        VERIFICATION_LEVELS,
        traits.map(({ verification }) => verification),
      ) ?? first.verification,
    idempotence:
      least(
        IDEMPOTENCE,
        traits.map(({ idempotence }) => idempotence),
      ) ?? first.idempotence,
    probe: every(({ probe }) => probe === 'byTarget') ? 'byTarget' : 'none',
    seesForeign: every(({ seesForeign }) => seesForeign),
    ...(every(({ sparesForeign }) => sparesForeign === true) && { sparesForeign: true as const }),
    // One that is not told a later end would drop the entry too early.
    keepsTime: !every(({ keepsTime }) => !keepsTime),
    maxLatenessMs: Math.max(...traits.map(({ maxLatenessMs }) => maxLatenessMs)),
    timeoutMs: Math.max(...traits.map(({ timeoutMs }) => timeoutMs)),
    limits: { concurrency: Math.min(...traits.map(({ limits }) => limits.concurrency)), ...rates(traits) },
    simulated: every(({ simulated }) => simulated),
    ...(!every(({ tenants }) => tenants === undefined) && { tenants: 'one' as const }),
  };
}
