import { DELEGATED_ONLY, PERMISSIONS } from '@interdict/contract';
import type { Clock } from '../lib/clock.ts';
import type { LocalIssuer } from './local-issuer.ts';
import { replacePrivateFile } from './private-file.ts';

const LIFETIME_MS = 24 * 3_600_000;
const CHECK_MS = 60_000;

export interface TokenFileOptions {
  /** `$INTERDICT_DATA/token` */
  readonly filePath: string;
  readonly localIssuer: LocalIssuer;
  readonly clock: Clock;
  /** Called where a later renewal fails; it is tried again with the next check. */
  readonly onFault: (error: unknown) => void;
  /** Default 60 s, of real time. */
  readonly checkEveryMs?: number | undefined;
}

export interface TokenFile {
  /** Ends the renewals; the file stays. */
  close(): void;
}

interface State {
  readonly options: TokenFileOptions;
  mintedAtMs: number;
}

const ALL = PERMISSIONS.filter((name) => !DELEGATED_ONLY.includes(name));

async function renew(state: State): Promise<void> {
  const { filePath, localIssuer, clock } = state.options;
  const nowMs = clock.now();
  const token = await localIssuer.mint({ permissions: ALL, lifetimeMs: LIFETIME_MS });
  replacePrivateFile(filePath, `${token}\n`);
  state.mintedAtMs = nowMs;
}

/** Half its life is left to whoever reads it; a clock that was set back makes it a token of the future. */
function isDue({ mintedAtMs, options }: State): boolean {
  const ageMs = options.clock.now() - mintedAtMs;
  return ageMs < 0 || ageMs >= LIFETIME_MS / 2;
}

/**
 * Writes a token with all that an application can hold, mode 0600, and renews it while it runs: a reader gets one that
 * is good for 12 hours at least.
 *
 * @throws where the first one cannot be written
 */
export async function startTokenFile(options: TokenFileOptions): Promise<TokenFile> {
  const state: State = { options, mintedAtMs: 0 };
  await renew(state);
  const check = (): void => {
    if (isDue(state)) renew(state).catch(options.onFault);
  };
  const timer = setInterval(check, options.checkEveryMs ?? CHECK_MS).unref();
  return { close: () => clearInterval(timer) };
}
