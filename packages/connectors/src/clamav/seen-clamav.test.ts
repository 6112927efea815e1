import { expect, it, onTestFinished } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { aCall } from '../testing.ts';
import { clamav } from './connector.ts';
import { NO_PORTS } from './testing/clamav-under-test.ts';
import { startSeenClamav } from './testing/start-seen-clamav.ts';
import { effectOf, soon } from './testing/workshop.ts';

it.skipIf(!requirement('clamav').ok)('clamd is seen by its own client, as the measurements need it', async () => {
  const seen = await startSeenClamav();
  onTestFinished(() => seen.stop());
  const { connector: _, ...own } = seen.provider;
  const connector = clamav.open({ name: 'seen', own }, NO_PORTS);
  onTestFinished(() => connector.close());
  expect(await seen.isBlocked(9_999)).toBe(false);
  expect(seen.target(7)).toBe(effectOf('sha256', 7).target.value);
  await connector.apply(aCall(effectOf('sha256', 7)), soon());
  expect([await seen.isBlocked(7), await seen.isBlocked(8)]).toEqual([true, false]);
  await seen.lose(7);
  expect(await seen.isBlocked(7)).toBe(false);
  await seen.putForeign(8);
  expect(await seen.isBlocked(8)).toBe(true);
  const look = await connector.verify?.(aCall(effectOf('sha256', 8)), soon());
  expect(look).toEqual({ kind: 'present', foreign: true });
});
