import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../../packages/server/src/dispatch/testing/seeded-random.ts';
import { createFakeTime, hasFakeTime } from '../../fake-time.ts';
import { startServer } from '../../server.ts';
import { WebhookReceiver, webhookProvider } from '../../webhook-receiver.ts';
import { boundOf, type Finding } from '../campaign.ts';
import type { Fault, FaultRun } from './fault.ts';
import { nothingFound, type TrialFound, tryJump } from './jump-trial.ts';

const YEAR_S = 31_536_000;
const TWO_HOURS_S = 7_200;
/** Longer than the minute in which a clock that was set is in doubt. */
const STAYS_MS = 70_000;
/** Of the trials with each server: the others are set right again after a few seconds. */
const STAYS_EVERY = 5;
const ANSWERS_AFTER_MS = 300;

interface Told {
  readonly done: () => void;
  readonly trials: number;
  readonly seed: number;
}

/** One server with a clock of its own, which is set so far, again and again. */
async function runServer(jumpSeconds: number, { done, trials, seed }: Told, found: TrialFound): Promise<void> {
  const [time, receiver, random] = [createFakeTime(), new WebhookReceiver(), seededRandom(seed)];
  receiver.manner = async (received) => {
    await delay(ANSWERS_AFTER_MS);
    return receiver.obey(received);
  };
  await receiver.start();
  const config = `providers:${webhookProvider(receiver, 'edge', 'lateness: PT1S')}`;
  const server = await startServer({ config, env: { ...time.env, HOOK_SECRET: receiver.secret } });
  const of = { server, time, receiver, random, jumpSeconds, targets: 0 };
  try {
    for (let trial = 1; trial <= trials; trial += 1) {
      const stays = trial % STAYS_EVERY === 2;
      await tryJump(of, found, stays ? STAYS_MS : 500 + random() * 4_000);
      done();
    }
  } finally {
    await server.discard();
    await receiver.stop();
    time.discard();
  }
}

const brokenBy = (found: readonly string[]): string | undefined =>
  found.length === 0 ? undefined : `${found.length}: ${found.slice(0, 5).join('; ')}`;

function judge(found: TrialFound, count: number): readonly Finding[] {
  const { accepted, whileJumped, latestMs, premature, lost, unfinished, backwards } = found;
  return [
    { promise: 'nothing is released too soon', broken: brokenBy(premature), seen: `${count} jumps, ${boundOf(count)}` },
    { promise: 'no release is lost', broken: brokenBy(lost), seen: `the latest ${latestMs} ms behind its end` },
    { promise: 'all is carried out', broken: brokenBy(unfinished), seen: `${accepted} actions` },
    {
      promise: 'calls go on while the clock is wrong',
      broken: whileJumped < count ? `${whileJumped} calls` : undefined,
      seen: `${whileJumped} calls`,
    },
    { promise: 'the times of each action rise', broken: brokenBy(backwards) },
  ];
}

async function run({ count, seed, say }: FaultRun): Promise<readonly Finding[]> {
  if (!hasFakeTime()) throw new Error('libfaketime is not installed: apt-get install faketime');
  const found = nothingFound();
  let trials = 0;
  const done = (): void => {
    trials += 1;
    say(trials);
  };
  const half = Math.ceil(count / 2);
  await Promise.all([
    runServer(YEAR_S, { done, trials: half, seed }, found),
    runServer(-TWO_HOURS_S, { done, trials: count - half, seed: seed + 1 }, found),
  ]);
  return judge(found, count);
}

/** The system's clock is set a year ahead or two hours back under load, and right again, or left so for a while. */
export const clockJumps: Fault = { name: 'clock-jumps', cases: { long: 100, short: 4 }, run };
