import { EqualityFilter, ExtensibleFilter, NotFilter } from 'ldapts';
import type { Dialect } from './dialect.ts';
import { Failure } from './failure.ts';

const ATTRIBUTE = 'userAccountControl';
/** ACCOUNTDISABLE. @see MS-ADTS section 2.2.16 */
const DISABLED = 2;
/** Matches where all bits of the value are set. */
const BITS_AND = '1.2.840.113556.1.4.803';

const isOf = (value: string) => new EqualityFilter({ attribute: 'objectClass', value });

function bitsOf(value: string | undefined): number {
  if (value !== undefined && /^-?\d{1,10}$/.test(value)) return Number(value);
  throw new Failure(`The directory does not show ${ATTRIBUTE}: let the account of Interdict read it.`, {
    isOurs: true,
  });
}

const swapped = (value: string, bits: number) => (Number(value) === bits ? undefined : { from: value, to: `${bits}` });

/** Active Directory, Microsoft's and Samba's: one bit among others, which says nothing of who set it. */
export const activeDirectory = (): Dialect => ({
  attribute: ATTRIBUTE,
  id: 'objectGUID',
  idValue: (id) => Buffer.from(id, 'hex'),
  // Computers are of the class user too.
  users: [isOf('user'), new NotFilter({ filter: isOf('computer') })],
  disabled: () => new ExtensibleFilter({ matchType: ATTRIBUTE, rule: BITS_AND, value: `${DISABLED}` }),
  controls: () => [],
  isDisabled: (value) => (bitsOf(value) & DISABLED) !== 0,
  isOurs: () => undefined,
  toDisable: (value) => swapped(String(value), bitsOf(value) | DISABLED),
  toEnable: (value) => swapped(String(value), bitsOf(value) & ~DISABLED),
  kept: () => undefined,
});
