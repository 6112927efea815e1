import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connector } from '../connector.ts';
import { Secret } from '../secret.ts';
import { aCall, inHours, TENANT_A, TENANT_B } from '../testing.ts';
import { webhook } from './connector.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const KEY = Buffer.from(SECRET.slice(6), 'base64');
const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const RECEIVER = fromRoot('examples/webhook-receiver/receiver.mjs');
const ports = { feeds: { holdersOf: () => Promise.reject(new Error('A webhook has no feeds.')) } };
const target = { kind: 'ip', value: '203.0.113.9' } as const;
const call = aCall({ tenantId: TENANT_A, action: 'BlockIp', target });

const soon = (): AbortSignal => AbortSignal.timeout(5_000);

describe('the example of a receiver', () => {
  let receiver: ChildProcess;
  let url: string;
  let connector: Connector;

  beforeAll(async () => {
    const env = { ...process.env, WEBHOOK_SECRET: SECRET, PORT: '0' };
    receiver = spawn(process.execPath, [RECEIVER], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    if (!receiver.stdout) throw new Error('The receiver has no output.');
    const [line] = await once(createInterface(receiver.stdout), 'line');
    url = `http://127.0.0.1:${String(line).replace('Listening on port ', '')}/`;
    const own = { url, secret: new Secret(SECRET), verify: true, allowPrivate: true };
    connector = webhook.open({ name: 'example', own }, ports);
  });

  afterAll(async () => {
    await connector.close();
    receiver.kill();
  });

  test('carries out, shows and takes back what the connector asks for', async () => {
    const look = () => connector.verify?.(call, soon());
    expect(await look()).toEqual({ kind: 'absent' });
    expect(await connector.apply(call, soon())).toEqual({ kind: 'done', level: 'reported' });
    expect(await look()).toEqual({ kind: 'present' });
    expect(await connector.verify?.({ ...call, tenantId: TENANT_B }, soon())).toEqual({ kind: 'absent' });
    expect(await connector.apply(aCall(call, { expirationDateTime: inHours(2) }), soon())).toMatchObject({
      kind: 'done',
    });
    const release = aCall(call);
    expect(await connector.release(release, soon())).toEqual({ kind: 'done', level: 'reported' });
    expect(await look()).toEqual({ kind: 'absent' });
    expect(await connector.release({ ...release, attempt: 2 }, soon())).toEqual({ kind: 'done', level: 'reported' });
    expect(await connector.release(aCall(call), soon()), 'what never was').toMatchObject({ kind: 'done' });
  });

  test('does the same operation once, however often it comes', async () => {
    const effect = { ...call, target: { kind: 'ip', value: '203.0.113.10' } } as const;
    const apply = aCall(effect);
    await connector.apply(apply, soon());
    await connector.release(aCall(effect), soon());
    await connector.apply({ ...apply, attempt: 2 }, soon());
    expect(await connector.verify?.(aCall(effect), soon())).toEqual({ kind: 'absent' });
  });

  test('believes nobody who does not sign, or signs with another secret', async () => {
    const other = webhook.open(
      { name: 'other', own: { url, secret: new Secret('another secret of 24 bytes'), allowPrivate: true } },
      ports,
    );
    expect(await other.apply(call, soon())).toMatchObject({ kind: 'unavailable', subcode: 401, fault: 'ours' });
    await other.close();
    const unsigned = await fetch(url, { method: 'POST', body: '{}' });
    expect(unsigned.status).toBe(401);
  });

  test.each([
    ['as it is', 0, 200],
    ['of ten minutes ago', -600, 401],
    ['of ten minutes to come', 600, 401],
  ])('takes a signature %s with %i seconds: %i', async (_, ageSeconds, status) => {
    const [id, time] = [randomUUID(), String(Math.floor(Date.now() / 1000) + ageSeconds)];
    const body = JSON.stringify({
      type: 'securityAction.verify',
      data: { ...call, name: 'BlockIp', target: 'ip:203.0.113.9' },
    });
    const signature = createHmac('sha256', KEY).update(`${id}.${time}.${body}`).digest('base64');
    const headers = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,bm9uZQ== v1,${signature}` };
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(status);
    expect((await fetch(url, { method: 'POST', headers, body: `${body} ` })).status).toBe(401);
  });

  test('does not start without a secret', async () => {
    const bare = spawn(process.execPath, [RECEIVER], {
      env: { ...process.env, WEBHOOK_SECRET: 'short' },
      stdio: 'ignore',
    });
    expect((await once(bare, 'exit'))[0]).toBe(1);
  });

  test('stands in the documentation as it is', () => {
    const page = readFileSync(fromRoot('docs/connectors/webhook.md'), 'utf8');
    expect(page).toContain(`\`\`\`js\n${readFileSync(RECEIVER, 'utf8')}\`\`\``);
  });
});
