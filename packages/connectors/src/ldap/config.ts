import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { Secret } from '../secret.ts';

export interface LdapConfig {
  readonly host: string;
  readonly port: number;
  /** `none` on loopback alone. */
  readonly tls: 'none' | 'start' | 'whole';
  /** PEM of whom it trusts; absent: whom Node trusts. */
  readonly ca: string | undefined;
  readonly bindDn: string;
  readonly password: Secret;
  readonly base: string;
  readonly userAttribute: string;
  readonly dialect: 'ppolicy' | 'activeDirectory';
  readonly graceMs: number;
}

const text = (description: string) => ({ type: 'string', minLength: 1, description }) as const;

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    url: text('The directory: ldaps://host, or ldap://host with startTls (without it on loopback alone).'),
    startTls: { type: 'boolean', default: false, description: 'Turns a connection by ldap:// into TLS first.' },
    ca: text('Absolute path of a PEM file of authorities that vouch for the directory; absent: those of Node.'),
    dialect: {
      enum: ['ppolicy', 'activeDirectory'],
      description:
        'What disables a user: pwdStartTime of the overlay ppolicy, or userAccountControl of Active Directory.',
    },
    bindDn: text('Distinguished name of the account that Interdict uses. It is never disabled.'),
    password: { description: 'The password of that account.' },
    base: text('Users are looked for in the subtree below this distinguished name.'),
    userAttribute: {
      ...text('The attribute that holds what a request names, one value for each user: uid, userPrincipalName, …'),
      pattern: '^[A-Za-z][A-Za-z0-9-]*$',
    },
    grace: {
      type: 'string',
      default: 'PT1H',
      description:
        'ppolicy: how long after its end a user may log in again by itself, should the server be gone by then.',
    },
  },
  required: ['url', 'dialect', 'bindDn', 'password', 'base', 'userAttribute'],
} as const satisfies ConnectorKind['configSchema'];

const DURATION = /^P(?=.)(?:(\d{1,4})D)?(?:T(?=.)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/;

function parseGrace(grace: unknown): number {
  const found = DURATION.exec(String(grace ?? 'PT1H'));
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = (found ?? []).slice(1).map((part) => Number(part ?? 0));
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  if (ms >= 60_000) return ms;
  throw new Error(`grace is ${JSON.stringify(grace)}: a duration of a minute or more like "PT1H" is wanted.`);
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

export function parseUrl(url: unknown): { readonly host: string; readonly port: number; readonly isWhole: boolean } {
  // A scheme that URL knows, so that the host is read as that of any web address.
  const [, scheme, rest] = /^(ldaps?):\/\/([^/?#@]+)\/?$/i.exec(String(url)) ?? [];
  const parsed = rest === undefined ? null : URL.parse(`ws://${rest}`);
  if (!parsed || !scheme) throw new Error("The directory's url is no ldaps://host, ldaps://host:port or ldap://host.");
  const isWhole = scheme.toLowerCase() === 'ldaps';
  const port = /:80$/.test(rest ?? '') ? 80 : Number(parsed.port) || (isWhole ? 636 : 389);
  return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port, isWhole };
}

function parseTls(host: string, isWhole: boolean, startTls: boolean): LdapConfig['tls'] {
  if (isWhole && startTls) throw new Error('startTls goes with ldap://; ldaps:// is TLS from the first byte.');
  if (isWhole || startTls) return isWhole ? 'whole' : 'start';
  if (isLoopback(host)) return 'none';
  throw new Error(`ldap://${host} would send the password in the clear: set startTls: true, or use ldaps://.`);
}

function readCa(ca: unknown): string | undefined {
  if (typeof ca !== 'string') return undefined;
  if (!path.isAbsolute(ca)) throw new Error(`ca is ${JSON.stringify(ca)}: an absolute path is wanted.`);
  let pem: string;
  try {
    pem = readFileSync(ca, 'utf8');
  } catch (error) {
    throw new Error(`ca cannot be read: ${(error as Error).message}.`);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`ca ${ca} is no PEM file of certificates.`);
  return pem;
}

/** @throws {Error} with one sentence for the operator, which holds no secret */
export function parseConfig({ own }: ProviderSettings): LdapConfig {
  const { host, port, isWhole } = parseUrl(own.url);
  const dialect = own.dialect === 'ppolicy' ? 'ppolicy' : 'activeDirectory';
  if (!(own.password instanceof Secret) || own.password.reveal() === '') {
    throw new Error('The directory needs a password: without one a bind counts as anonymous, and succeeds.');
  }
  if (!/^[A-Za-z][A-Za-z0-9.-]*=/.test(String(own.bindDn))) {
    throw new Error(
      'bindDn is no distinguished name, as in "cn=interdict,dc=example,dc=org": by it the own account is known.',
    );
  }
  if (own.grace !== undefined && dialect !== 'ppolicy') throw new Error('grace goes with dialect: ppolicy alone.');
  return {
    ...{ host, port, dialect, password: own.password, graceMs: parseGrace(own.grace) },
    tls: parseTls(host, isWhole, own.startTls === true),
    ca: readCa(own.ca),
    bindDn: String(own.bindDn),
    base: String(own.base),
    userAttribute: String(own.userAttribute),
  };
}
