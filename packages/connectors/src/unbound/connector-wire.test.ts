import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Connector, Presence } from '../connector.ts';
import { aCall, Gate, HOSTILE_ANSWERS, TENANT_A } from '../testing.ts';
import { unbound } from './connector.ts';
import { startUnbound, type UnboundProduct } from './testing/unbound-product.ts';

const PATIENCE_MS = 500;
const MANY = 10_000;

const callFor = (value: string) =>
  aCall({ tenantId: TENANT_A, action: 'BlockDomain', target: { kind: 'domain', value } });

const send = (connector: Connector, verb: 'apply' | 'release', value: string, ms = 20_000): Promise<Answer> =>
  connector[verb](callFor(value), AbortSignal.timeout(ms));

const look = async (connector: Connector, value: string, ms = 20_000): Promise<Presence | undefined> =>
  connector.verify?.(callFor(value), AbortSignal.timeout(ms));

/** Changes the bytes of an answer of the DNS in its TCP frame. */
type Forge = (answer: Buffer) => Buffer;

const inFrame = (body: Buffer): Buffer => Buffer.concat([Buffer.from([body.length >> 8, body.length & 0xff]), body]);

/** NXDOMAIN as a local zone says it, to the question as it came. */
function forged(question: Buffer, forge: Forge): Buffer {
  const body = Buffer.from(question.subarray(2));
  body.writeUInt16BE(0x8583, 2);
  return forge(inFrame(body));
}

const FORGERIES: readonly (readonly [string, Forge])[] = [
  ['an answer that is not its own word', (answer) => Buffer.from(answer).fill(0x81, 4, 5)],
  ['an answer to another id', (answer) => Buffer.from(answer).fill(0x77, 2, 4)],
  ['an answer to another name', (answer) => Buffer.from(answer).fill('x', 15, 16)],
  ['a question in place of an answer', (answer) => Buffer.from(answer).fill(0x05, 4, 5)],
  ['an answer without its question', (answer) => inFrame(answer.subarray(2, 14))],
  ['an answer of one byte', () => inFrame(Buffer.from([0]))],
  ['that the name is there', (answer) => Buffer.from(answer).fill(0x80, 5, 6)],
  ['that this host may not ask', (answer) => Buffer.from(answer).fill(0x85, 5, 6)],
];

describe.skipIf(!requirement('unbound').ok)('What comes back from Unbound', () => {
  let product: UnboundProduct;
  let control: Gate;
  let dns: Gate;
  let connector: Connector;
  let forge: Forge;

  beforeAll(async () => {
    product = await startUnbound();
    const socket = path.join(product.folder, 'gate.sock');
    control = new Gate({
      path: socket,
      product: () => ({ path: product.socket }),
      connectsLate: true,
      passes: (question) => question.includes('list_local_zones'),
    });
    dns = new Gate({
      product: () => ({ host: '127.0.0.1', port: product.port }),
      nonsense: (question) => forged(question, forge),
    });
    await Promise.all([control.open(), dns.open()]);
    connector = unbound.open({ name: 'dns', own: { socket, probe: `127.0.0.1:${dns.port}` } }, {} as never);
  });
  afterAll(async () => {
    await connector?.close();
    await Promise.all([control?.close(), dns?.close()]);
    await product?.stop();
  });
  beforeEach(async () => {
    await send(connector, 'apply', 'held.example');
  });
  afterEach(() => Promise.all([control.behave(), dns.behave()]));

  test.each(['apply', 'release'] as const)(
    `${HOSTILE_ANSWERS.length} hostile answers to the change of an %s itself are never taken for a success`,
    async (verb) => {
      const value = verb === 'apply' ? 'evil.example' : 'held.example';
      for (const answer of HOSTILE_ANSWERS) {
        await control.misbehave({ kind: 'hostile', answer });
        expect(await send(connector, verb, value, PATIENCE_MS), answer.name).toMatchObject({ kind: 'unknown' });
      }
      await control.behave();
      expect(await product.control('list_local_zones')).toMatch(/^held\.example\. always_nxdomain$/m);
      expect(await product.control('list_local_zones')).not.toContain('evil.example');
    },
    180_000,
  );

  test(`${HOSTILE_ANSWERS.length} hostile answers to the question of a look show no block`, async () => {
    for (const answer of HOSTILE_ANSWERS) {
      await dns.misbehave({ kind: 'hostile', answer });
      expect(await look(connector, 'held.example', PATIENCE_MS), answer.name).toMatchObject({ kind: 'unknown' });
    }
    await dns.behave();
    expect(await look(connector, 'held.example')).toEqual({ kind: 'present' });
  }, 180_000);

  test.each(FORGERIES)('%s shows no block', async (_, how) => {
    forge = (answer) => answer;
    await dns.misbehave({ kind: 'nonsense' });
    expect(await look(connector, 'held.example'), 'unforged').toEqual({ kind: 'present' });
    forge = how;
    expect(await look(connector, 'held.example')).toMatchObject({ kind: 'unknown' });
  });

  test('10,000 names are put in force, seen by questions of a client, and taken back', async () => {
    const names = Array.from({ length: MANY }, (_, index) => `n-${index}.many.example`);
    const timed = async <T>(work: () => Promise<T>): Promise<readonly [T, number]> => {
      const began = performance.now();
      return [await work(), Math.round(performance.now() - began)];
    };
    const all = <T>(each: (name: string) => Promise<T>): Promise<readonly [T[], number]> =>
      timed(() => Promise.all(names.map(each)));
    const [applied, appliedMs] = await all((name) => send(connector, 'apply', name));
    const [looks, looksMs] = await all((name) => look(connector, name));
    const [released, releasedMs] = await all((name) => send(connector, 'release', name));
    console.log(`${MANY} names: in force after ${appliedMs} ms, seen in ${looksMs} ms, gone after ${releasedMs} ms`);
    expect([...applied, ...released].filter(({ kind }) => kind !== 'done')).toEqual([]);
    expect(looks.filter((presence) => presence?.kind !== 'present')).toEqual([]);
    expect(await product.control('list_local_zones')).not.toContain('many.example');
  }, 60_000);
});
