import { randomUUID } from 'node:crypto';
import type { SeenProduct } from '../../testing/seen-product.ts';
import { createBouncerHost } from './bouncer-host.ts';
import { BOUNCER_KEY, MACHINE, PASSWORD, startCrowdsec } from './crowdsec-product.ts';
import { login } from './crowdsec-under-test.ts';

/** Beside 198.18.0.0/15 as the bouncer's host knows it: 10,000 and more. */
const target = (index: number): string => `198.18.${(index >> 8) & 255}.${index & 255}`;

/** A local API and Debian's firewall bouncer, which asks every second; what its host is sent is the probe. */
export async function startSeenCrowdsec(): Promise<SeenProduct> {
  const product = await startCrowdsec();
  try {
    const host = await createBouncerHost();
    const key = randomUUID();
    await product.cscli('bouncers', 'add', 'firewall', '-k', key);
    await host.startBouncer({ port: product.port, key });
    return {
      provider: {
        connector: 'crowdsec',
        url: `http://127.0.0.1:${product.port}`,
        machine: MACHINE,
        password: { env: 'CROWDSEC_PASSWORD' },
        bouncerKey: { env: 'CROWDSEC_KEY' },
        bouncerInterval: 'PT1S',
      },
      environment: { CROWDSEC_PASSWORD: PASSWORD, CROWDSEC_KEY: BOUNCER_KEY },
      action: 'BlockIp',
      parameter: 'IP',
      target,
      isBlocked: (index) => host.isBlocked(target(index)),
      async lose(index) {
        const headers = await login(product.port);
        const url = `http://127.0.0.1:${product.port}/v1/decisions?value=${target(index)}`;
        await fetch(url, { method: 'DELETE', headers });
      },
      putForeign: async (index) =>
        void (await product.cscli('decisions', 'add', '--ip', target(index), '--duration', '4h')),
      async stop() {
        await host.remove();
        await product.stop();
      },
    };
  } catch (error) {
    await product.stop();
    throw error;
  }
}
