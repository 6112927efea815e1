import type { ActionInput, CreateInput, RecordInput } from '../../actions/create-input.ts';
import { Refusal } from '../../errors.ts';
import { parseDateTime } from '../../lib/date-time.ts';
import { isControlName } from '../../odata/control-name.ts';
import { isSeedRoot, type Root } from '../rewrite-path.ts';
import { checkExtensionCount, readExtensions, withoutAnnotations } from './extensions.ts';
import { extensionNames, isDeclared, refuseNearNames } from './names.ts';
import { checkLength, checkSent, isSomething, type SentAction, vendorOf } from './sent-action.ts';

const TOLD_AFTERWARDS = ['states', 'errorInfo', 'completedDateTime', 'lastActionDateTime'];

/** A body that says how it went tells of an action taken elsewhere. */
const isRecord = (body: SentAction): boolean =>
  TOLD_AFTERWARDS.some((name) => isSomething(body[name])) ||
  (isSomething(body.status) && body.status?.toLowerCase() !== 'notstarted');

const LONGEST_STATUS = 64;

const DATES = ['completedDateTime', 'createdDateTime', 'lastActionDateTime'];

function checkDate(value: unknown, target: string): void {
  if (typeof value !== 'string' || parseDateTime(value) !== undefined) return;
  const message = `"${target}" must be an RFC 3339 date and time, as in 2017-01-01T00:01:22.3370207+03:00.`;
  throw new Refusal('badRequest', message, { inner: 'invalidProperty', target });
}

function readRecord(body: SentAction): RecordInput {
  for (const name of DATES) checkDate(body[name], name);
  for (const [index, state] of (body.states ?? []).entries()) {
    checkDate(state.updatedDateTime, `states/${index}/updatedDateTime`);
  }
  checkLength(body.status, 'status', LONGEST_STATUS);
  const others = Object.keys(body).filter(
    (name) => !isDeclared(name) && !isControlName(name) && name !== 'enforcement',
  );
  readExtensions(body, others);
  const kept = Object.entries(body).filter(
    ([name]) => name === '@odata.type' || isDeclared(name) || others.includes(name),
  );
  return { kind: 'record', body: withoutAnnotations(Object.fromEntries(kept)) as RecordInput['body'] };
}

function readRequest(body: SentAction): ActionInput {
  const names = extensionNames(body);
  checkExtensionCount(names);
  refuseNearNames(names);
  return {
    kind: 'request',
    name: body.name ?? null,
    actionReason: body.actionReason ?? null,
    clientContext: body.clientContext ?? null,
    parameters: (body.parameters ?? []).map(({ name, value }) => ({ name, value })),
    vendorInformation: vendorOf(body),
    scheduledDateTime: body.scheduledDateTime ?? null,
    ttl: body.ttl ?? null,
    expirationDateTime: body.expirationDateTime ?? null,
    extensions: readExtensions(body, names),
  };
}

/**
 * A body as a request to act or, on the seed roots, as a record of an action taken elsewhere. Its shape only: whether
 * it makes sense is decided in `actions/`.
 *
 * @throws {Refusal} malformedJson, invalidProperty, unknownProperty, limitExceeded
 */
export function readSecurityAction(body: unknown, root: Root): CreateInput {
  if (body === undefined) {
    throw new Refusal('badRequest', 'The body is empty. Send a securityAction.', { inner: 'malformedJson' });
  }
  const sent = checkSent(body);
  return isSeedRoot(root) && isRecord(sent) ? readRecord(sent) : readRequest(sent);
}
