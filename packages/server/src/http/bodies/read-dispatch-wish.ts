import type { DispatchWish } from '../../actions/dispatch-state.ts';
import { Refusal } from '../../errors.ts';
import { didYouMean } from '../../lib/nearest-name.ts';
import { isControlName } from '../../odata/control-name.ts';
import { DISPATCH_WISH, typeCheck } from './body-schema.ts';

const checkTypes = typeCheck<{ readonly provider?: string | null; readonly reason?: string | null }>(DISPATCH_WISH);

const KNOWN = ['provider', 'reason'];
const LONGEST_REASON = 4_096;

/** A slip in "provider" would stop everything, or resume everything. */
function refuseOthers(sent: object, operation: string): void {
  const unknown = Object.keys(sent).find((name) => !KNOWN.includes(name) && !isControlName(name));
  if (unknown === undefined) return;
  const name = unknown.slice(0, 100);
  const message = `A ${operation} takes "provider" and "reason", and has "${name}".${didYouMean(name, KNOWN)}`;
  throw new Refusal('badRequest', message, { inner: 'unknownProperty', target: name });
}

/**
 * The body of a stop or of a resume.
 * @throws {Refusal} malformedJson, invalidProperty, missingProperty, unknownProperty, limitExceeded
 */
export function readDispatchWish(body: unknown, operation: 'stop' | 'resume'): DispatchWish {
  if (body === undefined) {
    throw new Refusal('badRequest', `The body is empty. Say why, as in {"reason":"…"}.`, { inner: 'malformedJson' });
  }
  const sent = checkTypes(body);
  refuseOthers(sent, operation);
  const { provider = null, reason = null } = sent;
  if (reason === null || reason.trim() === '') {
    const message = `A ${operation} says why: "reason" is missing.`;
    throw new Refusal('badRequest', message, { inner: 'missingProperty', target: 'reason' });
  }
  if (reason.length > LONGEST_REASON) {
    const message = `"reason" has ${reason.length} characters; at most ${LONGEST_REASON} are kept.`;
    throw new Refusal('badRequest', message, { inner: 'limitExceeded', target: 'reason' });
  }
  return { provider, reason };
}
