import { ERRORS, type ErrorCode } from '@interdict/contract';
import type { Json } from './server.ts';

/** An answer as any of the clients gives it. */
export interface AnyAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string> | Headers | Readonly<Record<string, unknown>>;
  readonly body: string;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

export function headerOf({ headers }: AnyAnswer, name: string): string | undefined {
  if (headers instanceof Headers || headers instanceof Map) return headers.get(name) ?? undefined;
  const value = (headers as Readonly<Record<string, unknown>>)[name];
  return value === undefined ? undefined : String(value);
}

/** What is missing of the headers that every answer has. */
export function headerFaults(answer: AnyAnswer, clientRequestId?: string): string[] {
  const requestId = headerOf(answer, 'request-id') ?? '';
  const wanted: Readonly<Record<string, string>> = {
    'client-request-id': clientRequestId ?? requestId,
    'odata-version': '4.0',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  const faults = Object.entries(wanted)
    .filter(([name, value]) => headerOf(answer, name) !== value)
    .map(([name]) => `${name}: ${headerOf(answer, name)}`);
  if (!UUID.test(requestId)) faults.push(`request-id: ${requestId}`);
  const age = Math.abs(Date.now() - Date.parse(headerOf(answer, 'date') ?? ''));
  if (!(age < 60_000)) faults.push(`date: ${headerOf(answer, 'date')}`);
  return faults;
}

export interface Refused {
  readonly status: number;
  /** Of `error.code`, where the status alone does not tell. */
  readonly code?: ErrorCode;
  readonly inner?: string | readonly string[];
  readonly target?: string;
  /** What the message must hold. */
  readonly says?: RegExp;
  readonly clientRequestId?: string;
}

/** A sentence that a person can use: no trace of the code behind it. */
function sentenceFaults(message: string): string[] {
  const isSentence =
    /^(?:["A-Z]|parameters\/)/.test(message) && /[.?]$/.test(message) && message.length >= 15 && message.length < 1_000;
  const hasTrace = /undefined|\[object|NaN| at file:|\.ts\b|node_modules|SQLITE|FST_|ERR_/.test(message);
  return isSentence && !hasTrace ? [] : [`message: ${message}`];
}

function parseError(body: string): Json | undefined {
  try {
    return (JSON.parse(body) as Json).error;
  } catch {
    return undefined;
  }
}

/** Both codes are of the closed lists, and of one row in them. */
function codeFaults(answer: AnyAnswer, error: Json, code: ErrorCode | undefined): string[] {
  const row = Object.entries(ERRORS).find(([name]) => name === String(error.code))?.[1];
  const allowed: readonly string[] = row?.inner ?? [];
  const given = error.innerError?.code;
  const isListed = allowed.length > 0 ? allowed.includes(String(given)) : given === undefined;
  return [
    ...(row?.status === answer.status && (code ?? error.code) === error.code ? [] : [`error.code: ${error.code}`]),
    ...(isListed ? [] : [`innerError.code: ${given}`]),
  ];
}

function bodyFaults(answer: AnyAnswer, { code, inner, target, says }: Refused): string[] {
  const error = parseError(answer.body);
  if (!error) return [`body: ${answer.body.slice(0, 200)}`];
  const { message, innerError } = error;
  const given = String(innerError?.code);
  const checks: readonly (readonly [boolean, string])[] = [
    [inner === undefined || [inner].flat().includes(given), `inner: ${given}, not ${inner}; ${message}`],
    [target === undefined || String(error.target) === target, `target: ${error.target}, not ${target}`],
    [says === undefined || says.test(String(message)), `says: ${message}, not ${says}`],
    [String(innerError?.['request-id']) === headerOf(answer, 'request-id'), 'request-id in the body'],
    [String(innerError?.['client-request-id']) === headerOf(answer, 'client-request-id'), 'client-request-id inside'],
    [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(String(innerError?.date)), `date: ${innerError?.date}`],
  ];
  const failed = checks.filter(([holds]) => !holds).map(([, fault]) => fault);
  return [...sentenceFaults(String(message)), ...codeFaults(answer, error, code), ...failed];
}

/**
 * What is wrong with a refusal: its status, Graph's headers, Graph's body, both codes from the closed lists, and a
 * sentence that helps. Nothing where it is as it should be.
 */
export function refusalFaults(answer: AnyAnswer, refused: Refused): string[] {
  const faults = headerFaults(answer, refused.clientRequestId);
  if (answer.status !== refused.status) faults.push(`status: ${answer.status}, not ${refused.status}: ${answer.body}`);
  if (headerOf(answer, 'content-type') !== 'application/json') faults.push(`type: ${headerOf(answer, 'content-type')}`);
  return [...faults, ...bodyFaults(answer, refused)];
}
