import { GreaterThanEqualsFilter, PasswordPolicyControl } from 'ldapts';
import type { Dialect } from './dialect.ts';
import { Failure } from './failure.ts';

/** Fractions of a second that nobody else writes: an administrator sees by them, as we do, whose a value is. */
const MARK = '.4944Z';
const OURS = /^\d{14}\.4944Z$/;
const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:[.,]\d+)?(Z|[+-]\d{4})$/;

const stamp = (ms: number): string => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}`;

/** Of a generalized time, in whole seconds; NaN: it is none. @see RFC 4517 section 3.3.13 */
function toMs(value: string): number {
  const [, year, month, day, hour, minute = '00', second = '00', zone = 'Z'] = TIME.exec(value) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.replace(/^(...)(..)$/, '$1:$2')}`);
}

/** @throws {Failure} of what the attribute cannot hold */
function isAhead(value: string, now: Date): boolean {
  const ms = toMs(value);
  if (Number.isNaN(ms)) throw new Failure('The directory shows a pwdStartTime that is no time.');
  return ms > now.getTime();
}

/**
 * OpenLDAP with the overlay ppolicy: until pwdStartTime no password is right. The locks of others, pwdAccountLockedTime
 * and pwdEndTime, are attributes of their own, and stay as they are.
 * @see draft-behera-ldap-password-policy-11 section 5.3
 */
export const ppolicy = (graceMs: number): Dialect => ({
  attribute: 'pwdStartTime',
  id: 'entryUUID',
  idValue: (id) => id,
  anyValue: '19700101000000Z',
  users: [],
  disabled: (now) => new GreaterThanEqualsFilter({ attribute: 'pwdStartTime', value: `${stamp(now.getTime())}Z` }),
  // Critical: where the overlay does not stand over the entry, slapd refuses instead of writing what nobody enforces.
  controls: () => [new PasswordPolicyControl({ critical: true })],
  isDisabled: (value, now) => value !== undefined && isAhead(value, now),
  isOurs: (value = '') => OURS.test(value),
  toDisable(value, { expirationDateTime }, now) {
    const to = `${stamp(Date.parse(expirationDateTime) + graceMs)}${MARK}`;
    if (value === undefined) return { to };
    return value === to || (isAhead(value, now) && !OURS.test(value)) ? undefined : { from: value, to };
  },
  toEnable(value, was = '') {
    if (value === undefined || !OURS.test(value)) return undefined;
    return TIME.test(was) && !OURS.test(was) ? { from: value, to: was } : { from: value };
  },
  kept: (value, was) => (value !== undefined && OURS.test(value) ? was : value),
});
