import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { type CreateOutcome, createAction } from '../../actions/create-action.ts';
import type { KeylessRequest } from '../../actions/create-input.ts';
import { KNOWN_MS, slotAt } from '../../actions/recent-requests.ts';
import { queries } from '../queries.ts';
import type { ActionRow, RecentRequestRow } from '../rows.ts';
import type { Store } from '../store.ts';
import { anActionRow } from './an-action-row.ts';
import { addRecent, addUsedKey, pruneRecent, pruneUsed, tellNow, writeState } from './test-units.ts';

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
  const post = (tenant: string, request: KeylessRequest, row: ActionRow = anActionRow()): Promise<CreateOutcome> =>
    open().run(tenant, createAction, { row, keyless: request, origin: ORIGIN, details: {} });

  const countOf = async (tenant: string): Promise<number> => (await open().tenant(tenant)).actionCount;

  it('gives a repeat without a key the action of what it repeats, and another body or tenant its own', async () => {
    const tenant = randomUUID();
    const row = anActionRow();
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
      const requests = [keyless('x', { arrivedAt: Date.now() - 5_000 }), again('x'), again('x'), again('x')];
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
    const row = anActionRow();
    await post(tenant, keyless('x'), row);
    const ending = code === null ? null : JSON.stringify({ result: { code, message: '', subcode: 0 }, by: null });
    await open().run(tenant, writeState, { id: row.id, status, state, ending });
    const next = anActionRow();
    expect(await post(tenant, again('x'), next)).toEqual(
      isGiven ? { kind: 'replayed', id: row.id } : { kind: 'created' },
    );
    expect(await post(tenant, again('x'))).toEqual({ kind: 'replayed', id: isGiven ? row.id : next.id });
  });

  it('knows a request for 120 seconds, and forgets it a slot at a time', async () => {
    const store = open();
    const tenant = randomUUID();
    const now = await store.run(tenant, tellNow, undefined);
    const known = async (agoMs: number): Promise<boolean> => {
      const action = anActionRow();
      const hash = randomUUID();
      await post(tenant, keyless(randomUUID()), action);
      const made_at = now - agoMs;
      const row: RecentRequestRow = { slot: slotAt(made_at), hash, action_id: action.id, made_at, is_repeat: 0 };
      await store.run(tenant, addRecent, row);
      return (await post(tenant, again(hash))).kind === 'replayed';
    };
    expect([await known(0), await known(60_000), await known(KNOWN_MS - 5_000)]).toEqual([true, true, true]);
    expect([await known(KNOWN_MS + 4_000), await known(KNOWN_MS + 60_000)]).toEqual([false, false]);
    const prune = (): Promise<number> => store.run(tenant, pruneRecent, { before: slotAt(now) - 60, limit: 1 });
    expect([await prune(), await prune(), await prune()]).toEqual([1, 1, 0]);
    expect(await known(60_000)).toBe(true);
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
