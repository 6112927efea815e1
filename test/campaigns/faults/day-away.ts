import type { Finding } from '../campaign.ts';
import { noTraffic, sendEvenly } from './day/day-traffic.ts';
import { judgeDay } from './day/judge-day.ts';
import { openDay } from './day/open-day.ts';
import type { Fault, FaultRun } from './fault.ts';

const HOUR_MS = 3_600_000;
/** Of normal work before: with it "steady" is measured. */
const HOURS_BEFORE = 3;
const HOURS_AWAY = 24;
/** What the product takes. A day's requests are far less. */
const PER_MINUTE = 600;
const FINE_SHARE = 0.1;
/** What needs so long to come to rest is stuck. */
const REST_HOURS = 6;

async function live({ count, seed, say }: FaultRun): Promise<readonly Finding[]> {
  const day = await openDay(seed, PER_MINUTE);
  const traffic = noTraffic();
  const perHour = count / HOURS_AWAY;
  sendEvenly(day, traffic, 'away', perHour);
  sendEvenly(day, traffic, 'fine', perHour * FINE_SHARE);
  const begun = day.time.now;
  const [awayAt, backAt] = [begun + HOURS_BEFORE * HOUR_MS, begun + (HOURS_BEFORE + HOURS_AWAY) * HOUR_MS];
  await day.passUntil(awayAt);
  day.away.isAway = true;
  const passHours = async (until: number, words: string): Promise<void> => {
    for (let at = day.time.now; at < until; at = day.time.now) {
      await day.passUntil(Math.min(until, at + HOUR_MS));
      say(traffic.asked.length, words);
    }
  };
  await passHours(backAt, 'while it is away');
  day.away.isAway = false;
  await passHours(backAt + (1.5 * count * 60_000) / PER_MINUTE + HOUR_MS, 'after its return');
  traffic.isOver = true;
  await day.passUntil(day.time.now + REST_HOURS * HOUR_MS);
  return judgeDay(day, traffic, { awayAt, backAt, perMinute: PER_MINUTE });
}

/** A provider is away for 24 virtual hours, in which so many actions are asked of it; another works beside it. */
export const dayAway: Fault = { name: 'day-away', cases: { long: 100_000, short: 10_000 }, run: live };
