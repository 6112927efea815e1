import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entity } from '../actions/entity.ts';
import { queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { addPause, endsAt } from '../store/testing/test-units.ts';
import type { Alarm, Query, UnitOfWork } from '../store/work.ts';
import { tellLateReleases } from './late-releases.ts';
import { takeDue } from './take-due.ts';
import { aPause, resumeAll } from './testing/ledger-pauses.ts';
import { cancel, createWorld, pass, request, settleOne, turn, type World } from './testing/ledger-world.ts';
import { TENANT } from './testing/memory-store.ts';

const [FIRST, SECOND] = ['ip:203.0.113.1', 'ip:203.0.113.2'];
const HOUR = 3_600_000;
const FREE = { release: 4, apply: 4, verify: 4 };

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

  describe('a release that was wished before', () => {
    const early = (): string => {
      const id = inForce(FIRST, 30 * 24 * HOUR);
      world.product.isDown = true;
      cancel(world, id);
      work();
      pass(world, HOUR);
      restored();
      return id;
    };
    const nextDueAt = (): number | null => {
      const providers = [{ terms: world.terms, free: FREE, starts: [], notBefore: {}, window: 50, freshFirst: false }];
      const of = { owner: 'me', random: 0.5, ends: [], arrived: [], skip: [], maySuspect: true, providers };
      return world.store.run(takeDue, of).nextDueAt;
    };
    /** What a process tells in a turn of the tenant. */
    const told = async (): Promise<readonly Alarm[]> => {
      const alarms: Alarm[] = [];
      const { terms, store, clock } = world;
      const deps = {
        providers: [{ terms, tenants: undefined }],
        store: {
          clock,
          read: async (_: string, query: Query<unknown>) => store.read(query),
          run: async (_: string, unit: UnitOfWork<unknown, unknown>, args: unknown) => store.run(unit, args),
        },
        onAlarms: (_: string, more: readonly Alarm[]) => void alarms.push(...more),
      };
      await tellLateReleases({ deps, aside: new Map() } as never, TENANT, clock.time);
      return alarms;
    };

    it('is not late while it is held back, and for its whole time after that', async () => {
      const id = early();
      pass(world, 25 * HOUR);
      work();
      expect(await told()).toEqual([]);
      expect(standing(id)).toBe('Completed releasing');
      expect(nextDueAt(), 'not again at once').toBeGreaterThan(world.clock.time);
      resumeAll(world);
      for (let hour = 1; hour < 24; hour += 1) {
        pass(world, HOUR);
        work();
      }
      expect(await told()).toEqual([]);
      expect(standing(id)).toBe('Completed releasing');
      expect(nextDueAt()).toBeGreaterThan(world.clock.time);
      expect(nextDueAt()).toBeLessThanOrEqual(world.clock.time + HOUR);
      pass(world, HOUR);
      expect(await told()).toMatchObject([{ actionId: id }]);
      expect(standing(id)).toBe('Completed releaseFailed');
    });

    it('hides none that was wished since, and is late', async () => {
      const other = inForce(SECOND, 30 * 24 * HOUR);
      const id = early();
      pass(world, HOUR);
      cancel(world, other);
      work();
      pass(world, 24 * HOUR - 1);
      expect(await told()).toEqual([]);
      pass(world, 1);
      expect(nextDueAt()).toBe(world.clock.time);
      expect(await told()).toMatchObject([{ actionId: other }]);
      expect([id, other].map(standing)).toEqual(['Completed releasing', 'Completed releaseFailed']);
    });
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
