import { createHash, timingSafeEqual } from 'node:crypto';

/** A password by which a firewall fetches lists, and what it opens: some providers' lists of one tenant. */
export interface FeedKey {
  readonly name: string;
  readonly tenantId: string;
  readonly providers: readonly string[];
  /** Whether bouncers that pull by it are told networks: Debian's, in mode `nftables`, blocks their first address alone. */
  readonly networks: boolean;
  /** A `Secret`. */
  readonly key: { reveal(): string };
}

const MAX_HEADER = 1_024;
const MIN_KEY_BYTES = 16;

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** @see https://www.rfc-editor.org/rfc/rfc7617#section-2 */
function findPassword(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > MAX_HEADER) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : pair.slice(colon + 1) || undefined;
}

/**
 * The feed key that is the password of an HTTP Basic header; its user name does not matter. Every key is compared, in a
 * time that tells nothing about it.
 */
export function findFeedKey(authorization: string | undefined, keys: readonly FeedKey[]): FeedKey | undefined {
  const password = findPassword(authorization);
  return password === undefined ? undefined : findByPassword(password, keys);
}

function findByPassword(password: string, keys: readonly FeedKey[]): FeedKey | undefined {
  const sent = digest(password);
  return keys.filter(({ key }) => timingSafeEqual(sent, digest(key.reveal()))).at(0);
}

/** The feed key that CrowdSec's bouncers send in a header of their own, compared likewise. */
export function findBouncerKey(
  header: string | readonly string[] | undefined,
  keys: readonly FeedKey[],
): FeedKey | undefined {
  if (typeof header !== 'string' || header === '' || header.length > MAX_HEADER) return undefined;
  return findByPassword(header, keys);
}

/** What is wrong with configured feed keys, one sentence each; none where the server may start with them. */
export function findFeedKeyFaults(
  keys: readonly FeedKey[],
): readonly { readonly path: string; readonly message: string }[] {
  const repeats = (index: number, of: (key: FeedKey) => string): boolean =>
    keys.findIndex((key) => of(key) === of(keys[index] ?? key)) < index;
  return keys.flatMap(({ name, key }, index) => {
    const path = `feedKeys/${index}`;
    const faults = [];
    if (Buffer.byteLength(key.reveal()) < MIN_KEY_BYTES)
      faults.push({ path: `${path}/key`, message: `The feed key "${name}" is shorter than ${MIN_KEY_BYTES} bytes.` });
    if (repeats(index, (each) => each.name))
      faults.push({ path: `${path}/name`, message: `The name "${name}" is used twice.` });
    if (repeats(index, (each) => each.key.reveal()))
      faults.push({ path: `${path}/key`, message: `The feed key "${name}" is another one's too; each needs its own.` });
    return faults;
  });
}
