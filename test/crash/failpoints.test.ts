import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILPOINTS } from '../../packages/server/src/lib/failpoint.ts';
import { NotificationReceiver } from '../notification-receiver.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, startServer, type TestServer, until } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';
import { liveWholeLife } from './whole-life.ts';

const SOURCES = path.join(import.meta.dirname, '..', '..', 'packages', 'server', 'src');

/** Names in the order of the list, as often as they are passed in the code. */
function usedNames(): string[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  return sources
    .flatMap((file) => [...readFileSync(path.join(SOURCES, file), 'utf8').matchAll(/failpoint\('([\w.]+)'\)/g)])
    .map(([, name = '']) => name)
    .sort();
}

const saidBy = (...servers: readonly TestServer[]): string[] => [
  ...new Set(
    servers.flatMap((server) => [...server.output().matchAll(/^failpoint (\S+)$/gm)].map(([, name = '']) => name)),
  ),
];

/** All but those of the other database. */
const expectedOn = (other: string): string[] => FAILPOINTS.filter((name) => !name.startsWith(other)).sort();

describe('failpoints', () => {
  const receiver = new WebhookReceiver();
  const notified = new NotificationReceiver();
  let postgres: TestPostgres | undefined;

  beforeAll(async () => {
    await Promise.all([receiver.start(), notified.start()]);
  });
  afterAll(async () => {
    await postgres?.stop();
    await Promise.all([receiver.stop(), notified.stop()]);
  });

  const start = async (env: Readonly<Record<string, string>>): Promise<TestServer> => {
    const data = aDataFolder();
    writeFileSync(path.join(data, 'ca.pem'), notified.certificate.cert);
    const edge = webhookProvider(receiver, 'edge', 'timeout: PT2S\n    verify: true');
    const config = `notifications: { allow: [localhost], ca: ca.pem }\nproviders:\n${edge}\n  - { name: lists, connector: blocklist }\n`;
    return await startServer({ data, config, env: { HOOK_SECRET: receiver.secret, ...env } });
  };

  /** One process lives a whole life and is killed in the midst of a call; the next one takes that up, and stops in order. */
  const passAll = async (env: Readonly<Record<string, string>>, round: number): Promise<string[]> => {
    const first = await start({ ...env, INTERDICT_FAILPOINT: '*:say' });
    const settings = { provider: 'edge', notificationUrl: notified.url };
    try {
      await liveWholeLife(first, { ...settings, round });
      receiver.manner = () => 'hang';
      void liveWholeLife(first, { ...settings, round: round + 1 }).catch(() => undefined);
      const begun = receiver.received.length;
      await until(
        () => receiver.received.length,
        (count) => count > begun,
      );
    } finally {
      await first.kill();
      receiver.manner = null;
    }
    const second = await first.again();
    try {
      await until(
        () => saidBy(first, second),
        (said) => said.includes('start.afterLeasesFreed'),
      );
    } finally {
      await second.discard();
    }
    return saidBy(first, second).sort();
  };

  it('are each passed in one place of the code', () => {
    expect(usedNames()).toEqual([...FAILPOINTS].sort());
  });

  it('are all passed in the life of an action, on SQLite', async () => {
    expect(await passAll({}, 1)).toEqual(expectedOn('postgres.'));
  });

  it.skipIf(!requirement('postgres18').ok)('are all passed in the life of an action, on PostgreSQL', async () => {
    postgres = await startPostgres('18');
    expect(await passAll({ INTERDICT_DATABASE_URL: postgres.url }, 3)).toEqual(expectedOn('sqlite.'));
  });

  it('end the process like kill -9, in the thread of the store too, and leave what was committed', async () => {
    const server = await start({ INTERDICT_FAILPOINT: 'sqlite.afterCommit:exit@2' });
    const settings = { provider: 'edge', notificationUrl: notified.url, round: 5 };
    await expect(liveWholeLife(server, settings)).rejects.toThrow();
    expect(server.output()).toContain('failpoint sqlite.afterCommit');
    expect(server.output()).toContain('INTERDICT_FAILPOINT is set');
    await server.kill();
    await server.discard();
  });

  it('refuse the start where one is not known', async () => {
    await expect(start({ INTERDICT_FAILPOINT: 'call.send:exit' })).rejects.toThrow('Did you mean "call.sent"?');
  });
});
