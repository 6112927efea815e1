import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Effect } from '../../connector.ts';
import type { ConnectorPorts } from '../../connector-kind.ts';
import { type ConnectorUnderTest, Gate, type Misbehaviour, type ProductUnderTest } from '../../testing.ts';
import { clamav } from '../connector.ts';
import { TRAITS } from '../traits.ts';
import { type RunningClamd, startClamd } from './clamav-product.ts';
import { hashOf, reloadUntil, type Sample, writeSamples } from './samples.ts';

/** This connector asks the server for nothing. */
export const NO_PORTS = {} as ConnectorPorts;

export const openOn = ({ folder }: RunningClamd, socket: string) =>
  clamav.open({ name: 'files', own: { socket, folder } }, NO_PORTS);

const LISTS = ['interdict.hsb', 'interdict.hdb', 'admin.hsb'];

async function linesOf({ folder }: RunningClamd): Promise<string[]> {
  const texts = await Promise.all(LISTS.map((list) => readFile(path.join(folder, list), 'utf8').catch(() => '')));
  return texts.flatMap((text) => text.split('\n'));
}

const tenantOf = (name: string): readonly string[] =>
  /^(?:Interdict|Admin)\.([0-9a-f-]{36})/.exec(name)?.slice(1) ?? [];

/** What a scan finds. clamd names but one of several signatures of a file: the others' tenants stand in the lists. */
async function inForce(clamd: RunningClamd, samples: readonly Sample[]): Promise<Effect[]> {
  const [found, lines] = await Promise.all([clamd.scan(path.join(clamd.home, 'samples')), linesOf(clamd)]);
  return samples
    .filter(({ file }) => found.has(file))
    .flatMap(({ kind, hash, file }) => {
      const written = lines
        .filter((line) => line.startsWith(`${hash}:`))
        .flatMap((line) => tenantOf(line.split(':')[2] ?? ''));
      const loaded = tenantOf(found.get(file) ?? '').filter((tenant) => !written.includes(tenant));
      return [...written, ...loaded].map((tenantId) => ({
        tenantId,
        action: 'BlockFile',
        target: { kind, value: hash },
      }));
    });
}

/** An administrator's own signature in a list of his own. */
export async function putForeign(clamd: RunningClamd, { tenantId, target }: Effect, file: string): Promise<void> {
  await appendFile(path.join(clamd.folder, 'admin.hsb'), `${target.value}:*:Admin.${tenantId}:73\n`);
  await reloadUntil(clamd, file, true);
}

/** An administrator takes a line out of our file. */
export async function lose(clamd: RunningClamd, { tenantId, target }: Effect, file: string): Promise<void> {
  const list = path.join(clamd.folder, target.kind === 'md5' ? 'interdict.hdb' : 'interdict.hsb');
  const lines = (await readFile(list, 'utf8')).split('\n');
  const isTheirs = (line: string) => line.startsWith(target.value) && line.includes(tenantId);
  await writeFile(list, lines.filter((line) => !isTheirs(line)).join('\n'));
  await reloadUntil(clamd, file, false);
}

/** Else the ping passes and is not counted, so that what goes wrong does so after the list is written. */
const SPOILS_ALL: readonly (Misbehaviour['kind'] | undefined)[] = ['refuse', 'hang'];

const says = (answer: string) => () => Buffer.from(`${answer}\0`);

async function startProduct(): Promise<ProductUnderTest> {
  const clamd = await startClamd();
  const samples = await writeSamples(clamd);
  const fileOf = ({ target }: Effect): string => samples.find(({ hash }) => hash === target.value)?.file ?? '';
  let kind: Misbehaviour['kind'] | undefined;
  let pings = 0;
  const gate = new Gate({
    product: () => ({ path: clamd.socket }),
    path: path.join(clamd.home, 'gate.sock'),
    passes: (bytes) => {
      const isPing = bytes.includes('zPING') && !SPOILS_ALL.includes(kind);
      pings += isPing ? 1 : 0;
      return isPing;
    },
    refusal: (words) => says(`${words} ERROR`),
    nonsense: says('HELLO'),
  });
  await gate.open();
  return {
    connect: () => openOn(clamd, path.join(clamd.home, 'gate.sock')),
    secrets: [],
    inForce: () => inForce(clamd, samples),
    received: async () => gate.received - pings,
    putForeign: (effect) => putForeign(clamd, effect, fileOf(effect)),
    lose: (effect) => lose(clamd, effect, fileOf(effect)),
    async restart() {
      await clamd.stop();
      await clamd.start();
    },
    async misbehave(misbehaviour) {
      kind = misbehaviour.kind;
      await gate.misbehave(misbehaviour);
    },
    behave: () => gate.behave(),
    async stop() {
      await gate.close();
      await clamd.discard();
    },
  };
}

export const clamavUnderTest: ConnectorUnderTest = {
  name: 'clamav on a real clamd',
  traits: TRAITS,
  reach: 'network',
  misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'late'],
  refusesForNow: true,
  groupsCalls: true,
  tellsForeign: true,
  hasList: true,
  targets: {
    sha256: (index) => hashOf('sha256', index),
    sha1: (index) => hashOf('sha1', index),
    md5: (index) => hashOf('md5', index),
  },
  start: startProduct,
};
