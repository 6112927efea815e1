import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openInstallKey } from '../../packages/server/src/auth/install-key.ts';
import { freePort } from '../free-port.ts';
import { NotificationReceiver } from '../notification-receiver.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { LATENESS_MS, TIMEOUT_MS, WELL_TREATED } from './bad-manners.ts';
import { createKilledServer, type KilledServer } from './killed-server.ts';
import { SERVERS, type StoreName } from './point-plan.ts';
import type { ClientOrder, ProviderOrder } from './records.ts';

/** Everything of one round: the servers, and around them processes that outlive them. */
export interface Rig {
  readonly store: StoreName;
  readonly folder: string;
  readonly servers: readonly KilledServer[];
  readonly postgres: TestPostgres | undefined;
  readonly notificationUrl: string;
  readonly providerUrl: string;
  readonly effects: string;
  readonly history: string;
  orderClient(order: ClientOrder): void;
  orderProvider(order: ProviderOrder): void;
  /** Starts the recording client; the servers' token is there by then. */
  startClient(): Promise<void>;
  /** Resolves when the client has ended. */
  clientEnded(): Promise<void>;
  close(): Promise<void>;
}

const PROVIDERS = ['edge', 'looked'] as const;
/** Of the whole lives alone: the product treats them well, so that they come to the last of their points in good time. */
export const LIVES_PROVIDER = 'lived';
const SECRET = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0LCBsb25nIGVub3VnaA==';
/** In flight, over all servers. */
const WORKERS = 64;
/** What counts is how much is under way when a server is killed. One server is there for a part of the time only. */
const CREATES_PER_SECOND: Readonly<Record<StoreName, number>> = { SQLite: 60, PostgreSQL: 30 };
const LOOKS_PER_SECOND = 40;

const provider = (name: string, url: string, more = ''): string => `
  - name: ${name}
    connector: webhook
    url: ${url}
    secret: { env: HOOK_SECRET }
    allowPrivate: true
    timeout: PT${TIMEOUT_MS / 1_000}S
    lateness: PT${LATENESS_MS / 1_000}S
${more}`;

const configOf = (url: string): string => `notifications: { allow: [localhost], ca: ca.pem }
providers:${provider('edge', `${url}/hook`)}${provider('looked', `${url}/hook`, '    verify: true\n')}${provider(LIVES_PROVIDER, `${url}${WELL_TREATED}`, '    verify: true\n')}
  - { name: lists, connector: blocklist }
`;

/** A process of the rig's own, which ends with it. */
async function startProcess(file: string, args: readonly string[]): Promise<ChildProcess> {
  const script = path.join(import.meta.dirname, file);
  const child = spawn(process.execPath, ['--conditions=source', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  child.stdin?.on('error', () => undefined);
  await once(child.stdout ?? child, 'data');
  return child;
}

async function createServers(
  folder: string,
  rig: { count: number; config: string; ca: string; databaseUrl: string | undefined },
): Promise<KilledServer[]> {
  const key = path.join(folder, 'key');
  openInstallKey(key);
  const servers: KilledServer[] = [];
  for (let index = 0; index < rig.count; index += 1) {
    const data = path.join(folder, `data-${index}`);
    mkdirSync(data, { recursive: true });
    copyFileSync(key, path.join(data, 'key'));
    writeFileSync(path.join(data, 'ca.pem'), rig.ca);
    const env = { HOOK_SECRET: SECRET, ...(rig.databaseUrl && { INTERDICT_DATABASE_URL: rig.databaseUrl }) };
    servers.push(await createKilledServer({ data, config: rig.config, env }));
  }
  return servers;
}

export async function openRig(store: StoreName, seed: number): Promise<Rig> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-crash-'));
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const [effects, history] = [path.join(folder, 'effects.jsonl'), path.join(folder, 'history.jsonl')];
  const port = await freePort();
  const receiver = new NotificationReceiver();
  await receiver.start();
  const product = await startProcess('provider-process.ts', [String(port), effects, String(seed)]);
  const postgres = store === 'PostgreSQL' ? await startPostgres('18') : undefined;
  const providerUrl = `http://127.0.0.1:${port}`;
  const config = configOf(providerUrl);
  const servers = await createServers(folder, {
    count: SERVERS[store],
    config,
    ca: receiver.certificate.cert,
    databaseUrl: postgres?.url,
  });
  let client: ChildProcess | undefined;
  return {
    store,
    folder,
    servers,
    postgres,
    notificationUrl: receiver.url,
    providerUrl,
    effects,
    history,
    orderClient: (order) => void client?.stdin?.write(`${order}\n`),
    orderProvider: (order) => void product.stdin?.write(`${order}\n`),
    startClient: async () => {
      const settings = {
        history,
        urls: servers.map(({ url }) => url),
        tokenFile: path.join(servers[0]?.data ?? '', 'token'),
        providers: PROVIDERS,
        workers: WORKERS,
        createsPerSecond: CREATES_PER_SECOND[store],
        looksPerSecond: LOOKS_PER_SECOND,
        seed,
      };
      client = await startProcess('client-process.ts', [JSON.stringify(settings)]);
    },
    clientEnded: async () => {
      if (client && client.exitCode === null) await once(client, 'exit');
    },
    close: async () => {
      client?.kill('SIGKILL');
      await Promise.all(servers.map((server) => server.kill()));
      for (const server of servers) server.forget();
      product.kill('SIGKILL');
      await receiver.stop();
      await postgres?.stop();
      removeAtExit();
      process.off('exit', removeAtExit);
    },
  };
}
