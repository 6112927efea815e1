import type { SeenProduct } from '../../testing/seen-product.ts';
import { TENANT_A } from '../../testing.ts';
import { probe } from '../probe.ts';
import { startUnbound } from './unbound-product.ts';

/** An Unbound, seen by a client that asks it for names over DNS. */
export async function startSeenUnbound(): Promise<SeenProduct> {
  const product = await startUnbound();
  const at = { host: '127.0.0.1', port: product.port };
  const target = (index: number): string => `host-${index}.evil.example`;
  return {
    provider: {
      connector: 'unbound',
      socket: product.socket,
      probe: `127.0.0.1:${product.port}`,
      tenants: [TENANT_A],
    },
    environment: {},
    action: 'BlockDomain',
    parameter: 'Domain',
    target,
    isBlocked: async (index) => {
      const sights = await probe(at, [target(index)], AbortSignal.timeout(5_000));
      return sights.get(target(index))?.isBlocked === true;
    },
    lose: async (index) => void (await product.control('local_zone_remove', target(index))),
    putForeign: async (index) => void (await product.control('local_zone', target(index), 'always_nxdomain')),
    stop: () => product.stop(),
  };
}
