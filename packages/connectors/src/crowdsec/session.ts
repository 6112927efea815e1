import type { Pool } from 'undici';
import { exchange } from '../http/exchange.ts';
import { advised, type Failed, type Named, nonsense, toFailed } from './answers.ts';
import type { CrowdsecConfig } from './config.ts';
import { parseJson } from './decision.ts';

/** The local API takes a name and a version, and exactly one slash between them; else it refuses the login. */
export const USER_AGENT = 'interdict/0.1.0';

export interface Session {
  /** A token for writing; a sentence where there is none. Ends with the signal, the login goes on for others. */
  token(signal: AbortSignal): Promise<string | Failed>;
  /** The local API does not take it any more. */
  forget(token: string): void;
}

interface Held {
  readonly token: string;
  readonly renewAt: number;
}

/** A login costs the local API 65 ms of bcrypt, and its token lasts for an hour. */
const EARLY_MS = 300_000;
const LOGIN_MS = 10_000;

function toHeld(body: Buffer, dateHeader: unknown, now: number): Held | undefined {
  const said = parseJson(body);
  if (typeof said !== 'object' || said === null) return undefined;
  const { token, expire } = said as Readonly<Record<string, unknown>>;
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,4000}$/.test(token) || typeof expire !== 'string') return undefined;
  // Both by the other clock, whatever ours says.
  const from = Date.parse(String(dateHeader));
  const lastsMs = Date.parse(expire) - (Number.isNaN(from) ? now : from);
  if (!(lastsMs > 0)) return undefined;
  return { token, renewAt: now + Math.max(lastsMs - EARLY_MS, lastsMs / 2) };
}

/** Whatever became of a login, of the call nothing was sent. */
function explained(failed: Failed, machine: string): Failed {
  const advice = `Is there a machine ${JSON.stringify(machine)} with this password? "cscli machines add" makes it.`;
  return { ...advised(failed, advice), kind: 'unavailable' };
}

async function login(pool: Pool, config: CrowdsecConfig, named: Named, closing: AbortSignal): Promise<Held | Failed> {
  const body = JSON.stringify({
    machine_id: config.machine,
    password: config.password.reveal(),
    scenarios: [],
  });
  const headers = { 'content-type': 'application/json', 'user-agent': USER_AGENT };
  const signal = AbortSignal.any([closing, AbortSignal.timeout(LOGIN_MS)]);
  const answer = await exchange(pool, { path: '/v1/watchers/login', headers, body }, signal);
  if (answer.kind !== 'answered' || answer.status !== 200) {
    return explained(toFailed(answer, named, new Date()), config.machine);
  }
  return toHeld(answer.body, answer.headers.date, Date.now()) ?? explained(nonsense(named, 'login'), config.machine);
}

/** Settles as the promise does, or with undefined when the signal aborts. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const leave = (): void => resolve(undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Logs in when the first token is wanted, and before it ends; one login at a time. */
export function createSession(pool: Pool, config: CrowdsecConfig, named: Named, closing: AbortSignal): Session {
  let held: Held | undefined;
  let running: Promise<Held | Failed> | undefined;

  const renew = async (): Promise<Held | Failed> => {
    try {
      const outcome = await login(pool, config, named, closing);
      if ('token' in outcome) held = outcome;
      return outcome;
    } finally {
      running = undefined;
    }
  };

  return {
    async token(signal) {
      if (held && Date.now() < held.renewAt) return held.token;
      running ??= renew();
      const outcome = await unlessAborted(running, signal);
      if (!outcome) return { kind: 'unavailable', message: 'The call was given up while it logged in.' };
      return 'token' in outcome ? outcome.token : outcome;
    },
    forget(token) {
      if (held?.token === token) held = undefined;
    },
  };
}
