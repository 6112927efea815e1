import { describe, expect, it } from 'vitest';
import type { Refused } from '../refusal.ts';
import { ask, type Json, type Reply, until } from '../server.ts';
import { tokenFor, tokenOf } from '../tenant-token.ts';
import { ACTIONS, describeUpdates, faults, REPORTER } from '../update-bench.ts';

const SEED_ACTIONS = '/security/securityActions';
const OTHER_TENANT = '33333333-3333-4333-8333-333333333333';

describeUpdates('PATCH', (bench) => {
  const { blockOf, post, patch, get, idOf, inForce } = bench;

  it('changes what its requester said, in every status, and leaves the rest as it is', async () => {
    const id = await idOf(blockOf('simulator', { ticket: 'A-1', site: { code: 3 }, expirationDateTime: null }));
    await until(
      () => get(id),
      ({ status }) => String(status) === 'Completed',
    );
    const before = await ask(bench.server, `${ACTIONS}/${id}`);
    const answer = await patch(id, { actionReason: 'new', clientContext: 'c', ticket: null, shift: ['night'] });
    expect(answer.status).toBe(200);
    const { '@odata.context': context, ...rest } = before.json;
    const { ticket, enforcement, ...kept } = rest;
    expect(answer.json).toEqual({
      '@odata.context': context,
      ...kept,
      actionReason: 'new',
      clientContext: 'c',
      shift: ['night'],
      enforcement,
    });
    expect(ticket).toBe('A-1');
    expect(Object.keys(answer.json).at(-1)).toBe('enforcement');
    expect(answer.headers.get('etag')).not.toBe(before.headers.get('etag'));
    expect((await get(id)).actionReason).toBe('new');
    const cleared = await patch(id, { actionReason: null, clientContext: null });
    expect([cleared.json.actionReason, cleared.json.clientContext]).toEqual([null, null]);
    await ask(bench.server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    await until(
      () => get(id),
      ({ enforcement: of }) => String(of?.state) === 'released',
    );
    expect((await patch(id, { actionReason: 'after' })).json.actionReason).toBe('after');
  });

  it('that changes nothing raises no version', async () => {
    const id = await inForce();
    const tag = (await patch(id, { actionReason: 'same' })).headers.get('etag')?.split('.')[0];
    const same = [{}, { actionReason: 'same' }, { absent: null }, { status: 'Completed', errorInfo: null, states: [] }];
    for (const body of same) {
      const answer = await patch(id, body);
      expect([answer.status, answer.headers.get('etag')?.split('.')[0]]).toEqual([200, tag]);
    }
  });

  it('takes what cannot be changed with the value that it has, as a client gives it back', async () => {
    const id = await inForce();
    const { '@odata.context': _, ...entity } = await get(id);
    expect((await patch(id, { ...entity, actionReason: 'round trip' })).status).toBe(200);
    const { expirationDateTime } = (entity.enforcement ?? {}) as Readonly<Record<string, Json>>;
    expect((await patch(id, { expirationDateTime })).status).toBe(200);
  });

  it.each<[string, object]>([
    ['name', { name: 'BlockDomain' }],
    ['name', { name: null }],
    ['parameters', { parameters: [{ name: 'IP', value: '203.0.113.200' }] }],
    ['parameters', { parameters: [] }],
    ['parameters', { parameters: null }],
    ['vendorInformation', { vendorInformation: { provider: 'edge' } }],
    ['vendorInformation', { vendorInformation: null }],
    ['ttl', { ttl: 'PT1H' }],
    ['expirationDateTime', { expirationDateTime: '2030-01-01T00:00:00Z' }],
    ['scheduledDateTime', { scheduledDateTime: '2030-01-01T00:00:00Z' }],
  ])('of %s with another value is refused', async (target, body) => {
    const id = await inForce();
    const before = await get(id);
    const refused = { status: 400, inner: 'readOnlyProperty', target } as const;
    expect(faults(await patch(id, { actionReason: 'x', ...body }), refused)).toEqual([]);
    expect((await get(id)).actionReason).toEqual(before.actionReason);
  });

  it.each<[string, unknown, Partial<Refused>]>([
    ['no body', undefined, { inner: 'malformedJson' }],
    ['a list', [], { inner: 'malformedJson' }],
    ['a wrong type', { actionReason: 5 }, { inner: 'invalidProperty', target: 'actionReason' }],
    ['a slip', { actionReasn: 'x' }, { inner: 'unknownProperty', target: 'actionReasn', says: /actionReason/ }],
    ['a long reason', { actionReason: 'x'.repeat(4_097) }, { inner: 'limitExceeded', target: 'actionReason' }],
    ['a long context', { clientContext: 'x'.repeat(257) }, { inner: 'limitExceeded', target: 'clientContext' }],
    ['a bad name', { 'a-b': 1 }, { inner: 'invalidProperty', target: 'a-b' }],
    ['a large extension', { big: 'x'.repeat(4_100) }, { inner: 'limitExceeded' }],
    ['an unknown member', { vendorInformation: { product: 'x' } }, { inner: 'unknownProperty' }],
  ])('with %s is refused', async (_, body, refused) => {
    const id = await idOf(blockOf('simulator'));
    expect(faults(await patch(id, body), { status: 400, ...refused })).toEqual([]);
  });

  it('counts extensions after the merge', async () => {
    const some = (from: number, count: number, value: unknown): object =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`own_${from + index}`, value]));
    const id = await idOf(blockOf('simulator', some(0, 16, 'x')));
    expect(faults(await patch(id, some(16, 1, 'x')), { status: 400, inner: 'limitExceeded' })).toEqual([]);
    const swapped = await patch(id, { ...some(0, 2, null), ...some(16, 2, 'y') });
    expect([swapped.status, swapped.json.own_0, swapped.json.own_17]).toEqual([200, undefined, 'y']);
    const large = await patch(id, some(2, 2, 'x'.repeat(2_000)));
    expect(large.status).toBe(400);
  });

  it('is for its requester alone; another tenant does not learn that it is there', async () => {
    const user = await tokenFor(bench.server, { delegated: true, user: 'ann@soc.example' });
    const id = String((await post(blockOf('simulator'), user)).json.id);
    const refused = { status: 403, code: 'Authorization_RequestDenied', inner: 'insufficientPermission' } as const;
    const strangers = [
      undefined,
      bench.reporter,
      await tokenFor(bench.server, { delegated: true, user: 'bob@soc.example' }),
      await tokenFor(bench.server, { delegated: true, user: 'ann@soc.example', appId: REPORTER }),
    ];
    for (const token of strangers) {
      const answer = await patch(id, { actionReason: 'x' }, token === undefined ? {} : { token });
      expect(faults(answer, refused)).toEqual([]);
    }
    expect((await patch(id, { actionReason: 'x' }, { token: user })).status).toBe(200);
    const reads = await tokenFor(bench.server, { permissions: ['SecurityActions.Read.All'] });
    expect((await patch(id, { actionReason: 'x' }, { token: reads })).status).toBe(403);
    const other = await patch(id, { actionReason: 'x' }, { token: await tokenOf(bench.server, OTHER_TENANT) });
    const unknown = await patch('01a21543-a2c2-705c-815c-a7478ead0599', { actionReason: 'x' });
    for (const answer of [other, unknown]) {
      expect(faults(answer, { status: 404, inner: 'unknownResource' })).toEqual([]);
    }
  });

  it('of a record changes it on every root; how it went stays as it was told', async () => {
    const body = { name: 'BlockIp', status: 'String', completedDateTime: '2026-11-20T10:00:00+03:00', site: 'x' };
    const { id } = (await ask(bench.server, SEED_ACTIONS, { body })).json;
    const seed = await ask(bench.server, `${SEED_ACTIONS}/${id}`, {
      method: 'PATCH',
      body: { actionReason: 'why', site: null, status: 'String' },
    });
    const { '@odata.context': _, id: __, createdDateTime: ___, ...rest } = seed.json;
    const told = { actionReason: 'why', name: 'BlockIp', completedDateTime: body.completedDateTime, status: 'String' };
    expect([seed.status, rest]).toEqual([200, told]);
    expect(Object.keys(seed.json).slice(0, 3)).toEqual(['@odata.context', 'id', 'actionReason']);
    const graph = await get(id);
    expect([graph.actionReason, graph.status, graph.site, graph.enforcement?.state]).toEqual([
      'why',
      null,
      undefined,
      'none',
    ]);
    for (const change of [{ status: 'Completed' }, { errorInfo: { message: 'x' } }]) {
      expect(faults(await patch(id, change), { status: 409, inner: 'alreadyFinal', target: 'status' })).toEqual([]);
    }
    expect(faults(await patch(id, { name: 'BlockUrl' }), { status: 400, inner: 'readOnlyProperty' })).toEqual([]);
  });

  describe('under a condition', () => {
    it('is made only on the version that the client saw; a verification is no other version', async () => {
      const id = await inForce();
      const tag = (await ask(bench.server, `${ACTIONS}/${id}`)).headers.get('etag') ?? '';
      expect(tag).toMatch(/^W\/"\d+\.\d+\.\d+"$/);
      const verifiedSince = tag.replace(/\d+"$/, '1"');
      const first = await patch(id, { actionReason: 'a' }, { headers: { 'If-Match': verifiedSince } });
      expect(first.status).toBe(200);
      const stale = { status: 412, inner: 'entityTagDoesNotMatch', target: 'If-Match' } as const;
      expect(faults(await patch(id, { actionReason: 'b' }, { headers: { 'If-Match': tag } }), stale)).toEqual([]);
      expect((await get(id)).actionReason).toBe('a');
      for (const good of ['*', `"x", ${first.headers.get('etag')}`, `${first.headers.get('etag')}`]) {
        expect((await patch(id, { actionReason: 'a' }, { headers: { 'If-Match': good } })).status).toBe(200);
      }
      const noneMatch = { ...stale, target: 'If-None-Match' };
      const answer = await patch(id, { actionReason: 'b' }, { headers: { 'If-None-Match': '*' } });
      expect(faults(answer, noneMatch)).toEqual([]);
    });

    it.each(['', '7', 'W/7', 'w/"7"', '"a" "b"', '"a', '*, "a"', 'W/"7";'])('%j is no tag', async (tag) => {
      const id = await idOf(blockOf('simulator'));
      for (const header of ['If-Match', 'If-None-Match']) {
        const refused = { status: 400, inner: 'invalidProperty', target: header, says: /W\/"7"/ } as const;
        for (const method of ['PATCH', 'DELETE', 'GET']) {
          const body = method === 'PATCH' ? { body: {} } : {};
          const answer = await ask(bench.server, `${ACTIONS}/${id}`, { method, headers: { [header]: tag }, ...body });
          expect(faults(answer, refused)).toEqual([]);
        }
      }
    });

    it('of two at once one is made', async () => {
      const id = await inForce();
      const tag = (await ask(bench.server, `${ACTIONS}/${id}`)).headers.get('etag') ?? '';
      const both = await Promise.all(
        ['a', 'b', 'c', 'd'].map((actionReason) => patch(id, { actionReason }, { headers: { 'If-Match': tag } })),
      );
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412]);
      const made = both.find(({ status }) => status === 200);
      expect((await get(id)).actionReason).toBe(made?.json.actionReason);
    });

    it('a delete waits for the version too, and nothing keeps a cancel', async () => {
      const id = await inForce();
      const stale = { 'If-Match': 'W/"1"' };
      const cancel = await ask(bench.server, `${ACTIONS}/${id}/cancelSecurityAction`, {
        method: 'POST',
        headers: stale,
      });
      expect(cancel.status).toBe(200);
      await until(
        () => get(id),
        ({ enforcement }) => String(enforcement?.state) === 'released',
      );
      const refused = { status: 412, inner: 'entityTagDoesNotMatch', target: 'If-Match' } as const;
      const remove = (headers: Record<string, string>): Promise<Reply> =>
        ask(bench.server, `${ACTIONS}/${id}`, { method: 'DELETE', headers });
      expect(faults(await remove(stale), refused)).toEqual([]);
      const { headers } = await ask(bench.server, `${ACTIONS}/${id}`);
      expect((await remove({ 'If-Match': headers.get('etag') ?? '' })).status).toBe(204);
    });
  });

  it('answers 204 where nothing is wanted back, with the tag', async () => {
    const id = await inForce();
    const minimal = await patch(id, { actionReason: 'x' }, { headers: { Prefer: 'return=minimal' } });
    expect([minimal.status, minimal.text]).toEqual([204, '']);
    expect(minimal.headers.get('preference-applied')).toBe('return=minimal');
    expect(minimal.headers.get('etag')).toBe((await ask(bench.server, `${ACTIONS}/${id}`)).headers.get('etag'));
    const whole = await patch(id, {}, { headers: { Prefer: 'return=representation' } });
    expect([whole.status, whole.headers.get('preference-applied')]).toEqual([200, 'return=representation']);
  });
});
