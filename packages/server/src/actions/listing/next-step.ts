import { Refusal } from '../../errors.ts';
import type { Step, StepCall } from '../../store/walk.ts';
import type { ActionsDeps } from '../actions-deps.ts';

export interface Walking extends Pick<ActionsDeps, 'store'> {
  /** Whether somebody still waits for what the walk finds. */
  readonly isOpen?: (() => boolean) | undefined;
}

const gone = (): Refusal =>
  new Refusal('serviceUnavailable', 'Nobody waits for this list any more.', { headers: { 'Retry-After': '1' } });

/** What a filter is told that goes through more of one action than others can wait for. */
const tooMuchText = (): Refusal =>
  new Refusal(
    'badRequest',
    'This "$filter" goes through too much text of one securityAction. Put fewer functions into one another, or look ' +
      'for a shorter part.',
    { inner: 'invalidQueryOption', target: '$filter' },
  );

/**
 * The next step of a walk.
 * @throws {Refusal} invalidQueryOption for a filter that takes too long; serviceUnavailable when nobody waits any more
 */
export async function nextStep({ store, isOpen }: Walking, tenantId: string, call: StepCall): Promise<Step> {
  if (isOpen && !isOpen()) throw gone();
  const step = await store.step(tenantId, call);
  if (step.isTooMuch) throw tooMuchText();
  return step;
}
