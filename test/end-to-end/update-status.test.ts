import { expect, it } from 'vitest';
import { ask, type Json, until } from '../server.ts';
import { ACTIONS, describeUpdates, faults, REPORTER } from '../update-bench.ts';

describeUpdates('PATCH with a status', (bench) => {
  const { receiver, blockOf, post, patch, get, running } = bench;
  const DENIED = { status: 403, inner: 'insufficientPermission', target: 'status' } as const;
  const LATE = { status: 409, inner: 'alreadyFinal', target: 'status' } as const;

  it('is refused from whoever does not speak for the provider, the requester too', async () => {
    const id = await running('edge');
    for (const body of [{ status: 'Completed' }, { status: 'Failed' }, { errorInfo: { message: 'x' } }]) {
      expect(faults(await patch(id, body), DENIED)).toEqual([]);
    }
    expect((await get(id)).status).toBe('Running');
  });

  it('Completed, in the form that an SDK sends, counts as reported', async () => {
    const id = await running('edge');
    const second = await post({ ...blockOf('edge'), parameters: (await get(id)).parameters });
    await until(
      () => get(second.json.id),
      ({ status }) => String(status) === 'Running',
    );
    const body = '{"errorInfo":null,"states":[],"status":"Completed"}';
    const { status, json } = await patch(id, body, { token: bench.reporter });
    expect([status, json.status, json.enforcement?.state]).toEqual([200, 'Completed', 'inForce']);
    expect(json.enforcement).toMatchObject({ verification: 'reported', heldByOthers: 1 });
    expect((json.states as unknown as Json[]).at(-1)).toMatchObject({ appId: REPORTER, status: 'Completed' });
    expect((await get(second.json.id)).status).toBe('Completed');
    expect((await patch(id, body, { token: bench.reporter })).status).toBe(200);
    expect(faults(await patch(id, { status: 'Failed' }, { token: bench.reporter }), LATE)).toEqual([]);
    // At its end it is taken back: what was reported was believed.
    for (const each of [id, second.json.id]) {
      await ask(bench.server, `${ACTIONS}/${each}/cancelSecurityAction`, { method: 'POST' });
    }
    await until(
      () => receiver.of('release', String(json.enforcement?.target)).length,
      (calls) => calls > 0,
    );
  });

  it('Failed is released first, and then ends with code 6', async () => {
    const id = await running('edge');
    const errorInfo = { code: 99, message: 'The gateway is full.', subcode: 7 };
    const { status, json } = await patch(id, { status: 'Failed', errorInfo }, { token: bench.reporter });
    expect(status).toBe(200);
    expect(['Running', 'Failed']).toContain(String(json.status));
    const failed = await until(
      () => get(id),
      ({ status: at }) => String(at) === 'Failed',
    );
    expect(failed.errorInfo).toEqual({ code: 6, message: 'The gateway is full.', subcode: 7 });
    expect(failed.enforcement?.state).toBe('none');
    expect((failed.states as unknown as Json[]).at(-1)).toMatchObject({ appId: REPORTER, status: 'Failed' });
    expect(receiver.of('release', String(failed.enforcement?.target)).length).toBeGreaterThan(0);
    expect((await patch(id, { status: 'Failed', errorInfo }, { token: bench.reporter })).status).toBe(200);
    expect(faults(await patch(id, { status: 'Completed' }, { token: bench.reporter }), LATE)).toEqual([]);
  });

  it('that is no outcome is refused', async () => {
    const id = await running('edge');
    const refused = { status: 400, inner: 'invalidProperty', target: 'status' } as const;
    const wrong = [
      { status: 'NotStarted' },
      { status: 'Done' },
      { errorInfo: { message: 'x' } },
      { status: 'Completed', errorInfo: { message: 'x' } },
    ];
    for (const body of wrong) expect(faults(await patch(id, body, { token: bench.reporter }), refused)).toEqual([]);
    expect((await patch(id, { status: 'Running' }, { token: bench.reporter })).status).toBe(200);
  });

  it('Completed only causes a look where the connector reads back', async () => {
    const id = await running('seen');
    const target = String((await get(id)).enforcement?.target);
    const looks = receiver.of('verify', target).length;
    const first = await patch(id, { status: 'Completed' }, { token: bench.reporter });
    expect([first.status, first.json.status]).toEqual([200, 'Running']);
    await until(
      () => receiver.of('verify', target).length,
      (now) => now > looks,
    );
    expect((await get(id)).status).toBe('Running');
    receiver.inForce.add(target);
    receiver.manner = null;
    await patch(id, { status: 'Completed' }, { token: bench.reporter });
    const seen = await until(
      () => get(id),
      ({ status }) => String(status) === 'Completed',
    );
    expect(seen.enforcement?.verification).toBe('readBack');
  });

  it('on a simulator is believed no more than it shows', async () => {
    const { id } = (await post({ ...blockOf('simulator'), parameters: [{ name: 'IP', value: '203.0.113.6' }] })).json;
    await until(
      () => get(id),
      ({ status }) => String(status) === 'Running',
    );
    const answer = await patch(id, { status: 'Completed' }, { token: bench.reporter });
    expect([answer.status, answer.json.status]).toEqual([200, 'Running']);
    const failed = await patch(id, { status: 'Failed' }, { token: bench.reporter });
    expect(failed.status).toBe(200);
    const ended = await until(
      () => get(id),
      ({ status }) => String(status) === 'Failed',
    );
    expect([ended.errorInfo?.code, ended.enforcement?.state]).toEqual([6, 'none']);
  });
});
