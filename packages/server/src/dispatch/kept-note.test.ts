import { expect, it } from 'vitest';
import { queries } from '../store/queries.ts';
import { createWorld, request, settle, settleOne, turn } from './testing/ledger-world.ts';

const TARGET = 'ip:203.0.113.1';

it('a note is given with the calls that follow, and is stored before the intent goes out', () => {
  const world = createWorld(1, {});
  world.product.isCalm = true;
  world.product.enforced.delete(TARGET);
  request(world, TARGET, 5_000);
  turn(world);
  const [look] = world.inFlight;
  if (!look) throw new Error('No look was leased.');
  expect([look.leased.kind, look.leased.call.note]).toEqual(['look', undefined]);
  settle(world, look, { presence: { kind: 'absent', note: 'was 512' } });
  const apply = world.inFlight[0]?.leased;
  expect([apply?.kind, apply?.call.note]).toEqual(['apply', 'was 512']);
  expect(world.store.read(queries.enforcementById({ id: apply?.enforcementId ?? '' }))[0]?.note).toBe('was 512');
  settleOne(world);
  world.clock.time += 6_000;
  turn(world);
  const release = world.inFlight[0]?.leased;
  expect([release?.kind, release?.call.note]).toEqual(['release', 'was 512']);
  world.store.close();
});
