import { existsSync } from 'node:fs';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Effect } from '../../connector.ts';
import type { ConnectorPorts } from '../../connector-kind.ts';
import { type ConnectorUnderTest, Gate, type Misbehaviour, type ProductUnderTest, TENANT_A } from '../../testing.ts';
import { squid } from '../connector.ts';
import { TRAITS } from '../traits.ts';
import { connectStatus, getThrough } from './squid-client.ts';
import { type RunningSquid, type SquidTerms, startSquid } from './squid-product.ts';

/** This connector asks the server for nothing. */
export const NO_PORTS = {} as ConnectorPorts;

const toEffect = (line: string): Effect => {
  const [value = '', tenantId = TENANT_A] = line.split(' ');
  return value.includes('://')
    ? { tenantId, action: 'BlockUrl', target: { kind: 'url', value } }
    : { tenantId, action: 'BlockDomain', target: { kind: 'domain', value } };
};

/** The lines of the list, read as anybody would. */
export async function linesOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function isRefused(port: number, { target }: Effect): Promise<boolean> {
  const url = target.kind === 'url' ? target.value : `http://${target.value}/x?y`;
  const { status, headers } = await getThrough(port, url);
  if (target.kind === 'url') return status === 403 && headers['x-interdict-verdict'] === undefined;
  return status === 403 && (await connectStatus(port, `www.${target.value}:443`)) === 403;
}

/** What stands on the list and is refused to a client of Squid. */
export async function refusedBy(running: RunningSquid): Promise<readonly Effect[]> {
  const effects = (await linesOf(running.list)).map(toEffect);
  const refused = await Promise.all(effects.map((effect) => isRefused(running.port, effect)));
  return effects.filter((_, index) => refused[index]);
}

const http = (text: string) => (): Buffer => Buffer.from(`HTTP/1.1 ${text}\r\nContent-Length: 0\r\n\r\n`);

async function* dressed(_: Buffer, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from('HTTP/1.1 403 Forbidden\r\nX-Interdict-Verdict: ');
  yield* body;
}

const createGate = (port: number): Gate =>
  new Gate({
    product: () => ({ host: '127.0.0.1', port }),
    refusal: () => http('403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0'),
    throttling: (seconds) => http(`429 Too Many Requests\r\nRetry-After: ${seconds}`),
    nonsense: http('204 No Content'),
    dressed,
  });

export const ownOf = ({ list, icapPort }: RunningSquid, proxyPort: number, way: SquidTerms['way']) => ({
  list,
  proxy: `http://127.0.0.1:${proxyPort}`,
  interceptsTls: true,
  ...(way === 'icap' && { icap: { port: icapPort } }),
});

/** A folder that is away cannot be written, not even by root. */
async function setAway(folder: string, isAway: boolean): Promise<void> {
  const away = `${folder}.away`;
  if (isAway) {
    await rename(folder, away);
    await writeFile(folder, 'A file stands where the folder should be.');
  } else if (existsSync(away)) {
    await rm(folder);
    await rename(away, folder);
  }
}

async function toProduct(running: RunningSquid, way: SquidTerms['way']): Promise<ProductUnderTest> {
  const { list } = running;
  const folder = path.dirname(list);
  await rm(list, { force: true });
  const gate = createGate(running.port);
  await gate.open();
  const mark = ({ tenantId, target }: Effect): string => `${target.value} ${tenantId}`;
  return {
    connect: () => squid.open({ name: 'edge', own: ownOf(running, gate.port, way) }, NO_PORTS),
    secrets: [],
    inForce: () => refusedBy(running),
    received: async () => gate.received,
    putForeign: ({ target }) => appendFile(list, `${target.value}\n`),
    lose: async (effect) => {
      const text = await readFile(list, 'utf8');
      await writeFile(list, text.replace(`${mark(effect)}\n`, ''));
    },
    restart: () => running.restart(),
    misbehave: async (misbehaviour: Misbehaviour) => {
      if (misbehaviour.kind === 'down') await setAway(folder, true);
      await gate.misbehave(misbehaviour);
    },
    behave: async () => {
      await setAway(folder, false);
      await gate.behave();
    },
    stop: async () => {
      await setAway(folder, false);
      await gate.close();
    },
  };
}

/** Squid is started once, for it forgets nothing that the list does not hold; `stop` ends it. */
export function squidUnderTest(way: SquidTerms['way']): { underTest: ConnectorUnderTest; stop: () => Promise<void> } {
  let started: Promise<RunningSquid> | undefined;
  const start = (): Promise<RunningSquid> => {
    started ??= startSquid({ way });
    return started;
  };
  const underTest: ConnectorUnderTest = {
    name: `squid, asking by ${way === 'icap' ? 'ICAP' : 'its helper'},`,
    traits: TRAITS,
    reach: 'file',
    misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'throttle', 'nonsense', 'halfAnswer', 'hostile'],
    tellsForeign: true,
    hasList: true,
    start: async () => toProduct(await start(), way),
  };
  return { underTest, stop: async () => (await started)?.stop() };
}
