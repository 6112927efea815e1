import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type RunningProduct, runProduct } from '../../testing/run-product.ts';
import { selfMadeCertificate } from '../../testing/self-made-certificate.ts';
import { type ClientRun, mustRun, readLdif, runClient } from './run-client.ts';

const BASE = 'DC=ad,DC=example';
export const STAFF = `OU=Staff,${BASE}`;
export const BIND_DN = `CN=interdict,CN=Users,${BASE}`;
export const PASSWORD = 'Correct-horse-4944';
const ADMIN_PASSWORD = 'Adm1n-of-the-test';
const ADMIN_DN = `CN=Administrator,CN=Users,${BASE}`;
const USER_CLASS = 'bf967aba-0de6-11d0-a285-00aa003049e2';
const USER_ACCOUNT_CONTROL = 'bf967a68-0de6-11d0-a285-00aa003049e2';

/** What docs/connectors/ldap.md grants: one attribute of the users below one unit. */
export const leastRights = (sid: string): string => `(OA;CI;RPWP;${USER_ACCOUNT_CONTROL};${USER_CLASS};${sid})`;

export interface Samba {
  /** Where LDAP, LDAPS and Kerberos listen, on their usual ports: an address of loopback that nobody else has. */
  readonly address: string;
  /** The certificate is made for `localhost` by nobody but itself. */
  readonly ca: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  /** By the administrator, with OpenLDAP's clients over LDAPS. */
  modify(ldif: string): Promise<void>;
  search(filter: string, ...attributes: string[]): Promise<readonly ReadonlyMap<string, readonly string[]>[]>;
  bitsOf(name: string): Promise<number>;
  setBits(name: string, bits: number): Promise<void>;
  /** Binds as a user. 0: welcome; 49: refused. */
  logIn(name: string): Promise<ClientRun>;
  /** Asks for a ticket. */
  kinit(name: string): Promise<ClientRun>;
  /** As the account of Interdict. */
  as(program: 'ldapmodify' | 'ldapsearch', args: readonly string[], input?: string): Promise<ClientRun>;
  restart(): Promise<void>;
  /** Everybody is as at the start. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export const nameOf = (index: number): string => `sample-${index}`;
export const principalOf = (index: number): string => `${nameOf(index)}@ad.example`;
export const dnOf = (name: string): string => `CN=${name},${STAFF}`;
const passwordOf = (name: string): string => `${name}-Pw1`;

const NORMAL = 512;
const encoded = (password: string): string => Buffer.from(`"${password}"`, 'utf16le').toString('base64');

export const userLdif = (name: string): string => `dn: ${dnOf(name)}
objectClass: user
sAMAccountName: ${name}
userPrincipalName: ${name}@ad.example
unicodePwd:: ${encoded(passwordOf(name))}
userAccountControl: ${NORMAL}
`;

/** The part of what provisioning wrote that a directory and its Kerberos need. */
function toConfiguration(provisioned: string, folder: string, address: string): string {
  const kept = provisioned
    .slice(0, provisioned.indexOf('\n[', provisioned.indexOf('[global]')))
    .split('\n')
    .filter((line) => !/^\s*(server services|log file|logging|interfaces) =/.test(line));
  return `${kept.join('\n')}
	server services = ldap, cldap, kdc
	interfaces = ${address}/8
	bind interfaces only = Yes
	pid directory = ${folder}
	ncalrpc dir = ${folder}/ncalrpc
	tls certfile = ${folder}/cert.pem
	tls keyfile = ${folder}/key.pem
	tls cafile =
`;
}

async function provision(folder: string, address: string): Promise<string> {
  const place = path.join(folder, 'ad');
  const realm = ['--realm=AD.EXAMPLE', '--domain=ADEX', '--host-name=dc1', `--adminpass=${ADMIN_PASSWORD}`];
  const kind = ['--server-role=dc', '--dns-backend=NONE'];
  await mustRun(['samba-tool', 'domain', 'provision', `--targetdir=${place}`, ...realm, ...kind]);
  const config = path.join(place, 'etc', 'smb.conf');
  writeFileSync(config, toConfiguration(readFileSync(config, 'utf8'), folder, address));
  return config;
}

/** The account of Interdict, its rights, and the people. */
async function populate(config: string, sam: string, users: number): Promise<void> {
  const at = ['-H', sam, '-s', config] as const;
  await mustRun(['samba-tool', 'user', 'create', 'interdict', PASSWORD, ...at]);
  await mustRun(['samba-tool', 'ou', 'create', STAFF, ...at]);
  const shown = await mustRun(['samba-tool', 'user', 'show', 'interdict', '--attributes=objectSid', ...at]);
  const sid = /^objectSid: (\S+)$/m.exec(shown)?.[1] ?? '';
  await mustRun(['samba-tool', 'dsacl', 'set', `--objectdn=${STAFF}`, `--sddl=${leastRights(sid)}`, ...at]);
  await mustRun(['samba-tool', 'domain', 'passwordsettings', 'set', '--complexity=off', '--min-pwd-length=4', ...at]);
  if (users === 0) throw new Error('A directory without people proves nothing.');
}

const kerberos = (address: string): string => `[libdefaults]
default_realm = AD.EXAMPLE
dns_lookup_kdc = false
dns_lookup_realm = false
udp_preference_limit = 1
[realms]
AD.EXAMPLE = {
  kdc = ${address}:88
}
`;

/** Samba as an Active Directory domain controller, provisioned in a folder of its own. */
export async function startSamba({ users }: { readonly users: number }): Promise<Samba> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-samba-'));
  const address = `127.${randomInt(2, 250)}.${randomInt(1, 250)}.${randomInt(2, 250)}`;
  const ca = path.join(folder, 'cert.pem');
  const certificate = selfMadeCertificate('localhost');
  writeFileSync(ca, certificate.cert);
  writeFileSync(path.join(folder, 'key.pem'), certificate.key, { mode: 0o600 });
  writeFileSync(path.join(folder, 'krb5.conf'), kerberos(address));
  const config = await provision(folder, address);
  await populate(config, path.join(folder, 'ad/private/sam.ldb'), users);
  // The certificate is for `localhost`, and OpenLDAP's clients are to reach this address.
  const env = { LDAPTLS_REQCERT: 'allow' };
  const url = `ldaps://${address}`;
  const bound = (dn: string, password: string): readonly string[] => ['-x', '-H', url, '-D', dn, '-w', password];
  const admin = bound(ADMIN_DN, ADMIN_PASSWORD);
  const answers = ['-LLL', '-s', 'base', '-b', '', '1.1'];
  const start = (): Promise<RunningProduct> =>
    runProduct({
      command: ['/usr/sbin/samba', '-i', '-M', 'single', '-s', config, '--debug-stdout', '-d', '0'],
      isReady: async () => (await runClient(['ldapsearch', ...admin, ...answers], { env })).code === 0,
    });
  let samba = await start();

  const modify = async (ldif: string): Promise<void> => {
    await mustRun(['ldapmodify', ...admin], ldif, env);
  };
  const search: Samba['search'] = async (filter, ...attributes) => {
    const args = ['-LLL', '-o', 'ldif-wrap=no', '-E', 'pr=500/noprompt', '-b', STAFF, filter, ...attributes];
    return readLdif(await mustRun(['ldapsearch', ...admin, ...args], '', env));
  };
  const setting = (dn: string, bits: number): string =>
    `dn: ${dn}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: ${bits}\n`;
  await mustRun(
    ['ldapadd', ...admin],
    Array.from({ length: users }, (_, index) => userLdif(nameOf(index))).join('\n'),
    env,
  );
  return {
    ...{ address, ca, certificate, modify, search },
    async bitsOf(name) {
      const [entry] = await search(`(sAMAccountName=${name})`, 'userAccountControl');
      return Number(entry?.get('useraccountcontrol')?.[0]);
    },
    setBits: (name, bits) => modify(setting(dnOf(name), bits)),
    logIn: (name) => runClient(['ldapsearch', ...bound(`${name}@ad.example`, passwordOf(name)), ...answers], { env }),
    kinit: (name) =>
      runClient(['kinit', '-c', `FILE:${folder}/tickets`, `${name}@AD.EXAMPLE`], {
        input: `${passwordOf(name)}\n`,
        env: { KRB5_CONFIG: path.join(folder, 'krb5.conf') },
      }),
    as: (program, args, input = '') => runClient([program, ...bound(BIND_DN, PASSWORD), ...args], { input, env }),
    async restart() {
      await samba.stop();
      samba = await start();
    },
    async clear() {
      const entries = await search(`(&(objectClass=user)(!(userAccountControl=${NORMAL})))`, '1.1');
      const dns = entries.map((entry) => entry.get('dn')?.[0] ?? '');
      if (dns.length > 0) await modify(dns.map((dn) => setting(dn, NORMAL)).join('\n'));
    },
    async stop() {
      await samba.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
