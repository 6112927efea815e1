import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BouncerHost, createBouncerHost } from '../../packages/connectors/src/crowdsec/testing/bouncer-host.ts';
import type { RunningProduct } from '../../packages/connectors/src/testing/run-product.ts';
import { blocksOf, readPage } from '../docs/page.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const KEY = 'a-key-of-the-bouncer-of-the-host';
const CONFIG = `
providers:
  - { name: edge, connector: blocklist }
feedKeys:
  - { name: bouncer, tenant: 10ca1000-0000-4000-8000-000000000001, providers: [edge], key: { env: BOUNCER_KEY } }
`;

/** The file that the page shows, for a test: in the foreground, and quicker. */
function documented(apiUrl: string, folder: string): string {
  const blocks = blocksOf(readPage('docs/connectors/blocklist.md'));
  const shown = blocks.find(({ language, text }) => language === 'yaml' && text.includes('api_url:'))?.text ?? '';
  const changes = [
    ['https://interdict.example:8443/', apiUrl],
    ['api_key: the key', `api_key: ${KEY}`],
    ['update_frequency: 10s', 'update_frequency: 1s'],
    ['daemonize: true', 'daemonize: false'],
    ['log_mode: file', 'log_mode: stdout'],
    ['pid_dir: /var/run/', `pid_dir: ${folder}`],
    ['log_dir: /var/log/', `log_dir: ${folder}`],
  ] as const;
  for (const [from] of changes) expect(shown).toContain(from);
  return changes.reduce((text, [from, to]) => text.replace(from, to), shown);
}

describe.skipIf(!requirement('crowdsecBouncer').ok)(
  "Debian's firewall bouncer, which asks Interdict and no CrowdSec",
  () => {
    let server: TestServer;
    let host: BouncerHost;
    let bouncer: RunningProduct;

    beforeAll(async () => {
      server = await startServer({ config: CONFIG, env: { BOUNCER_KEY: KEY } });
      host = await createBouncerHost();
      bouncer = await startBouncer();
    }, 120_000);
    afterAll(async () => {
      await host?.remove();
      await server?.discard();
    });

    const startBouncer = (): Promise<RunningProduct> =>
      host.startBouncer({ port: Number(new URL(server.url).port), key: KEY });

    async function block(value: string, more: object = {}): Promise<string> {
      const body = {
        name: 'BlockIp',
        vendorInformation: { provider: 'edge' },
        parameters: [{ name: 'IP', value }],
        ...more,
      };
      const { status, json } = await ask(server, ACTIONS, { body });
      expect(status).toBe(201);
      return String(json.id);
    }

    const get = async (id: string): Promise<Json> => (await ask(server, `${ACTIONS}/${id}`)).json;
    const stateOf = async (id: string): Promise<string> => String((await get(id)).enforcement?.state);
    const cancel = (id: string) => ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    const inState = (id: string, wanted: string) =>
      until(
        () => stateOf(id),
        (state) => state === wanted,
      );
    const blocked = (address: string, wanted: boolean) =>
      until(
        () => host.isBlocked(address),
        (is) => is === wanted,
      );

    for (const address of ['198.18.7.9', '2001:db8:5::9']) {
      it(`drops what comes from ${address} as long as it is blocked`, async () => {
        expect(await host.isBlocked(address)).toBe(false);
        const id = await block(address);
        await inState(id, 'inForce');
        expect(String((await get(id)).status)).toBe('Completed');
        // The answer has arrived; it is in the kernel some milliseconds later.
        await blocked(address, true);
        await cancel(id);
        await inState(id, 'released');
        await blocked(address, false);
      });
    }

    it('has a later end without being told, and lets go at it', async () => {
      const first = await block('198.18.7.10', { ttl: 'PT5S' });
      await inState(first, 'inForce');
      const second = await block('198.18.7.10', { ttl: 'PT12S' });
      await inState(first, 'released');
      await delay(2_000);
      expect(await host.isBlocked('198.18.7.10')).toBe(true);
      await inState(second, 'released');
      await blocked('198.18.7.10', false);
    }, 40_000);

    it('has everything again after a kill, and lets go of what was released meanwhile', async () => {
      const [stays, goes] = [await block('198.18.7.11'), await block('198.18.7.12')];
      await inState(stays, 'inForce');
      await inState(goes, 'inForce');
      await blocked('198.18.7.12', true);
      await bouncer.stop('SIGKILL');
      await cancel(goes);
      const came = await block('198.18.7.13');
      await delay(1_500);
      expect(await stateOf(goes), 'it may have it still').toBe('releasing');
      expect(await host.isBlocked('198.18.7.12')).toBe(true);
      bouncer = await startBouncer();
      await inState(goes, 'released');
      await inState(came, 'inForce');
      await blocked('198.18.7.12', false);
      await blocked('198.18.7.13', true);
      expect(await host.isBlocked('198.18.7.11')).toBe(true);
    }, 40_000);

    it('goes on after the server was killed, and after its own restart with the file of the documentation', async () => {
      const id = await block('198.18.7.14');
      await inState(id, 'inForce');
      await blocked('198.18.7.14', true);
      const { port } = new URL(server.url);
      await server.kill();
      expect(await host.isBlocked('198.18.7.14'), 'blocks stay without the server').toBe(true);
      server = await startServer({
        data: server.data,
        config: CONFIG,
        env: { BOUNCER_KEY: KEY, INTERDICT_PORT: port },
      });
      await cancel(id);
      await inState(id, 'released');
      await blocked('198.18.7.14', false);
      await bouncer.stop('SIGTERM');
      expect(await host.isBlocked('198.18.7.11'), 'it leaves its tables').toBe(true);
      bouncer = await host.startBouncer({ port: Number(port), key: KEY, config: documented });
      await blocked('198.18.7.11', true);
      const next = await block('198.18.7.15');
      await inState(next, 'inForce');
      await blocked('198.18.7.15', true);
    }, 60_000);
  },
);
