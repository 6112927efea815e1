import { createHash, randomUUID } from 'node:crypto';
import type { Target, TargetKind } from '@interdict/contract';
import type { Call, Effect } from '../connector.ts';

export const TENANT_A = '11111111-1111-4111-8111-111111111111';
export const TENANT_B = '22222222-2222-4222-8222-222222222222';

const HOUR_MS = 3_600_000;

/** ISO 8601, so many hours from now. */
export const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();

/** A first attempt of a new operation that ends in an hour. Frozen: no connector may write to it. */
export function aCall(effect: Effect, changes: Partial<Call> = {}): Call {
  return Object.freeze({
    tenantId: effect.tenantId,
    action: effect.action,
    target: Object.freeze({ ...effect.target }),
    operationId: randomUUID(),
    attempt: 1,
    expirationDateTime: inHours(1),
    request: Object.freeze({
      actionId: randomUUID(),
      parameters: Object.freeze([Object.freeze({ name: 'AlertId', value: 'A-1' })]),
      reason: 'Test of a connector',
    }),
    ...changes,
  });
}

const hash = (algorithm: string, index: number): string =>
  createHash(algorithm).update(`sample ${index}`).digest('hex');

/** Distinct canonical values for `index` below 200; none is in a block that a connector treats specially. */
export const SAMPLE_TARGETS: Readonly<Record<TargetKind, (index: number) => string>> = {
  ip: (index) => `198.51.100.${index + 10}`,
  cidr: (index) => `198.18.${index}.0/24`,
  domain: (index) => `sample-${index}.evil.example`,
  url: (index) => `http://evil.example/sample-${index}`,
  sha256: (index) => hash('sha256', index),
  sha1: (index) => hash('sha1', index),
  md5: (index) => hash('md5', index),
  host: (index) => `sample-${index}.corp.example`,
  user: (index) => `sample-${index}@corp.example`,
};

/** More than the first sample where a kind has forms that a product may treat each in its own way. */
export const MORE_FORMS: Partial<Record<TargetKind, readonly string[]>> = {
  ip: ['2001:db8::9'],
  cidr: ['2001:db8:1::/48', '198.51.100.4/30'],
  domain: ['xn--bcher-kva.example'],
  url: ['https://evil.example:8443/a/b?c=d%20e&f', 'http://198.51.100.7/'],
};

const target = (kind: TargetKind, value: string): Target => ({ kind, value });

/** Pairs of which one lies in the other, or that touch: a product must not melt them together. */
export const OVERLAPPING: readonly (readonly [Target, Target])[] = [
  [target('cidr', '198.51.100.0/24'), target('ip', '198.51.100.9')],
  [target('cidr', '198.51.100.0/24'), target('ip', '198.51.100.0')],
  [target('cidr', '198.51.100.0/24'), target('cidr', '198.51.100.0/25')],
  [target('cidr', '198.51.100.0/25'), target('cidr', '198.51.100.128/25')],
  [target('ip', '198.51.100.8'), target('ip', '198.51.100.9')],
  [target('cidr', '2001:db8::/48'), target('ip', '2001:db8::9')],
  [target('domain', 'evil.example'), target('domain', 'www.evil.example')],
  [target('url', 'http://evil.example/'), target('url', 'http://evil.example/x')],
  [target('url', 'http://evil.example/x'), target('url', 'https://evil.example/x')],
  [target('url', 'http://evil.example/x'), target('url', 'http://evil.example/x?y')],
];
