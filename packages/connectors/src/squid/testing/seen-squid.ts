import { appendFile, readFile, writeFile } from 'node:fs/promises';
import type { SeenProduct } from '../../testing/seen-product.ts';
import { getThrough } from './squid-client.ts';
import { startSquid } from './squid-product.ts';

const targetOf = (index: number): string => `evil-${index}.example`;

/**
 * A Squid that asks by ICAP. Ask it first when the server is up: a Squid that has once asked in vain for what the service
 * can do does so again after 30 seconds.
 */
export async function startSeenSquid(): Promise<SeenProduct> {
  const running = await startSquid({ way: 'icap' });
  const { list, port, icapPort } = running;
  return {
    provider: { connector: 'squid', list, proxy: `http://127.0.0.1:${port}`, icap: { port: icapPort } },
    environment: {},
    action: 'BlockDomain',
    parameter: 'Domain',
    target: targetOf,
    isBlocked: async (index) => (await getThrough(port, `http://${targetOf(index)}/`)).status === 403,
    lose: async (index) => {
      const lines = (await readFile(list, 'utf8')).split('\n');
      await writeFile(list, lines.filter((line) => !line.startsWith(`${targetOf(index)} `)).join('\n'));
    },
    putForeign: (index) => appendFile(list, `${targetOf(index)}\n`),
    stop: () => running.stop(),
  };
}
