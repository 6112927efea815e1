import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { endianness, hostname, networkInterfaces } from 'node:os';

/** Something that must not be cut off, and why: `role` completes "10.0.0.1 is …". */
export interface OwnAddress {
  readonly value: string;
  readonly role: string;
}

export interface OwnSystem {
  readonly addresses: readonly OwnAddress[];
  readonly hosts: readonly OwnAddress[];
}

/** Where the system says what it uses. Each file may be missing. */
export interface SystemFiles {
  /** The second is where systemd-resolved, a stub on 127.0.0.53, lists the servers that it asks. */
  readonly resolvers: readonly string[];
  readonly ipv4Routes: string;
  readonly ipv6Routes: string;
}

const LINUX: SystemFiles = {
  resolvers: ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'],
  ipv4Routes: '/proc/net/route',
  ipv6Routes: '/proc/net/ipv6_route',
};

const readOrNothing = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

const withoutZone = (address: string): string => address.replace(/%.*$/, '');

const columnsOf = (text: string): readonly (readonly string[])[] =>
  text.split('\n').map((line) => line.trim().split(/\s+/));

/** The addresses behind `nameserver`. */
export function parseResolvers(text: string): readonly string[] {
  return columnsOf(text).flatMap(([keyword, address]) =>
    keyword === 'nameserver' && address ? [withoutZone(address)] : [],
  );
}

/** The kernel prints the four bytes as one number of the machine. */
function ipv4OfHex(hex: string, order: 'BE' | 'LE'): string {
  const bytes = hex.match(/../g) ?? [];
  return (order === 'LE' ? bytes.reverse() : bytes).map((byte) => Number.parseInt(byte, 16)).join('.');
}

/** Gateways of IPv4 default routes. */
export function parseIpv4Gateways(text: string, order: 'BE' | 'LE' = endianness()): readonly string[] {
  return columnsOf(text).flatMap(([, destination, gateway = '']) =>
    destination === '00000000' && /^(?!0{8})[0-9A-F]{8}$/i.test(gateway) ? [ipv4OfHex(gateway, order)] : [],
  );
}

/** Gateways of IPv6 default routes. */
export function parseIpv6Gateways(text: string): readonly string[] {
  return columnsOf(text).flatMap(([destination = '', length, , , gateway = '']) =>
    /^0{32}$/.test(destination) && length === '00' && /^(?!0{32})[0-9a-f]{32}$/i.test(gateway)
      ? [(gateway.match(/..../g) ?? []).join(':')]
      : [],
  );
}

const withRole = (role: string, values: readonly string[]): readonly OwnAddress[] =>
  [...new Set(values)].map((value) => ({ value, role }));

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => withoutZone(address)));
}

/** Addresses of this machine, its DNS servers and default gateways, and its name, as they are now. */
export async function readOwnSystem(files: SystemFiles = LINUX): Promise<OwnSystem> {
  const resolvers = await Promise.all(files.resolvers.map(readOrNothing));
  const [ipv4Routes, ipv6Routes] = await Promise.all([files.ipv4Routes, files.ipv6Routes].map(readOrNothing));
  const gateways = [...parseIpv4Gateways(ipv4Routes ?? ''), ...parseIpv6Gateways(ipv6Routes ?? '')];
  return {
    addresses: [
      ...withRole('an address of this server', interfaceAddresses()),
      ...withRole('a DNS server of this server', resolvers.flatMap(parseResolvers)),
      ...withRole('a default gateway of this server', gateways),
    ],
    hosts: [{ value: hostname(), role: 'the name of this server' }],
  };
}

export interface ResolvedHosts {
  /** Every address of every name that resolved, with the name's role. */
  readonly addresses: readonly OwnAddress[];
  /** Names that did not resolve in time: the caller keeps what it knew of them. */
  readonly unresolved: readonly string[];
}

export interface ResolveOptions {
  /** Bound on the whole call. */
  readonly timeoutMs: number;
  /** The system's resolver, as connections use it: hosts file first. */
  readonly look?: (name: string) => Promise<readonly string[]>;
}

/** The system's resolver blocks threads that files need too: never more of them at once. */
const AT_ONCE = 2;

const lookWithSystem = async (name: string): Promise<readonly string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/** Rejects nothing: a name that fails has no addresses. */
async function findAddresses(
  name: string,
  look: (name: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (isIP(name)) return [name];
  try {
    return await look(name);
  } catch {
    return [];
  }
}

/** Asks for all names within the time; names that are addresses stand for themselves. Never rejects. */
export async function resolveHosts(hosts: readonly OwnAddress[], options: ResolveOptions): Promise<ResolvedHosts> {
  const found = new Map<OwnAddress, readonly string[]>();
  const waiting = [...hosts];
  const over = AbortSignal.timeout(options.timeoutMs);
  const work = async (): Promise<void> => {
    for (let host = waiting.shift(); host && !over.aborted; host = waiting.shift()) {
      found.set(host, await findAddresses(host.value, options.look ?? lookWithSystem));
    }
  };
  const timeIsOver = new Promise<void>((resolve) => over.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([Promise.all(Array.from({ length: AT_ONCE }, work)), timeIsOver]);
  const known = new Map(found);
  return {
    addresses: hosts.flatMap((host) => (known.get(host) ?? []).map((value) => ({ value, role: host.role }))),
    unresolved: hosts.filter((host) => !known.get(host)?.length).map(({ value }) => value),
  };
}
