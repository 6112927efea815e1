import { promises as dns } from 'node:dns';
import type { SeenProduct } from '../../testing/seen-product.ts';
import { TENANT_A } from '../../testing.ts';
import { startUnbound } from './unbound-product.ts';

/** An Unbound, seen by a client that asks it for names over DNS. */
export async function startSeenUnbound(): Promise<SeenProduct> {
  const product = await startUnbound();
  const client = new dns.Resolver({ tries: 1, timeout: 5_000 });
  client.setServers([`127.0.0.1:${product.port}`]);
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
    // Node's own word for NXDOMAIN; whatever else goes wrong is thrown. The upstream of the product has every name.
    isBlocked: (index) =>
      client.resolve4(target(index)).then(
        () => false,
        (error: NodeJS.ErrnoException) => {
          if (error.code === dns.NOTFOUND) return true;
          throw error;
        },
      ),
    lose: async (index) => void (await product.control('local_zone_remove', target(index))),
    putForeign: async (index) => void (await product.control('local_zone', target(index), 'always_nxdomain')),
    stop: () => product.stop(),
  };
}
