import { hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { createPrivateFile, findPrivateFile, UnusableFile } from './private-file.ts';

/** The one secret of an installation, from which all its own keys follow. No log, error or JSON shows it. */
export interface InstallKey {
  /**
   * A key for one purpose. Different labels or lengths give keys that tell nothing about each other.
   *
   * @param length in bytes, at most 8,160
   * @see https://www.rfc-editor.org/rfc/rfc5869
   */
  derive(label: string, length: number): Buffer;
  /** 32 hex digits that tell one key from another and give none away: safe to store beside what the key protects. */
  readonly fingerprint: string;
}

const KEY_BYTES = 32;
const SALT = 'interdict install key 1';

function deriveFrom(secret: Buffer, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, SALT, `${length} ${label}`, length));
}

/** @param secret 32 bytes */
export function createInstallKey(secret: Buffer): InstallKey {
  if (secret.length !== KEY_BYTES) throw new RangeError(`An install key has ${KEY_BYTES} bytes, not ${secret.length}.`);
  const own = Buffer.from(secret);
  const hidden = { toJSON: () => '***', toString: () => '***', [inspect.custom]: () => 'InstallKey ***' };
  return Object.freeze({
    derive: (label: string, length: number) => deriveFrom(own, label, length),
    fingerprint: deriveFrom(own, 'fingerprint', 16).toString('hex'),
    ...hidden,
  });
}

function parseKey(text: string, filePath: string): InstallKey {
  const written = text.trim();
  const secret = Buffer.from(written, 'base64url');
  if (secret.length !== KEY_BYTES || secret.toString('base64url') !== written)
    throw new UnusableFile(
      `${filePath} holds no install key: 43 characters of base64url are expected, ${written.length} characters are there. Put the file back from a copy. What to do without one stands in docs/operate.md, under "The install key".`,
    );
  if (new Set(secret).size < 8)
    throw new UnusableFile(
      `${filePath} holds a key that anybody can guess. How to change it stands in docs/operate.md, under "The install key".`,
    );
  return createInstallKey(secret);
}

/**
 * The install key in this file; at the first start it is made there, with mode 0600. Processes that start at once all
 * get the same one.
 *
 * @throws {UnusableFile} where others may read it, or it is no key
 */
export function openInstallKey(filePath: string): InstallKey {
  const present = findPrivateFile(filePath);
  if (present !== undefined) return parseKey(present, filePath);
  createPrivateFile(filePath, `${randomBytes(KEY_BYTES).toString('base64url')}\n`);
  return parseKey(findPrivateFile(filePath) ?? '', filePath);
}
