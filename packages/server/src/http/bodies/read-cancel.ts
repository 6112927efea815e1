import { Refusal } from '../../errors.ts';
import { isControlName } from '../../odata/control-name.ts';
import { CANCEL, typeCheck } from './body-schema.ts';

const checkTypes = typeCheck<{ readonly reason?: string | null }>(CANCEL);

const LONGEST_REASON = 4_096;

/** The reason of a cancel. No body, `{}` and `null` have none: clients send each of the three. @throws {Refusal} */
export function readCancelReason(body: unknown): string | null {
  if (body === undefined || body === null) return null;
  const sent = checkTypes(body);
  const unknown = Object.keys(sent).find((name) => name !== 'reason' && !isControlName(name));
  if (unknown !== undefined) {
    throw new Refusal('badRequest', `A cancel takes "reason" and nothing else; it has "${unknown.slice(0, 100)}".`, {
      inner: 'unknownProperty',
      target: unknown.slice(0, 100),
    });
  }
  const { reason = null } = sent;
  if (reason !== null && reason.length > LONGEST_REASON) {
    throw new Refusal('badRequest', `"reason" has ${reason.length} characters; at most ${LONGEST_REASON} are kept.`, {
      inner: 'limitExceeded',
      target: 'reason',
    });
  }
  return reason;
}
