import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, type TestServer, until } from '../server.ts';
import { blockIp, DOCUMENTED, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';

const aDate = { date: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) };

describe('@microsoft/msgraph-beta-sdk 1.0.0-preview.81 (Kiota) over https', () => {
  let server: TestServer;
  let program: SdkProgram;

  beforeAll(async () => {
    server = await startAliased();
    program = startProgram('kiota-client', server);
  });
  afterAll(async () => {
    await program.stop();
    await server.discard();
  });

  const reaches = (id: string, state: string): Promise<Json> =>
    until(
      () => program.run('get', id),
      ({ additionalData }) => String(additionalData?.enforcement?.state) === state,
    );

  it("posts Microsoft's documented request and reads it with the SDK's own model", async () => {
    const created = await program.run('create', DOCUMENTED);
    expect(created).toMatchObject({ ...DOCUMENTED, status: 'NotStarted', createdDateTime: aDate });
    expect(created).not.toHaveProperty('completedDateTime');
    const done = await reaches(String(created.id), 'inForce');
    expect(done).toMatchObject({
      status: 'Completed',
      completedDateTime: aDate,
      lastActionDateTime: aDate,
      states: [
        { status: 'NotStarted', updatedDateTime: aDate },
        { status: 'Running', updatedDateTime: aDate },
        { status: 'Completed', updatedDateTime: aDate },
      ],
    });
  });

  it('has no date, no enumeration and no number that the SDK loses', async () => {
    const { id } = await program.run('create', blockIp(2));
    const [read, raw] = [await reaches(String(id), 'inForce'), await rawOf(String(id))];
    expect(read.createdDateTime?.date).toBe(new Date(String(raw.createdDateTime)).toISOString());
    expect(Object.keys(read.additionalData ?? {})).toEqual(['@odata.context', 'enforcement']);
    expect(read.additionalData?.enforcement).toEqual(raw.enforcement);
  });

  it('reads why an action failed', async () => {
    const parameters = [{ name: 'IP', value: '203.0.113.4' }];
    const { id } = await program.run('create', blockIp(0, { parameters }));
    const failed = await until(
      () => program.run('get', id),
      ({ status }) => String(status) === 'Failed',
    );
    expect(failed.errorInfo).toMatchObject({ code: 6, message: expect.stringMatching(/./) });
  });

  it('sends dates, @odata.type and service-produced properties, which are ignored', async () => {
    const created = await program.run('create', {
      ...blockIp(3),
      odataType: '#microsoft.graph.securityAction',
      completedDateTime: '2017-01-01T00:00:00.123Z',
      status: 'Running',
    });
    expect(created).toMatchObject({ status: 'NotStarted' });
    expect(created).not.toHaveProperty('completedDateTime');
  });

  it('sends properties that its model does not know, and gets them back', async () => {
    const created = await program.run('create', blockIp(4, { additionalData: { ticket: 'INC-7', ttl: 'PT1H' } }));
    expect(created.additionalData).toMatchObject({ ticket: 'INC-7' });
    const { additionalData } = await reaches(String(created.id), 'inForce');
    const end = Date.parse(String(additionalData?.enforcement?.expirationDateTime));
    expect(end - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect(end - Date.now()).toBeGreaterThan(3_500_000);
  });

  it('iterates over pages, sending its token to each', async () => {
    const made: unknown[] = [];
    for (const last of [11, 12, 13, 14, 15]) made.unshift((await program.run('create', blockIp(last))).id);
    const ids = (await program.run('pages', { top: 2 })) as unknown as string[];
    expect(ids.slice(0, 5)).toEqual(made);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await program.run('count')).toBe(ids.length);
  });

  it('lists with $top and $count', async () => {
    const page = await program.run('list', { top: 1, count: true });
    expect(page.value).toHaveLength(1);
    expect(page.odataCount).toBe(await program.run('count'));
    expect(page.odataNextLink).toContain(`${server.tlsUrl}/beta/security/securityActions?`);
  });

  it('cancels with no body and no Content-Type, twice, and deletes', async () => {
    const { id } = await program.run('create', blockIp(5));
    await reaches(String(id), 'inForce');
    await program.run('cancel', id);
    await program.run('cancel', id);
    expect(await reaches(String(id), 'released')).toMatchObject({ status: 'Completed' });
    await program.run('remove', id);
    expect(await program.fail('get', id)).toMatchObject({ responseStatusCode: 404 });
  });

  async function rawOf(id: string): Promise<Json> {
    const answer = await fetch(`${server.url}/beta/security/securityActions/${id}`, {
      headers: { Authorization: `Bearer ${server.token()}` },
    });
    return (await answer.json()) as Json;
  }
});
