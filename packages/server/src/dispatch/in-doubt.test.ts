import { expect, it } from 'vitest';
import { cancel, createWorld, request, settle, settleOne, turn, type World } from './testing/ledger-world.ts';

const TARGET = 'ip:203.0.113.1';
const HOUR_MS = 3_600_000;

const leased = ({ inFlight: [flying] }: World) => flying ?? expect.unreachable();

/** In force for an hour, and asked for two. */
function askedForLonger(): { readonly world: World; readonly ids: readonly string[] } {
  const world = createWorld(1, {
    probes: false,
    seesForeign: false,
    keepsTime: true,
    repeats: false,
    verification: 'reported',
  });
  world.product.isCalm = true;
  const first = request(world, TARGET, HOUR_MS);
  turn(world);
  settleOne(world);
  const second = request(world, TARGET, 2 * HOUR_MS);
  turn(world);
  expect(leased(world).leased).toMatchObject({ kind: 'apply', inDoubt: false });
  return { world, ids: [first, second] };
}

function released({ world, ids }: ReturnType<typeof askedForLonger>) {
  for (const id of ids) cancel(world, id);
  turn(world);
  const { leased: call } = leased(world);
  expect(call.kind).toBe('release');
  world.store.close();
  return call.call;
}

it('a release behind a later end of which no answer came is told that there is a doubt', () => {
  const asked = askedForLonger();
  const { world } = asked;
  settle(world, leased(world), { answer: { kind: 'unknown', message: 'The answer was lost.' } });
  expect(released(asked)).toMatchObject({ attempt: 1, inDoubt: true });
});

it('one behind a later end that was done is not', () => {
  const asked = askedForLonger();
  settleOne(asked.world);
  expect(released(asked)).not.toHaveProperty('inDoubt');
});
