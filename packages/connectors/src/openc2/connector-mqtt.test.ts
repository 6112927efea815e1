import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Call, Connector } from '../connector.ts';
import { Secret } from '../secret.ts';
import { aCall, TENANT_A } from '../testing.ts';
import { PASSWORDS } from './testing/broker.ts';
import { startMqtt } from './testing/mqtt-product.ts';
import { open } from './testing/openc2-product.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const calm = (): AbortSignal => AbortSignal.timeout(10_000);
const block = (value: string, changes: Partial<Call> = {}): Call =>
  aCall({ tenantId: TENANT_A, action: 'BlockIp', target: { kind: 'ip', value } }, changes);
const noteOf = (answer: Answer): { note?: string } =>
  'note' in answer && answer.note !== undefined ? { note: answer.note } : {};
const opened = (own: Record<string, unknown>): Connector => {
  const connector = open(own);
  ends.push(() => connector.close());
  return connector;
};

async function start(...names: [string, ...string[]]) {
  const started = await startMqtt(...names);
  ends.push(() => started.product.stop());
  return { ...started, connector: opened(started.own) };
}

describe.skipIf(!requirement('mosquitto').ok || !requirement('nftables').ok)('at a broker', () => {
  test('a command has the properties of the standard, and what is said three times is heard once', async () => {
    const { consumers, fronts, connector } = await start('fw1');
    for (const front of fronts) front.times = 3;
    consumers[0]?.filter?.addAddresses('203.0.113.0/24');
    const answer = await connector.apply(block('203.0.113.7'), calm());
    expect(answer).toMatchObject({ kind: 'done', level: 'reported' });
    expect(consumers[0]?.filter?.pings('203.0.113.7')).toBe(false);
    const [packet] = fronts[0]?.packets ?? [];
    expect(packet).toMatchObject({ topic: 'oc2/cmd/device/fw1', qos: 1, retain: false });
    expect(packet?.properties).toMatchObject({ payloadFormatIndicator: true, contentType: 'application/openc2' });
    expect(JSON.stringify(packet?.properties?.userProperties)).toBe('{"msgType":"req","encoding":"json"}');
    expect(await connector.release(block('203.0.113.7', noteOf(answer)), calm())).toMatchObject({ kind: 'done' });
    expect(consumers[0]?.filter?.pings('203.0.113.7')).toBe(true);
  });

  test('all that are expected must answer, and each gets its own number back', async () => {
    const { consumers, fronts, connector, own } = await start('fw1', 'fw2');
    // The numbers of the two differ from here on.
    await opened({ ...own, responders: ['fw2'] }).apply(block('203.0.113.1'), calm());
    const answer = await connector.apply(block('203.0.113.7'), calm());
    expect(fronts[0]?.packets[0]?.topic).toBe('oc2/cmd/ap/slpf');
    expect(answer.kind).toBe('done');
    expect(consumers.map(({ entries }) => entries.map(({ number }) => number))).toEqual([[1], [1, 2]]);
    expect(await connector.release(block('203.0.113.7', noteOf(answer)), calm())).toMatchObject({ kind: 'done' });
    expect(consumers.map(({ entries }) => entries.map(({ number }) => number))).toEqual([[], [1]]);
  });

  test('one that is silent: unknown, and named; a repeat finds both', async () => {
    const { consumers, fronts, connector } = await start('fw1', 'fw2');
    await connector.apply(block('203.0.113.1'), calm());
    fronts[1]?.misbehave({ kind: 'hang' });
    const call = block('203.0.113.7');
    const answer = await connector.apply(call, AbortSignal.timeout(300));
    expect(answer).toMatchObject({ kind: 'unknown', message: expect.stringContaining('before fw2 answered') });
    await fronts[1]?.behave();
    expect(await connector.apply({ ...call, attempt: 2 }, calm())).toMatchObject({ kind: 'done' });
    expect(consumers.map(({ entries }) => entries.length)).toEqual([2, 2]);
  });

  test('one that refuses: refused, and what the other did is taken away again', async () => {
    const { consumers, fronts, connector } = await start('fw1', 'fw2');
    fronts[1]?.misbehave({ kind: 'refuse', words: 'no room' });
    const answer = await connector.apply(block('203.0.113.7'), calm());
    expect(answer).toMatchObject({ kind: 'refused', message: expect.stringContaining('fw2 answered 403: no room') });
    expect(consumers.map(({ entries }) => entries.length)).toEqual([0, 0]);
  });

  test('a consumer that is not there is silent: the broker has the command, and that proves nothing', async () => {
    const { fronts, connector, own } = await start('fw1');
    await connector.apply(block('203.0.113.1'), calm());
    await fronts[0]?.leave();
    expect(await connector.apply(block('203.0.113.7'), AbortSignal.timeout(300))).toMatchObject({ kind: 'unknown' });
    const fresh = await opened(own).apply(block('203.0.113.8'), AbortSignal.timeout(300));
    expect(fresh).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('did not say what it offers'),
    });
  });

  test('the account of the page cannot answer in the name of a consumer', async () => {
    const { own } = await start('fw1');
    const terms = { protocolVersion: 5, username: 'interdict', password: PASSWORDS.interdict } as const;
    const client = await connectAsync(String(own.url), terms);
    ends.push(() => client.endAsync(true));
    await expect(client.publishAsync('oc2/rsp', 'x', { qos: 1 })).rejects.toMatchObject({ code: 135 });
    await client.publishAsync('oc2/cmd/device/nobody', '{}', { qos: 1 });
  });

  test('a password that is wrong is ours', async () => {
    const { own } = await start('fw1');
    const answer = await opened({ ...own, password: new Secret('wrong') }).apply(block('203.0.113.7'), calm());
    expect(answer).toMatchObject({ kind: 'unavailable', fault: 'ours' });
  });
});
