import { isIP, isIPv4 } from 'node:net';
import type { Target, TargetKind } from '@interdict/contract';
import { unclear } from './answers.ts';
import type { Row } from './api.ts';

export type IndicatorType = 'IpAddress' | 'DomainName' | 'Url' | 'FileSha256' | 'FileSha1' | 'FileMd5';

/** What an indicator is about: there is one of its type and value. */
export interface Subject {
  readonly type: IndicatorType;
  readonly value: string;
}

interface Form {
  readonly action: string;
  readonly type: IndicatorType;
  isCanonical(value: string): boolean;
}

const hex =
  (digits: number) =>
  (value: string): boolean =>
    value.length === digits && /^[0-9a-f]+$/.test(value);

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

function isDomain(value: string): boolean {
  const labels = value.split('.');
  return (
    value.length <= 253 && labels.length > 1 && labels.every((label) => LABEL.test(label)) && !/\.\d+$/.test(value)
  );
}

function isUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && url.href === value && /^https?:$/.test(url.protocol) && !url.username && !url.hash;
}

/** In the short form of RFC 5952; undefined where it is no address. */
function shortIpv6(value: string): string | undefined {
  return isIP(value) === 6 && !value.includes('%') ? new URL(`http://[${value}]`).hostname.slice(1, -1) : undefined;
}

const isAddress = (value: string): boolean => isIPv4(value) || (value.includes(':') && shortIpv6(value) === value);

/** All eight groups: the documentation wants them. */
function longIpv6(value: string): string {
  const [before = '', after] = value.split('::');
  const head = before.split(':').filter(Boolean);
  const tail = (after ?? '').split(':').filter(Boolean);
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail].join(':');
}

const FORMS: ReadonlyMap<TargetKind, Form> = new Map<TargetKind, Form>([
  ['ip', { action: 'BlockIp', type: 'IpAddress', isCanonical: isAddress }],
  ['domain', { action: 'BlockDomain', type: 'DomainName', isCanonical: isDomain }],
  ['url', { action: 'BlockUrl', type: 'Url', isCanonical: isUrl }],
  ['sha256', { action: 'BlockFile', type: 'FileSha256', isCanonical: hex(64) }],
  ['sha1', { action: 'BlockFile', type: 'FileSha1', isCanonical: hex(40) }],
  ['md5', { action: 'BlockFile', type: 'FileMd5', isCanonical: hex(32) }],
]);

/** Undefined where no indicator can say it, or the target is not in canonical form. */
export function toSubject(action: string, { kind, value }: Target): Subject | undefined {
  const form = FORMS.get(kind);
  if (form?.action !== action || !form.isCanonical(value)) return undefined;
  return { type: form.type, value: value.includes(':') && kind === 'ip' ? longIpv6(value) : value };
}

/** Undefined where it is of a type that we never make. */
export function toEffect({
  type,
  value,
}: Pick<Indicator, 'type' | 'value'>): { readonly action: string; readonly target: Target } | undefined {
  for (const [kind, form] of FORMS) {
    if (form.type !== type) continue;
    const target = { kind, value: type === 'IpAddress' ? (shortIpv6(value) ?? value) : value };
    return { action: form.action, target };
  }
  return undefined;
}

/** The same for two spellings of one value: only the case of a URL counts. */
export const keyOf = (value: string): string =>
  value.includes('://') ? value : (shortIpv6(value) ?? value.toLowerCase());

export interface Indicator {
  readonly id: string;
  readonly type: string;
  readonly value: string;
  readonly action: string;
  readonly application: string;
  readonly createdBy: string;
  /** It holds on some groups of devices alone. */
  readonly isPartial: boolean;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** @throws {DefenderError} */
export function toIndicator(row: Row): Indicator {
  const { id, indicatorType: type, indicatorValue: value, action, rbacGroupNames: groups } = row;
  if (typeof id !== 'string' || typeof type !== 'string' || typeof value !== 'string' || typeof action !== 'string') {
    throw unclear('Defender listed what is no indicator.');
  }
  return {
    id,
    type,
    value,
    action,
    application: textOf(row.application),
    createdBy: textOf(row.createdBySource) || textOf(row.source) || textOf(row.createdBy) || 'somebody else',
    isPartial: Array.isArray(groups) && groups.length > 0,
  };
}

/** Whose it is. Defender keeps it as it was when the indicator was made: an update does not change it. */
export const applicationOf = (tenantId: string): string => `Interdict ${tenantId}`;

const BLOCKS: ReadonlySet<string> = new Set(['Block', 'BlockAndRemediate', 'AlertAndBlock']);
/** "Allow" overrides "warn", which overrides "block". */
const OVERRIDES: ReadonlySet<string> = new Set(['Allowed', 'Warn']);

export type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours' | 'theirs'; readonly indicator: Indicator }
  /** Somebody else's stands in the way: what we asked for is not in force, and would not be. */
  | { readonly kind: 'inTheWay'; readonly indicator: Indicator };

/** What the indicators of one value come to. */
export function standingOf(all: readonly Indicator[], tenantId: string): Standing {
  const isOurs = ({ application }: Indicator): boolean => application === applicationOf(tenantId);
  const others = all.filter((each) => !isOurs(each));
  const overrides = others.find(({ action }) => OVERRIDES.has(action));
  if (overrides) return { kind: 'inTheWay', indicator: overrides };
  const blocks = all.filter(({ action, isPartial }) => BLOCKS.has(action) && !isPartial);
  const [ours] = blocks.filter(isOurs);
  if (ours) return { kind: 'ours', indicator: ours };
  const [theirs] = blocks;
  if (theirs) return { kind: 'theirs', indicator: theirs };
  const [other] = others;
  return other ? { kind: 'inTheWay', indicator: other } : { kind: 'none' };
}
