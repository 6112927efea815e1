import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Json, TestServer } from '../server.ts';
import { type BusyGateway, startGateway } from './busy-gateway.ts';
import { blockIp, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';

describe.each(['legacy-client', 'kiota-client'])('%s behind a gateway that is busy', (name) => {
  let server: TestServer;
  let gateway: BusyGateway;
  let program: SdkProgram;

  beforeAll(async () => {
    server = await startAliased();
    gateway = await startGateway(server);
    program = startProgram(name, server, { baseUrl: gateway.url });
  });
  afterEach(() => {
    gateway.seen.length = 0;
  });
  afterAll(async () => {
    await program.stop();
    await gateway.stop();
    await server.discard();
  });

  const attempts = (): readonly unknown[] => gateway.seen.map(({ headers }) => headers['retry-attempt'] ?? null);

  it.each([429, 503, 504] as const)('comes again after %i and Retry-After with the same body', async (status) => {
    gateway.beBusy({ status, times: 2, retryAfter: 1 });
    const from = Date.now();
    const created = await program.run('create', blockIp(status % 100, { actionReason: `after ${status}` }));
    expect(created).toMatchObject({ status: 'NotStarted', actionReason: `after ${status}` });
    expect(Date.now() - from).toBeGreaterThanOrEqual(1_900);
    expect(attempts()).toEqual([null, '1', '2']);
    expect(new Set(gateway.seen.map(({ body }) => body)).size).toBe(1);
    const found = await listed(`after ${status}`);
    expect(found).toEqual([created.id]);
  });

  it('reads again after 429', async () => {
    const { id } = await program.run('create', blockIp(60));
    gateway.beBusy({ status: 429, times: 1, retryAfter: 1 });
    expect(await program.run('get', id)).toMatchObject({ id });
    expect(attempts()).toEqual([null, null, '1']);
  });

  it('gives up after three retries, and says with what', async () => {
    gateway.beBusy({ status: 429, times: 4, retryAfter: 1 });
    const thrown = await program.fail('create', blockIp(61));
    expect(thrown.statusCode ?? thrown.responseStatusCode).toBe(429);
    expect(thrown.message).toBe('Later.');
    expect(attempts()).toEqual([null, '1', '2', '3']);
    expect(await listed('61')).toEqual([]);
  });

  it('is accepted when it comes again because the answer was lost', async () => {
    gateway.beBusy({ status: 504, times: 1, retryAfter: 1, afterwards: true });
    const created = await program.run('create', blockIp(62, { actionReason: 'lost answer' }));
    expect(attempts()).toEqual([null, '1']);
    const found = await listed('lost answer');
    expect(found).toEqual([created.id]);
  });

  it('has its links lead through the gateway', async () => {
    await program.run('create', blockIp(63));
    gateway.seen.length = 0;
    const ids = (await program.run('pages', { top: 1 })) as unknown as string[];
    expect(ids.length).toBeGreaterThan(1);
    expect(gateway.seen).toHaveLength(ids.length);
    expect(gateway.seen.every(({ headers }) => headers.authorization?.startsWith('Bearer '))).toBe(true);
  });

  /** Ids of the actions with a reason, newest first, as the server has them. */
  async function listed(reason: string): Promise<readonly unknown[]> {
    const answer = await fetch(`${server.url}/beta/security/securityActions?$top=1000`, {
      headers: { Authorization: `Bearer ${server.token()}` },
    });
    const { value } = (await answer.json()) as { readonly value: readonly Json[] };
    return value.filter(({ actionReason }) => String(actionReason) === reason).map(({ id }) => id);
  }
});
