import type { Answer, Call, Connector, ListedEffect, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { toMessage } from '../http/message.ts';
import { activeDirectory } from './active-directory.ts';
import { toUnknown } from './answers.ts';
import { askedFor, changeUser, noteOf } from './change.ts';
import { configSchema, parseConfig, parseUrl } from './config.ts';
import type { Dialect } from './dialect.ts';
import { createDirectory, type Directory } from './directory.ts';
import { ppolicy } from './ppolicy.ts';
import { normalDn } from './same-dn.ts';
import { TRAITS } from './traits.ts';
import { findUser, listUsers, proveNone, type Unclear } from './users.ts';

interface Parts {
  readonly directory: Directory;
  readonly dialect: Dialect;
}

const isOffered = ({ action, target }: Call): boolean => action === 'DisableUser' && target.kind === 'user';

function notOffered({ action, target }: Call): Answer {
  return { kind: 'refused', message: toMessage(`A directory offers no ${action} of a target of kind ${target.kind}.`) };
}

async function apply({ directory, dialect }: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  if (!isOffered(call)) return notOffered(call);
  if (Number.isNaN(Date.parse(call.expirationDateTime)))
    return { kind: 'refused', message: 'The call has no end that is a date.' };
  return changeUser(directory, dialect, 'apply', call, signal);
}

async function release({ directory, dialect }: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  if (!isOffered(call)) return notOffered(call);
  return changeUser(directory, dialect, 'release', call, signal);
}

/** Nobody is disabled by a name that means no user; of several nothing can be said. */
function seeUnclear(found: Unclear, isDisabled: (value: string | undefined) => boolean): Presence {
  if (found.kind === 'gone') return { kind: 'unknown', message: toMessage(found.message), fault: 'ours' };
  if (found.kind !== 'several') return { kind: 'absent' };
  const isAny = found.users.some(({ value }) => isDisabled(value));
  return isAny ? { kind: 'unknown', message: toMessage(found.message) } : { kind: 'absent' };
}

async function see({ directory, dialect }: Parts, call: Call, signal: AbortSignal): Promise<Presence> {
  const found = await findUser(directory, dialect, askedFor(call), signal);
  const now = new Date();
  const isDisabled = (value: string | undefined): boolean => dialect.isDisabled(value, now);
  if (found.kind !== 'one') return seeUnclear(found, isDisabled);
  const { value } = found.user;
  const note = noteOf(dialect, found.user, call);
  const noted = note === undefined ? {} : { note };
  if (isDisabled(value))
    return { kind: 'present', ...(dialect.isOurs(value) === false && { foreign: true }), ...noted };
  if (value === undefined) await proveNone(directory, dialect, found.user, signal);
  return { kind: 'absent', ...noted };
}

async function list({ directory, dialect }: Parts, signal: AbortSignal): Promise<readonly ListedEffect[]> {
  const now = new Date();
  const users = await listUsers(directory, dialect, now, signal);
  return users
    .filter(({ value }) => dialect.isDisabled(value, now))
    .flatMap(({ names, value }) =>
      names.map((name) => ({
        action: 'DisableUser',
        target: { kind: 'user' as const, value: name },
        // Whose is nowhere to be seen may be an administrator's: it is never taken for a stray of ours, and released.
        foreign: dialect.isOurs(value) !== true,
      })),
    );
}

function openLdap(settings: ProviderSettings): Connector {
  const config = parseConfig(settings);
  const dialect = config.dialect === 'ppolicy' ? ppolicy(config.graceMs) : activeDirectory();
  const parts: Parts = { directory: createDirectory(config), dialect };
  return {
    traits: TRAITS[config.dialect],
    apply: (call, signal) => apply(parts, call, signal),
    release: (call, signal) => release(parts, call, signal),
    verify: (call, signal) =>
      isOffered(call) ? see(parts, call, signal).catch(toUnknown) : Promise.resolve({ kind: 'absent' }),
    list: (_, signal) => list(parts, signal),
    close: async () => parts.directory.close(),
  };
}

function hostsOf({ own }: ProviderSettings): readonly string[] {
  try {
    return [parseUrl(own.url).host];
  } catch {
    return [];
  }
}

/** Refuses the passwords of a user in a directory: OpenLDAP, Active Directory, Samba. */
export const ldap: ConnectorKind = {
  name: 'ldap',
  configSchema,
  secretKeys: ['password'],
  hostsOf,
  exclusiveOf: (settings) => `the users of ${hostsOf(settings).join()} below ${normalDn(String(settings.own.base))}`,
  behindAgent: TRAITS.ppolicy,
  open: openLdap,
};
