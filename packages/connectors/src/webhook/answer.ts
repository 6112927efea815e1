import type { Answer, Presence } from '../connector.ts';
import type { Exchange } from '../http/exchange.ts';
import { PrivateAddress } from '../http/guarded-connect.ts';
import { toMessage, toPrintable } from '../http/message.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import { parseAnswerBody, type Said } from './answer-body.ts';

/** Of whom the answers speak, and what must not be said. */
export interface Receiver {
  /** Host and port. */
  readonly host: string;
  hideSecrets(text: string): string;
}

type Failed = Extract<Answer, { readonly kind: 'unavailable' | 'unknown' }>;
type Answered = Extract<Exchange, { readonly kind: 'answered' }>;
/** An answer with all that is needed to say what it means. */
interface Heard {
  readonly status: number;
  readonly said: Said;
  readonly retryAfterMs: number | undefined;
  /** One sentence: the status, and the receiver's words where it has some. */
  readonly message: string;
}

const PENDING_AGAIN_MS = 5_000;
const OUR_FAULT: ReadonlySet<number> = new Set([401, 403, 407]);
const IS_GONE: ReadonlySet<number> = new Set([404, 410]);
/** Both say that the request was not handled; the other ones that mean "again" may come after it was. */
const CERTAINLY_NOTHING: ReadonlySet<number> = new Set([429, 503]);

const isSuccess = (status: number): boolean => status >= 200 && status < 300;
const isAgain = (status: number): boolean => status === 408 || status === 429 || status >= 500;
const isClientError = (status: number): boolean => status >= 400 && status < 500;

function hear(answered: Answered, receiver: Receiver, now: Date): Heard {
  const said = parseAnswerBody(answered.body);
  const words = 'words' in said ? receiver.hideSecrets(toPrintable(said.words)) : '';
  return {
    status: answered.status,
    said,
    retryAfterMs: parseRetryAfter(answered.headers['retry-after'], now),
    message: toMessage(`${receiver.host} answered ${answered.status}${words && `: ${words}`}.`),
  };
}

function notAnswered(exchange: Exclude<Exchange, Answered>, receiver: Receiver): Failed {
  const { error } = exchange;
  const reason = receiver.hideSecrets(toPrintable(error.message || String((error as NodeJS.ErrnoException).code)));
  if (exchange.kind === 'broken') {
    return { kind: 'unknown', message: toMessage(`The exchange with ${receiver.host} broke off: ${reason}.`) };
  }
  const message = toMessage(`Nothing was sent to ${receiver.host}: ${reason}.`);
  return { kind: 'unavailable', message, ...(error instanceof PrivateAddress && { fault: 'ours' }) };
}

const wait = (retryAfterMs: number | undefined): { retryAfterMs?: number } =>
  retryAfterMs === undefined ? {} : { retryAfterMs };

function pending({ said, retryAfterMs, message }: Heard): Extract<Answer, { kind: 'pending' }> {
  const againMs = (said.kind === 'state' ? said.againMs : undefined) ?? retryAfterMs ?? PENDING_AGAIN_MS;
  return { kind: 'pending', message, againMs: Math.min(againMs, 300_000) };
}

/** Neither a success nor a refusal: what both an apply and a release make of it. */
function again({ status, retryAfterMs, message }: Heard): Failed {
  if (OUR_FAULT.has(status)) return { kind: 'unavailable', message, subcode: status, fault: 'ours' };
  if (CERTAINLY_NOTHING.has(status) || (isClientError(status) && !isAgain(status))) {
    return { kind: 'unavailable', message, subcode: status, ...wait(retryAfterMs) };
  }
  if (isAgain(status)) return { kind: 'unknown', message, ...wait(retryAfterMs) };
  return { kind: 'unknown', message: toMessage(`${message} A redirect is not followed.`) };
}

function unclear({ message }: Heard): Failed {
  return { kind: 'unknown', message: toMessage(`${message} Its body has no state that is known.`) };
}

/** What a receiver's answer to an apply means. */
export function toApplyAnswer(exchange: Exchange, receiver: Receiver, now: Date): Answer {
  if (exchange.kind !== 'answered') return notAnswered(exchange, receiver);
  const heard = hear(exchange, receiver, now);
  const { status, said, message } = heard;
  if (status === 202) return pending(heard);
  if (!isSuccess(status)) {
    const isRefusal = isClientError(status) && !isAgain(status) && !OUR_FAULT.has(status);
    return isRefusal ? { kind: 'refused', message, subcode: status } : again(heard);
  }
  if (said.kind === 'nothing') return { kind: 'done', level: 'accepted' };
  if (said.kind === 'unclear') return unclear(heard);
  if (said.state === 'pending') return pending(heard);
  return said.state === 'inForce' ? { kind: 'done', level: 'reported' } : { kind: 'refused', message, subcode: status };
}

/** What a receiver's answer to a release means. Nothing is refused for good. */
export function toReleaseAnswer(exchange: Exchange, receiver: Receiver, now: Date): Answer {
  if (exchange.kind !== 'answered') return notAnswered(exchange, receiver);
  const heard = hear(exchange, receiver, now);
  const { status, said } = heard;
  if (status === 202) return pending(heard);
  if (IS_GONE.has(status)) return { kind: 'done', level: 'reported' };
  if (!isSuccess(status)) return again(heard);
  if (said.kind === 'nothing') return { kind: 'done', level: 'accepted' };
  if (said.kind === 'unclear') return unclear(heard);
  if (said.state === 'pending') return pending(heard);
  if (said.state === 'absent') return { kind: 'done', level: 'reported' };
  const message = toMessage(`${heard.message} It says that the effect is still in force.`);
  return { kind: 'unavailable', message, subcode: status, ...wait(said.againMs) };
}

/** What a receiver's answer to a verify means. Only a state that it names says where the effect is. */
export function toPresence(exchange: Exchange, receiver: Receiver, now: Date): Presence {
  if (exchange.kind !== 'answered') {
    const failed = notAnswered(exchange, receiver);
    const isOurs = failed.kind === 'unavailable' && failed.fault === 'ours';
    return { kind: 'unknown', message: failed.message, ...(isOurs && { fault: 'ours' }) };
  }
  const heard = hear(exchange, receiver, now);
  const { status, said, message, retryAfterMs } = heard;
  if (status === 202) return pending(heard);
  if (!isSuccess(status)) {
    return { kind: 'unknown', message, ...wait(retryAfterMs), ...(OUR_FAULT.has(status) && { fault: 'ours' }) };
  }
  if (said.kind === 'nothing') {
    return { kind: 'unknown', message: toMessage(`${message} Its body is empty where a state was asked for.`) };
  }
  if (said.kind === 'unclear') return { kind: 'unknown', message: unclear(heard).message };
  if (said.state === 'pending') return pending(heard);
  return said.state === 'inForce' ? { kind: 'present' } : { kind: 'absent' };
}
