import type { FeedKey } from './feed-keys.ts';
import type { InstallKey } from './install-key.ts';
import { LOCAL_TENANT_ID } from './local-issuer.ts';
import { findPrivateFile, replacePrivateFile } from './private-file.ts';

export interface LocalFeedKeyOptions {
  /** `$INTERDICT_DATA/feed-key` */
  readonly filePath: string;
  readonly installKey: InstallKey;
  readonly providers: readonly string[];
}

/**
 * The feed key of a server with the local issuer, written to its file with mode 0600. It follows from the install key,
 * so all processes of one installation take it.
 *
 * @throws {UnusableFile} where others may read the file
 */
export function openLocalFeedKey({ filePath, installKey, providers }: LocalFeedKeyOptions): FeedKey {
  const text = installKey.derive('local feed key', 24).toString('base64url');
  if (findPrivateFile(filePath)?.trim() !== text) replacePrivateFile(filePath, `${text}\n`);
  const key = { reveal: () => text, toJSON: () => '***', toString: () => '***' };
  return { name: 'local', tenantId: LOCAL_TENANT_ID, providers, networks: false, key };
}
