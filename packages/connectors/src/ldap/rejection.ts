import { secretsHider, toPrintable } from '../http/message.ts';
import type { LdapConfig } from './config.ts';
import type { Result } from './connection.ts';
import { Failure } from './failure.ts';

type What = 'search' | 'compare' | 'modify';

/** What a result means: `ours`: our access or configuration; `final`: it will never be done; `moved`: look again. */
export type Sense = 'ours' | 'final' | 'moved' | 'theirs';

/** The result codes that are not the directory's own trouble. @see RFC 4511 appendix A */
const SENSES: ReadonlyMap<number, Sense> = new Map([
  [8, 'ours'],
  [10, 'ours'],
  [12, 'ours'],
  [13, 'ours'],
  [16, 'moved'],
  [17, 'ours'],
  [19, 'final'],
  [20, 'moved'],
  [32, 'moved'],
  [34, 'ours'],
  [49, 'ours'],
  [50, 'ours'],
  [53, 'final'],
  [65, 'final'],
]);

const ADVICE: Readonly<Record<What, ReadonlyMap<number, string>>> = {
  search: new Map([
    [4, 'Let the account of Interdict read pages without an end (limits … size.prtotal=unlimited).'],
    [32, 'Check base: there is no such entry, or it may not be searched.'],
  ]),
  compare: new Map([[50, 'Let the account of Interdict read this attribute of this user.']]),
  modify: new Map([
    [10, 'It takes no writes: name the directory that does.'],
    [12, 'Let the overlay ppolicy stand over it: without it nobody would be refused.'],
    [17, 'Let the overlay ppolicy stand over it, of OpenLDAP 2.5 or later.'],
    [50, 'Give the account of Interdict the right to write this attribute of this user.'],
  ]),
};

/** A result that is no success. */
export class Rejection extends Failure {
  override readonly name: string = 'Rejection';
  readonly code: number;
  readonly sense: Sense;

  constructor(message: string, code: number, sense: Sense) {
    super(message, { isOurs: sense === 'ours' });
    this.code = code;
    this.sense = sense;
  }
}

/** Where a search finds no base, or may list no further, nobody but the operator can help. */
const isOursIn = (what: What, code: number): boolean => what === 'search' && (code === 4 || code === 32);

export function toRejection({ host, port, password }: LdapConfig, { code, words }: Result, what: What): Rejection {
  const said = secretsHider([password.reveal()])(toPrintable(words));
  const advice = ADVICE[what].get(code);
  const message = `${host}:${port} answered ${code} to a ${what}${said && `: ${said}`}.${advice ? ` ${advice}` : ''}`;
  return new Rejection(message, code, isOursIn(what, code) ? 'ours' : (SENSES.get(code) ?? 'theirs'));
}
