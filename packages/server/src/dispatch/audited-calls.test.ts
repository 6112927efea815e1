import { expect, test } from 'vitest';
import { queries } from '../store/queries.ts';
import { cancel, createWorld, pass, request, settleOne, turn, type World } from './testing/ledger-world.ts';

const SEEDS = 20;
const STEPS = 80;

/** What the audit says of a write; the outcome names attempt and fence beside the operation. */
interface Said {
  readonly phase: 'intent' | 'answer';
  readonly enforcementId: string;
  readonly operationId: string;
  readonly fence?: number;
}

const saidOf = ({ store }: World): readonly Said[] =>
  store
    .read(queries.journalAfter({ sequence: 0, limit: 10_000 }))
    .filter(({ type }) => type === 'securityAction.attempted')
    .map(({ content }) => (JSON.parse(content) as { details: Said }).details);

function step(world: World): void {
  const chance = world.random();
  if (chance < 0.2) request(world);
  else if (chance < 0.32) cancel(world);
  else if (chance < 0.9) turn(world);
  else pass(world, Math.floor(world.random() * 30_000));
}

/** Each write that is under way was intended before; each one that was answered says what it brought. */
function carryAll(world: World): number {
  let writes = 0;
  while (world.inFlight.length > 0) {
    const [flying] = world.inFlight;
    if (!flying) break;
    const { kind, enforcementId, fence, call } = flying.leased;
    settleOne(world, flying);
    if (kind !== 'apply' && kind !== 'release') continue;
    writes += 1;
    const said = saidOf(world);
    const intent = said.findIndex((each) => each.phase === 'intent' && each.operationId === call.operationId);
    const outcome = said.findIndex(
      (each) => each.phase === 'answer' && each.enforcementId === enforcementId && each.fence === fence,
    );
    expect(intent).toBeGreaterThanOrEqual(0);
    expect(outcome).toBeGreaterThan(intent);
  }
  return writes;
}

test('the audit has the intent of every write at a product, and behind it what the write brought', () => {
  let writes = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const world = createWorld(seed, {});
    for (let count = 0; count < STEPS; count += 1) {
      step(world);
      writes += carryAll(world);
    }
    world.store.close();
  }
  expect(writes).toBeGreaterThan(SEEDS * 5);
});
