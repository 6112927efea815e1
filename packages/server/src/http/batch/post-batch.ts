import { createStepLane } from '../../lib/step-lane.ts';
import { readQueryOptions } from '../../odata/query-options.ts';
import type { Route } from '../route.ts';
import { callerOf } from '../security-actions.ts';
import { batchText } from './batch-text.ts';
import { type MatchRoute, readMatcher } from './match-route.ts';
import { readBatch } from './read-batch.ts';
import { runBatch } from './run-batch.ts';

/** Of one batch. */
const READS_AT_ONCE = 4;

/**
 * `$batch`: up to 20 requests in one, each authorised, carried out and answered for itself.
 *
 * @param routes the table that this operation itself stands in
 * @see https://learn.microsoft.com/graph/json-batching
 */
export function createBatch(routes: () => readonly Route[]): Route['handle'] {
  let match: MatchRoute | undefined;
  return async function postBatch(app, outer) {
    readQueryOptions(outer.query, []);
    const items = readBatch(outer.body);
    match ??= readMatcher(routes());
    const read = { bytes: 0, lane: createStepLane(READS_AT_ONCE) };
    const answers = await runBatch({ app, outer, caller: callerOf(outer), match, read }, items);
    return { status: 200, body: batchText(answers, (index) => items[index]?.method === 'HEAD') };
  };
}
