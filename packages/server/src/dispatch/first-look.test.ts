import { expect, it } from 'vitest';
import { queries } from '../store/queries.ts';
import { createWorld, request, settleOne, turn } from './testing/ledger-world.ts';

const TARGET = 'ip:203.0.113.1';
const HOUR_MS = 3_600_000;

it('a first look that finds it in force speaks for those who asked before it; others wait for a look of their own', () => {
  const world = createWorld(1, {});
  world.product.isCalm = true;
  world.product.enforced.set(TARGET, 'foreign');
  const statusOf = (id: string): string | null | undefined => world.store.read(queries.actionById({ id }))[0]?.status;
  const before = request(world, TARGET, HOUR_MS);
  expect(turn(world)).toBe(1);
  world.clock.time += 1_000;
  const behind = request(world, TARGET, HOUR_MS);
  expect(turn(world)).toBe(0);
  settleOne(world);
  expect([statusOf(before), statusOf(behind)]).toEqual(['Completed', 'Running']);
  expect(turn(world)).toBe(1);
  expect(world.inFlight[0]?.leased.kind).toBe('verify');
  settleOne(world);
  expect(statusOf(behind)).toBe('Completed');
  world.store.close();
});

it('who spares strangers is not looked at before the first intent, and says behind it whose it is', () => {
  const world = createWorld(1, { sparesForeign: true });
  world.product.isCalm = true;
  world.product.enforced.set(TARGET, 'foreign');
  const id = request(world, TARGET, HOUR_MS);
  expect(turn(world)).toBe(1);
  expect(world.inFlight[0]?.leased.kind).toBe('apply');
  settleOne(world);
  const entity = JSON.parse(world.store.read(queries.actionById({ id }))[0]?.entity ?? '{}');
  expect(entity).toMatchObject({ status: 'Completed', enforcement: { state: 'inForce', preexisting: true } });
  world.store.close();
});
