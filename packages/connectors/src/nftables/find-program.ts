import { accessSync, constants, realpathSync } from 'node:fs';
import path from 'node:path';

/** Users' PATH has no sbin on Debian. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Where a program is looked for: absolute folders alone. */
export function programFolders(): readonly string[] {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [...new Set([...folders, ...SBIN])];
}

/** The file behind a name or a link; as it is written where there is none. */
export function findProgram(nft: string): string {
  const candidates = nft.startsWith('/') ? [nft] : programFolders().map((folder) => path.join(folder, nft));
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      return realpathSync(candidate);
    } catch {
      // The next folder may have it.
    }
  }
  return nft;
}
