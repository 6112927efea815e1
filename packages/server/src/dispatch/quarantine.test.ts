import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entity } from '../actions/entity.ts';
import { queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { addPause, endsAt } from '../store/testing/test-units.ts';
import { aPause, resumeAll } from './testing/ledger-pauses.ts';
import { cancel, createWorld, pass, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const [FIRST, SECOND] = ['ip:203.0.113.1', 'ip:203.0.113.2'];
const HOUR = 3_600_000;

describe('after a restore', () => {
  let world: World;

  beforeEach(() => {
    world = createWorld(1, { verifyEveryMs: 1_000, deadlineMs: 24 * HOUR });
    world.product.isCalm = true;
    world.product.lies.clear();
    world.product.enforced.clear();
  });
  afterEach(() => world.store.close());

  const rowOf = (id: string): ActionRow => {
    const [row] = world.store.read(queries.actionById({ id }));
    if (!row) throw new Error('It is lost.');
    return row;
  };
  const standing = (id: string): string => `${rowOf(id).status} ${rowOf(id).state}`;
  const work = (): void => {
    for (let rounds = 0; rounds < 20 && (turn(world) > 0 || world.inFlight.length > 0); rounds += 1) {
      while (world.inFlight.length > 0) settleOne(world, world.inFlight[0]);
    }
  };
  const inForce = (target: string | undefined, ttlMs: number): string => {
    const id = request(world, target, ttlMs);
    work();
    expect(standing(id)).toBe('Completed inForce');
    return id;
  };
  const restored = (): void => world.store.run(addPause, aPause(world, { kind: 'restored' }));

  it('nothing that is held ends, what drifted stays so and nothing starts, until somebody resumes', () => {
    const [held, lost] = [inForce(FIRST, HOUR), inForce(SECOND, 3 * HOUR)];
    restored();
    const fresh = request(world, 'ip:203.0.113.3', 3 * HOUR);
    world.product.enforced.delete(SECOND ?? '');
    pass(world, 2 * HOUR);
    work();
    expect([held, lost, fresh].map(standing)).toEqual(['Completed inForce', 'Completed drifted', 'NotStarted pending']);
    expect([...world.product.enforced.keys()]).toEqual([FIRST]);
    resumeAll(world);
    work();
    expect([held, lost, fresh].map(standing)).toEqual(['Completed released', 'Completed inForce', 'Completed inForce']);
  });

  it('a cancel made since is sent, one made before only when it is made again', () => {
    const [late, early] = [inForce(FIRST, 3 * HOUR), inForce(SECOND, 3 * HOUR)];
    cancel(world, early);
    pass(world, 10);
    restored();
    pass(world, 10);
    cancel(world, late);
    work();
    expect([late, early].map(standing)).toEqual(['Completed released', 'Completed releasing']);
    expect([...world.product.enforced.keys()]).toEqual([SECOND]);
    cancel(world, early);
    work();
    expect(standing(early)).toBe('Completed released');
  });

  it('what waits does not fail at its deadline, but at its own end', () => {
    restored();
    const [patient, short] = [request(world, FIRST, HOUR), request(world, SECOND, HOUR)];
    const row = rowOf(short);
    const until = world.clock.time + 25 * HOUR;
    world.store.run(endsAt, { ...row, hold_until: until });
    pass(world, 24 * HOUR + 1);
    work();
    expect([patient, short].map(standing)).toEqual(['NotStarted pending', 'NotStarted pending']);
    pass(world, HOUR);
    work();
    expect([patient, short].map(standing)).toEqual(['NotStarted pending', 'Failed none']);
    expect((JSON.parse(rowOf(short).entity) as Entity).errorInfo?.code).toBe(2);
    resumeAll(world);
    work();
    expect(standing(patient)).toBe('Completed inForce');
  });
});
