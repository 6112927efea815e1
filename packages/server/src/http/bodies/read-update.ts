import { memberStatus } from '../../actions/record.ts';
import type { UpdateInput } from '../../actions/update-input.ts';
import { Refusal } from '../../errors.ts';
import { readExtensions } from './extensions.ts';
import { extensionNames, refuseNearNames } from './names.ts';
import { checkSent, isSomething, type SentAction, vendorOf } from './sent-action.ts';

/** What a body says, and not what it leaves out. */
function given<Of extends object>(members: Of): Of {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Of;
}

/** Clients give back what they got, and clear what they do not know: what is null or empty says nothing of an outcome. */
function reportOf({ status, errorInfo }: SentAction): UpdateInput['report'] {
  return given({
    status: status === null || status === undefined ? undefined : (memberStatus(status) ?? status),
    errorInfo: isSomething(errorInfo) ? errorInfo : undefined,
  }) as UpdateInput['report'];
}

function againOf(body: SentAction): UpdateInput['again'] {
  const { name, parameters, vendorInformation, ttl, expirationDateTime, scheduledDateTime } = body;
  return given({
    name,
    parameters:
      parameters === undefined ? undefined : (parameters ?? []).map(({ name: of, value }) => ({ name: of, value })),
    vendorInformation: vendorInformation === undefined ? undefined : vendorOf(body),
    ttl: ttl ?? undefined,
    expirationDateTime: expirationDateTime ?? undefined,
    scheduledDateTime: scheduledDateTime ?? undefined,
  }) as UpdateInput['again'];
}

/**
 * The body of a PATCH. Its shape only: who may change what is decided where the action is at hand.
 * @throws {Refusal} malformedJson, invalidProperty, unknownProperty, limitExceeded
 */
export function readUpdate(body: unknown): UpdateInput {
  if (body === undefined) {
    throw new Refusal('badRequest', 'The body is empty. Send what is to change, as in {"actionReason":"…"}.', {
      inner: 'malformedJson',
    });
  }
  const sent = checkSent(body);
  const names = extensionNames(sent);
  const extensions = readExtensions(sent, names);
  refuseNearNames(names);
  const { actionReason, clientContext } = sent;
  const own = { ...given({ actionReason, clientContext }), extensions } as UpdateInput['own'];
  return { own, again: againOf(sent), report: reportOf(sent) };
}
