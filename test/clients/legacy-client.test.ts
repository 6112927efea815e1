import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, type TestServer, until } from '../server.ts';
import { blockIp, DOCUMENTED, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';

describe('@microsoft/microsoft-graph-client 3.0.7, unmodified, over https', () => {
  let server: TestServer;
  let program: SdkProgram;

  beforeAll(async () => {
    server = await startAliased();
    program = startProgram('legacy-client', server);
  });
  afterAll(async () => {
    await program.stop();
    await server.discard();
  });

  const reaches = (id: string, state: string): Promise<Json> =>
    until(
      () => program.run('get', id),
      ({ enforcement }) => String(enforcement?.state) === state,
    );

  it("posts Microsoft's documented request and sees it Completed", async () => {
    const created = await program.run('create', DOCUMENTED);
    expect(created).toMatchObject({ ...DOCUMENTED, status: 'NotStarted' });
    expect(created['@odata.context']).toBe(`${server.tlsUrl}/beta/$metadata#security/securityActions/$entity`);
    const done = await reaches(String(created.id), 'inForce');
    expect(done).toMatchObject({ status: 'Completed', enforcement: { target: 'ip:1.2.3.4', provider: 'defender' } });
    expect(done.completedDateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  });

  it.each(['/Security/SecurityActions', '/SECURITY/securityactions', '/security/securityActions/'])(
    'finds the collection at %s',
    async (path) => {
      expect((await program.run('path', path)).value).toBeInstanceOf(Array);
    },
  );

  it('gets one by key in parentheses', async () => {
    const { id } = await program.run('create', blockIp(20));
    expect(await program.run('path', `/security/securityActions('${id}')`)).toMatchObject({ id });
  });

  it('finds the same under v1.0', async () => {
    const { id } = await program.run('create', blockIp(21));
    const read = await program.run('pathOfV1', `/security/securityActions/${id}`);
    expect(read['@odata.context']).toBe(`${server.tlsUrl}/v1.0/$metadata#security/securityActions/$entity`);
    expect(read.id).toBe(id);
  });

  it('iterates over pages, sending its token to each', async () => {
    const made: unknown[] = [];
    for (const last of [1, 2, 3, 4, 5]) made.unshift((await program.run('create', blockIp(last))).id);
    const ids = (await program.run('pages', { top: 2 })) as unknown as string[];
    expect(ids.slice(0, 5)).toEqual(made);
    expect(new Set(ids).size).toBe(ids.length);
    const counted = await ask(server, '/beta/security/securityActions/$count');
    expect(ids.length).toBe(Number(counted.text));
  });

  it('lists with $top and $count', async () => {
    const page = await program.run('list', { top: 1, count: true });
    expect(page.value).toHaveLength(1);
    expect(page['@odata.count']).toBe(Number(await program.run('count')));
    expect(page['@odata.nextLink']).toContain(`${server.tlsUrl}/beta/security/securityActions?`);
  });

  it.each([
    ['cancelSecurityAction', {}],
    ['cancelSecurityAction', null],
    ['cancelSecurityAction', undefined],
    ['microsoft.graph.cancelSecurityAction', {}],
    ['CancelSecurityAction', { reason: 'False positive' }],
  ])('cancels through %s with %j', async (action, body) => {
    const { id } = await program.run('create', blockIp(30));
    await reaches(String(id), 'inForce');
    await program.run('cancel', { id, action, body });
    expect(await reaches(String(id), 'released')).toMatchObject({ status: 'Completed' });
  });

  it('deletes what is over, and then finds it no more', async () => {
    const { id } = await program.run('create', blockIp(40));
    await reaches(String(id), 'inForce');
    const refused = await program.fail('remove', id);
    expect(refused).toMatchObject({ statusCode: 409, code: 'conflict' });
    await program.run('cancel', { id, action: 'cancelSecurityAction', body: {} });
    await reaches(String(id), 'released');
    expect((await program.run('remove', id)) ?? null).toBeNull();
    expect(await program.fail('get', id)).toMatchObject({ statusCode: 404, code: 'notFound' });
  });
});
