import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { askRepeated, type CreateOutcome, createAction } from '../../actions/create-action.ts';
import type { KeylessRequest } from '../../actions/create-input.ts';
import { deleteAction } from '../../actions/delete-action.ts';
import { KNOWN_MS } from '../../actions/recent-requests.ts';
import { toDateTime } from '../../lib/date-time.ts';
import { firstIdAt } from '../../lib/new-id.ts';
import { queries } from '../queries.ts';
import type { ActionRow } from '../rows.ts';
import type { Store } from '../store.ts';
import { anActionRow } from './an-action-row.ts';
import { addUsedKey, pruneUsed, tellNow, writeState } from './test-units.ts';

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };

const keyless = (hash: string, of: Partial<KeylessRequest> = {}): KeylessRequest => ({
  kind: 'keyless',
  hash,
  isRepeat: false,
  arrivedAt: Date.now() + 60_000,
  ...of,
});
const again = (hash: string): KeylessRequest => keyless(hash, { isRepeat: true });

/** Requests without a key, and keys of actions that are gone. */
export function describeRepeats(open: () => Store): void {
  /** As if made at a moment: the source of ids never goes back. */
  const aRow = (at = Date.now()): ActionRow =>
    anActionRow({ id: firstIdAt(at) + randomUUID().slice(firstIdAt(at).length), created_at: toDateTime(at) });

  const post = (tenant: string, request: KeylessRequest, of: ActionRow = aRow()): Promise<CreateOutcome> => {
    const { hash, isRepeat } = request;
    const fresh = { row: { ...of, request_hash: hash }, keyless: request, origin: ORIGIN };
    return open().run(tenant, createAction, fresh, { apart: { name: hash, isRepeat } });
  };

  const countOf = async (tenant: string): Promise<number> => (await open().tenant(tenant)).actionCount;

  it('gives a repeat without a key the action of what it repeats, and another body or tenant its own', async () => {
    const tenant = randomUUID();
    const row = aRow();
    expect(await post(tenant, keyless('a'), row)).toEqual({ kind: 'created' });
    expect(await post(tenant, again('a'))).toEqual({ kind: 'replayed', id: row.id });
    expect(await post(tenant, again('a'))).toEqual({ kind: 'replayed', id: row.id });
    expect(await post(tenant, again('b'))).toEqual({ kind: 'created' });
    expect(await post(randomUUID(), again('a'))).toEqual({ kind: 'created' });
    expect(await post(tenant, keyless('a'))).toEqual({ kind: 'created' });
    expect(await countOf(tenant)).toBe(3);
  });

  it('makes one action of a request and its repeats, whichever comes first, in one group or in several', async () => {
    for (let round = 0; round < 30; round += 1) {
      const tenant = randomUUID();
      const repeats = Array.from({ length: 1 + (round % 3) }, () => again('x'));
      const requests = [keyless('x', { arrivedAt: Date.now() - 5_000 }), ...repeats];
      if (round % 2) requests.reverse();
      const outcomes = await Promise.all(requests.map((request) => post(tenant, request)));
      expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(1);
      expect(await countOf(tenant)).toBe(1);
    }
  });

  it('takes a request that came after a repeat of the same body for a new one', async () => {
    const tenant = randomUUID();
    expect(await post(tenant, again('x'))).toEqual({ kind: 'created' });
    expect(await post(tenant, keyless('x'))).toEqual({ kind: 'created' });
    expect(await countOf(tenant)).toBe(2);
  });

  it.each([
    ['NotStarted', 'pending', null, true],
    ['Running', 'pending', null, true],
    ['Running', 'unknown', null, true],
    ['Running', 'releasing', 6, true],
    ['Running', 'releasing', 1, false],
    ['Completed', 'inForce', null, true],
    ['Completed', 'drifted', null, true],
    ['Completed', 'releasing', null, false],
    ['Completed', 'released', null, false],
    ['Completed', 'releaseFailed', null, false],
    ['Failed', 'none', null, false],
    ['Failed', 'unknown', null, false],
  ] as const)('answers a repeat with an action that is %s/%s (%s): %s', async (status, state, code, isGiven) => {
    const tenant = randomUUID();
    const row = aRow();
    await post(tenant, keyless('x'), row);
    const ending = code === null ? null : JSON.stringify({ result: { code, message: '', subcode: 0 }, by: null });
    await open().run(tenant, writeState, { id: row.id, status, state, ending });
    const next = aRow(Date.now() + 1);
    expect(await post(tenant, again('x'), next)).toEqual(
      isGiven ? { kind: 'replayed', id: row.id } : { kind: 'created' },
    );
    expect(await post(tenant, again('x'))).toEqual({ kind: 'replayed', id: isGiven ? row.id : next.id });
  });

  it.each([
    ['an action', 'ip:203.0.113.9'],
    ['a record', null],
  ])('knows the request of %s for 120 seconds', async (_, target) => {
    const store = open();
    const tenant = randomUUID();
    const now = await store.run(tenant, tellNow, undefined);
    const known = async (agoMs: number): Promise<boolean> => {
      const hash = randomUUID();
      await post(tenant, keyless(hash), { ...aRow(now - agoMs), target });
      return (await post(tenant, again(hash), { ...aRow(), target })).kind === 'replayed';
    };
    expect([await known(KNOWN_MS + 60_000), await known(KNOWN_MS - 5_000), await known(0)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('finds what a refused request has made, of which no target is known', async () => {
    const tenant = randomUUID();
    const row = aRow();
    await post(tenant, keyless('x'), row);
    const ask = (hash: string): Promise<CreateOutcome | undefined> =>
      open().run(tenant, askRepeated, { repeatable: again(hash), target: undefined });
    expect(await ask('x')).toEqual({ kind: 'replayed', id: row.id });
    expect(await ask('y')).toBeUndefined();
  });

  it('looks through no more actions on a target than others can wait for', async () => {
    const tenant = randomUUID();
    const row = aRow();
    await post(tenant, keyless('x'), row);
    const more = (count: number, at: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, () => post(tenant, keyless(randomUUID()), aRow(at))));
    await more(99, Date.now() + 10);
    expect(await post(tenant, again('x'))).toEqual({ kind: 'replayed', id: row.id });
    await more(1, Date.now() + 10);
    expect(await post(tenant, again('x'))).toEqual({ kind: 'created' });
  });

  it('tells a request that comes behind its own repeat that what that made was deleted', async () => {
    const tenant = randomUUID();
    const made = aRow();
    await post(tenant, again('x'), made);
    await open().run(tenant, writeState, { id: made.id, status: 'Failed', state: 'none', ending: null });
    const gone = { id: made.id, origin: ORIGIN, precondition: {} };
    expect(await open().run(tenant, deleteAction, gone)).toEqual({ kind: 'deleted' });
    const late = keyless('x', { arrivedAt: Date.now() - 5_000 });
    expect(await post(tenant, late)).toEqual({ kind: 'deleted' });
    expect(await post(tenant, again('x'))).toEqual({ kind: 'created' });
  });

  it('lets a repeat take the key again in step with the deletion of what it made before', async () => {
    const tenant = randomUUID();
    const [one, two] = [aRow(), aRow(Date.now() + 1)];
    const isOver = (id: string): Promise<unknown> =>
      open().run(tenant, writeState, { id, status: 'Failed', state: 'none', ending: null });
    const remove = (id: string): Promise<unknown> =>
      open().run(tenant, deleteAction, { id, origin: ORIGIN, precondition: {} });
    await post(tenant, again('x'), one);
    await isOver(one.id);
    const both = await Promise.all([remove(one.id), post(tenant, again('x'), two)]);
    expect(both).toEqual([{ kind: 'deleted' }, { kind: 'created' }]);
    await isOver(two.id);
    expect(await remove(two.id)).toEqual({ kind: 'deleted' });
    expect(await post(tenant, keyless('x', { arrivedAt: Date.now() - 5_000 }))).toEqual({ kind: 'deleted' });
  });

  it('clears away keys of deleted actions that are over, some at a time, of one tenant', async () => {
    const store = open();
    const [tenant, other] = [randomUUID(), randomUUID()];
    const key = (name: string, until: number) => ({ key_hash: name, fingerprint: 'f', action_id: 'a', until });
    for (const [name, until] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['d', 50],
    ] as const) {
      await store.run(tenant, addUsedKey, key(name, until));
    }
    await store.run(other, addUsedKey, key('a', 1));
    const prune = (): Promise<number> => store.run(tenant, pruneUsed, { now: 3, limit: 2 });
    expect([await prune(), await prune(), await prune()]).toEqual([2, 1, 0]);
    expect(await store.read(tenant, queries.usedKey({ key_hash: 'd' }))).toHaveLength(1);
    expect(await store.read(other, queries.usedKey({ key_hash: 'a' }))).toHaveLength(1);
  });
}
