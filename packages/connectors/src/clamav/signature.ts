import type { Target } from '@interdict/contract';
import type { Effect } from '../connector.ts';

/** ClamAV reads from the end of a list's name which hashes are in it. */
export const FILES = ['interdict.hsb', 'interdict.hdb'] as const;
export type FileName = (typeof FILES)[number];

/** One signature of ours: an effect and its line say the same. */
export interface Signature {
  readonly file: FileName;
  readonly hash: string;
  /** As clamd reports it, before `.UNOFFICIAL`. */
  readonly name: string;
  readonly line: string;
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/;
const LINE = /^([0-9a-f]+):\*:Interdict\.([0-9a-f-]{36})\.BlockFile\.[0-9a-f]{16}:73$/;
const KINDS = { 32: 'md5', 40: 'sha1', 64: 'sha256' } as const;

/** Of what {@link hashOfLine} gave. */
export const toTarget = (hash: string): Target => ({
  kind: KINDS[hash.length as keyof typeof KINDS],
  value: hash,
});

export const isTenant = (tenantId: string): boolean => GUID.test(tenantId);

/** A name for each hash: who ignores it by `.ign2` lifts one block, not all. A sentence says why there is none. */
export function toSignature({ tenantId, action, target }: Effect): Signature | string {
  if (!isTenant(tenantId)) return 'The tenant is no GUID, so no signature could be told apart by it.';
  if (action !== 'BlockFile') return 'ClamAV takes BlockFile only.';
  const hash = target.value;
  if (!HASH.test(hash) || toTarget(hash).kind !== target.kind) {
    return `The target ${JSON.stringify(`${target.kind}:${hash}`.slice(0, 80))} is no hash in lower-case hex.`;
  }
  const name = `Interdict.${tenantId.toLowerCase()}.BlockFile.${hash.slice(0, 16)}`;
  // The level of the first engine that takes a hash of a file of any size: without it the line is malformed.
  return { file: target.kind === 'md5' ? 'interdict.hdb' : 'interdict.hsb', hash, name, line: `${hash}:*:${name}:73` };
}

/** The effect that a line of ours stands for; undefined for any other line. */
export function fromLine(line: string): (Effect & Signature) | undefined {
  const [, hash = '', tenantId = ''] = LINE.exec(line) ?? [];
  if (!HASH.test(hash)) return undefined;
  const effect = { tenantId, action: 'BlockFile', target: toTarget(hash) };
  const signature = toSignature(effect);
  return typeof signature === 'string' || signature.line !== line ? undefined : { ...effect, ...signature };
}

/** Of `<hash>:<size>:<name>`, as an administrator may write it too. */
export function hashOfLine(line: string): string | undefined {
  const hash = line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase();
  return HASH.test(hash) ? hash : undefined;
}
