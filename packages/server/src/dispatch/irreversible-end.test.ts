import { expect, it } from 'vitest';
import type { Entity } from '../actions/entity.ts';
import { queries } from '../store/queries.ts';
import { createWorld, pass, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const TARGET = 'ip:203.0.113.1';
const HOUR_MS = 3_600_000;

const enforcementOf = ({ store }: World, id: string): Entity['enforcement'] =>
  JSON.parse(store.read(queries.actionById({ id }))[0]?.entity ?? '{}').enforcement;

it('what cannot be taken back ends without a call', () => {
  const world = createWorld(1, {
    irreversible: ['BlockIp'],
    probes: false,
    seesForeign: false,
    verification: 'reported',
  });
  world.product.isCalm = true;
  const id = request(world, TARGET, HOUR_MS);
  turn(world);
  settleOne(world);
  expect(enforcementOf(world, id)).toMatchObject({ state: 'inForce' });
  pass(world, HOUR_MS);
  for (let turns = 0; turns < 3; turns += 1) turn(world);
  expect(world.inFlight).toEqual([]);
  expect(enforcementOf(world, id)).toMatchObject({ state: 'released' });
  expect(world.store.read(queries.firstEnforcements({ limit: 9 }))).toEqual([]);
  expect(world.product.enforced.get(TARGET)).toBe('ours');
  world.store.close();
});
