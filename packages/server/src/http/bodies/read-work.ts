import type { Answer, Presence, WorkReport } from '@interdict/connectors';
import type { TSchema } from 'typebox';
import { Refusal } from '../../errors.ts';
import { didYouMean } from '../../lib/nearest-name.ts';
import { isControlName } from '../../odata/control-name.ts';
import { typeCheck } from './body-schema.ts';
import { WORK_SCHEMAS } from './work-schemas.ts';

/** What an agent asks for. */
export interface WorkWish {
  readonly provider: string;
  readonly max?: number;
  readonly waitSeconds?: number;
}

export interface HeldWork {
  readonly provider: string;
  readonly id: string;
}

const invalid = (target: string, message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidProperty', target });

/** What is not known would be dropped, and it may be what was meant. */
function refuseOthers(sent: unknown, schema: TSchema, place: string): void {
  if (typeof sent !== 'object' || sent === null) return;
  const known = Object.keys((schema as { readonly properties?: object }).properties ?? {});
  const unknown = Object.keys(sent).find((name) => !known.includes(name) && !isControlName(name));
  if (unknown === undefined) return;
  const name = unknown.slice(0, 100);
  const words = `${place === '' ? 'The body' : `"${place}"`} has no "${name}".${didYouMean(name, known)}`;
  throw new Refusal('badRequest', words, {
    inner: 'unknownProperty',
    target: place === '' ? name : `${place}/${name}`,
  });
}

/** @throws {Refusal} malformedJson, invalidProperty, unknownProperty, missingProperty */
function reader<Body extends object>(
  schema: TSchema,
  needed: readonly (keyof Body & string)[],
): (body: unknown) => Body {
  const check = typeCheck<Body>(schema);
  return (body) => {
    if (body === undefined) throw new Refusal('badRequest', 'The body is empty.', { inner: 'malformedJson' });
    for (const name of needed) {
      if (typeof body !== 'object' || body === null || name in body) continue;
      throw new Refusal('badRequest', `"${name}" is missing.`, { inner: 'missingProperty', target: name });
    }
    const sent = check(body);
    refuseOthers(sent, schema, '');
    return sent;
  };
}

export const readWorkWish = reader<WorkWish>(WORK_SCHEMAS.workWish, ['provider']);
export const readHeldWork = reader<HeldWork>(WORK_SCHEMAS.heldWork, ['provider', 'id']);

const readReport = reader<HeldWork & WorkReport>(WORK_SCHEMAS.workReport, ['provider', 'id']);

const MOST_NOTE = 1_000;
const LONGEST_MESSAGE = 1_000;
const LONGEST_MS = 86_400_000;
const MOST_SUBCODE = 2 ** 31 - 1;
const CONTROL = /\p{Cc}/u;

/** Numbers that are times or codes, and texts that every store takes. */
function checkMember(target: string, value: unknown): void {
  const most = target.endsWith('/subcode') ? MOST_SUBCODE : LONGEST_MS;
  if (typeof value === 'number' && !(Number.isInteger(value) && value >= 0 && value <= most)) {
    throw invalid(target, `"${target}" is no whole number from 0 to ${most}.`);
  }
  if (typeof value === 'string' && CONTROL.test(value)) throw invalid(target, `"${target}" has control characters.`);
}

/** What its kind makes necessary, and what would be a number that no time is. */
function checkSaid(place: 'answer' | 'presence', said: Answer | Presence): void {
  refuseOthers(said, WORK_SCHEMAS.workReport.properties[place], place);
  const { message, note } = said as { readonly message?: string; readonly note?: string };
  if (!['done', 'present', 'absent'].includes(said.kind) && (message ?? '').trim() === '') {
    const words = `"${place}/message" is missing: where it is ${said.kind} it says why.`;
    throw new Refusal('badRequest', words, { inner: 'missingProperty', target: `${place}/message` });
  }
  if ((message?.length ?? 0) > LONGEST_MESSAGE) throw invalid(`${place}/message`, `"${place}/message" is too long.`);
  if ((note?.length ?? 0) > MOST_NOTE)
    throw invalid(`${place}/note`, `"${place}/note" is longer than ${MOST_NOTE} characters.`);
  for (const [name, value] of Object.entries(said)) checkMember(`${place}/${name}`, value);
}

/**
 * How a call of an agent went.
 * @throws {Refusal} malformedJson, invalidProperty, unknownProperty, missingProperty
 */
export function readWorkReport(body: unknown): HeldWork & WorkReport {
  const sent = readReport(body);
  const { answer, presence } = sent;
  if (!answer && !presence) {
    const words = 'A report has an "answer", a "presence", or both.';
    throw new Refusal('badRequest', words, { inner: 'missingProperty', target: 'answer' });
  }
  if (answer) checkSaid('answer', answer);
  if (presence) checkSaid('presence', presence);
  if (answer?.kind === 'done' && answer.level === undefined) {
    throw new Refusal('badRequest', '"answer/level" is missing: "accepted" or "reported".', {
      inner: 'missingProperty',
      target: 'answer/level',
    });
  }
  return sent;
}
