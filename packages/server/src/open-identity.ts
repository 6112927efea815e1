import path from 'node:path';
import { createAuthenticator } from './auth/authenticate.ts';
import type { FeedKey } from './auth/feed-keys.ts';
import type { InstallKey } from './auth/install-key.ts';
import { openLocalFeedKey } from './auth/local-feed-key.ts';
import { createLocalIssuer } from './auth/local-issuer.ts';
import { startTokenFile } from './auth/token-file.ts';
import type { Config } from './config.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import type { Log } from './observe/log.ts';

/** Who may call, and how that is known. */
export interface Identity {
  readonly authenticator: ReturnType<typeof createAuthenticator>;
  readonly feedKeys: readonly FeedKey[];
  close(): void;
}

/** Of two times the later: whoever sets the system's clock back makes no token valid again. */
const laterOf = (one: Clock, other: Clock): Clock => ({ now: () => Math.max(one.now(), other.now()) });

/**
 * Who may call: configured issuers, or the local one with its token and its feed key.
 * @param clock the store's
 */
export async function openIdentity(config: Config, key: InstallKey, log: Log, clock: Clock): Promise<Identity> {
  const checking = laterOf(systemClock, clock);
  if (!config.isLocal) {
    const authenticator = createAuthenticator({ issuers: config.issuers, clock: checking });
    return { authenticator, feedKeys: config.feedKeys, close: () => authenticator.close() };
  }
  const localIssuer = createLocalIssuer(key, clock);
  const authenticator = createAuthenticator({ issuers: [], localIssuer, clock: checking });
  const onFault = (error: unknown): void => log.error({ err: error }, 'The token file could not be renewed.');
  const token = await startTokenFile({ filePath: path.join(config.dataFolder, 'token'), localIssuer, clock, onFault });
  const lists = config.providers.filter(({ kind }) => kind.name === 'blocklist').map(({ name }) => name);
  const feedKey = openLocalFeedKey({
    filePath: path.join(config.dataFolder, 'feed-key'),
    installKey: key,
    providers: lists,
  });
  return {
    authenticator,
    feedKeys: [...config.feedKeys, feedKey],
    close: () => {
      token.close();
      authenticator.close();
    },
  };
}
