import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Marks a request of ours that asks what Squid would do. */
export const PROBE_HEADER = 'X-Interdict-Probe';
/** Carries what the policy says of it. */
export const VERDICT_HEADER = 'X-Interdict-Verdict';

export type Verdict = 'blocked' | 'absent';

const PROBE = /^([0-9a-f]{32})\.([0-9a-f]{64})$/;

const mac = (key: Buffer, text: string): string => createHmac('sha256', key).update(text).digest('hex');

/** Whoever does not hold the key of the list can neither make one nor answer it. */
export function createProbe(key: Buffer): string {
  const nonce = randomBytes(16).toString('hex');
  return `${nonce}.${mac(key, `probe ${nonce}`)}`;
}

export function isProbe(key: Buffer | undefined, text: string): boolean {
  const [, nonce = '', seal = ''] = PROBE.exec(text) ?? [];
  if (!key || nonce === '') return false;
  return timingSafeEqual(Buffer.from(seal), Buffer.from(mac(key, `probe ${nonce}`)));
}

/** Letters, digits and a dot: Squid would escape others. */
export const sealVerdict = (key: Buffer, probe: string, verdict: Verdict): string =>
  `${verdict}.${mac(key, `${verdict} ${probe}`)}`;

/** The verdict on this probe; undefined where it was not sealed by one who holds the key. */
export const openVerdict = (key: Buffer, probe: string, text: string): Verdict | undefined =>
  (['blocked', 'absent'] as const).find((verdict) => sealVerdict(key, probe, verdict) === text);
