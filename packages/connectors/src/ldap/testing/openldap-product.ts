import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, type RunningProduct, runProduct } from '../../testing/run-product.ts';
import type { SeenProduct } from '../../testing/seen-product.ts';
import { selfMadeCertificate } from '../../testing/self-made-certificate.ts';
import { type ClientRun, mustRun, readLdif, runClient } from './run-client.ts';

const SUFFIX = 'dc=example,dc=org';
export const PEOPLE = `ou=people,${SUFFIX}`;
export const BIND_DN = `cn=interdict,ou=services,${SUFFIX}`;
export const PASSWORD = 'correct-horse-4944-staple';
const ROOT_DN = `cn=admin,${SUFFIX}`;
const ROOT_PASSWORD = 'root-pw';
const TENANT = '11111111-1111-4111-8111-111111111111';

/** The part of slapd's configuration that docs/connectors/ldap.md shows: all that Interdict may do. */
export const LEAST_RIGHTS = `access to dn.subtree="${PEOPLE}" attrs=pwdStartTime
    by dn.exact="${BIND_DN}" write
    by * none
access to dn.subtree="${PEOPLE}" attrs=entry,uid,entryUUID
    by dn.exact="${BIND_DN}" read
    by * break
access to dn.subtree="${SUFFIX}" attrs=entry
    by dn.exact="${BIND_DN}" search
    by * break
limits dn.exact="${BIND_DN}" size.pr=unlimited size.prtotal=unlimited`;

export interface OpenLdapOptions {
  /** How many users there are: sample-0, sample-1, … */
  readonly users?: number;
  /** More entries, as LDIF. */
  readonly more?: string;
  /** Without the overlay the attributes are known, and nothing is enforced. */
  readonly hasOverlay?: boolean;
}

export interface OpenLdap {
  readonly port: number;
  readonly tlsPort: number;
  /** The certificate is made for `localhost` by nobody but itself. */
  readonly ca: string;
  /** By the root account, with slapd's own clients. */
  modify(ldif: string): Promise<void>;
  search(filter: string, ...attributes: string[]): Promise<readonly ReadonlyMap<string, readonly string[]>[]>;
  valueOf(name: string, attribute?: string): Promise<string | undefined>;
  setValue(name: string, value: string | undefined, attribute?: string): Promise<void>;
  /** Logs in as a user, by ldapwhoami. 0: welcome; 49: refused. */
  logIn(name: string, password?: string): Promise<ClientRun>;
  /** As the account of Interdict. */
  as(program: 'ldapmodify' | 'ldapsearch', args: readonly string[], input?: string): Promise<ClientRun>;
  restart(): Promise<void>;
  /** Lets Interdict's account read an attribute of users no more; undefined: all that it needs. */
  forbid(attribute: string | undefined): Promise<void>;
  /** Nothing is in force any more. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export const userName = (index: number): string => `sample-${index}`;
export const userDn = (name: string): string => `uid=${name.replace(/[,+"\\<>;=#]/g, '\\$&')},${PEOPLE}`;
const passwordOf = (name: string): string => `${name}-pw`;

export const userLdif = (name: string): string =>
  `dn:: ${Buffer.from(userDn(name)).toString('base64')}
objectClass: inetOrgPerson
uid:: ${Buffer.from(name).toString('base64')}
cn: A user
sn: User
userPassword: ${passwordOf(name)}
`;

function seedLdif(users: number, more: string): string {
  const units = ['people', 'services', 'policies'].map(
    (name) => `dn: ou=${name},${SUFFIX}\nobjectClass: organizationalUnit\nou: ${name}\n`,
  );
  const people = Array.from({ length: users }, (_, index) => userLdif(userName(index)));
  return [
    `dn: ${SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n`,
    ...units,
    `dn: cn=default,ou=policies,${SUFFIX}
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdLockoutDuration: 900
`,
    // Without it whoever tries wrong passwords locks Interdict out.
    `dn: cn=services,ou=policies,${SUFFIX}
objectClass: device
objectClass: pwdPolicy
cn: services
pwdAttribute: userPassword
pwdLockout: FALSE
`,
    `dn: ${BIND_DN}
objectClass: organizationalRole
objectClass: simpleSecurityObject
objectClass: uidObject
cn: interdict
uid: interdict
userPassword: ${PASSWORD}
pwdPolicySubentry: cn=services,ou=policies,${SUFFIX}
`,
    ...people,
    more,
  ].join('\n');
}

const configuration = (folder: string, hasOverlay: boolean, forbidden?: string): string => `modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${folder}/slapd.pid
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
database mdb
maxsize 1073741824
suffix "${SUFFIX}"
rootdn "${ROOT_DN}"
rootpw ${ROOT_PASSWORD}
directory ${folder}/db
index objectClass,uid,pwdStartTime eq
${hasOverlay ? `overlay ppolicy\nppolicy_default "cn=default,ou=policies,${SUFFIX}"\nppolicy_use_lockout` : ''}
${forbidden ? `access to dn.subtree="${PEOPLE}" attrs=${forbidden} by * none` : ''}
${LEAST_RIGHTS}
access to attrs=userPassword by anonymous auth by * none
access to * by * none
`;

/** slapd with the overlay ppolicy, on free ports of loopback, in a folder of its own. */
export async function startOpenLdap({
  users = 0,
  more = '',
  hasOverlay = true,
}: OpenLdapOptions = {}): Promise<OpenLdap> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-slapd-'));
  const config = path.join(folder, 'slapd.conf');
  const ca = path.join(folder, 'cert.pem');
  const { cert, key } = selfMadeCertificate('localhost');
  writeFileSync(ca, cert);
  writeFileSync(path.join(folder, 'key.pem'), key, { mode: 0o600 });
  mkdirSync(path.join(folder, 'db'));
  writeFileSync(config, configuration(folder, hasOverlay));
  await mustRun(['/usr/sbin/slapadd', '-q', '-f', config], seedLdif(users, more));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const url = `ldap://127.0.0.1:${port}`;
  const root = ['-x', '-H', url, '-D', ROOT_DN, '-w', ROOT_PASSWORD] as const;
  const start = (): Promise<RunningProduct> =>
    runProduct({
      command: ['/usr/sbin/slapd', '-f', config, '-h', `${url} ldaps://127.0.0.1:${tlsPort}`, '-d', '0'],
      isReady: async () => (await runClient(['ldapwhoami', '-x', '-H', url])).code === 0,
    });
  let slapd = await start();

  const modify = async (ldif: string): Promise<void> => {
    await mustRun(['ldapmodify', ...root], ldif);
  };
  const search: OpenLdap['search'] = async (filter, ...attributes) =>
    readLdif(await mustRun(['ldapsearch', ...root, '-LLL', '-o', 'ldif-wrap=no', '-b', PEOPLE, filter, ...attributes]));
  const replacing = (dn: string, value: string | undefined, attribute: string): string =>
    `dn:: ${Buffer.from(dn).toString('base64')}\nchangetype: modify\nreplace: ${attribute}\n${value === undefined ? '' : `${attribute}: ${value}\n`}`;
  return {
    ...{ port, tlsPort, ca, modify, search },
    async valueOf(name, attribute = 'pwdStartTime') {
      const args = ['-LLL', '-o', 'ldif-wrap=no', '-s', 'base', '-b', userDn(name), attribute];
      const [entry] = readLdif(await mustRun(['ldapsearch', ...root, ...args]));
      return entry?.get(attribute.toLowerCase())?.[0];
    },
    setValue: (name, value, attribute = 'pwdStartTime') => modify(replacing(userDn(name), value, attribute)),
    logIn: (name, password = passwordOf(name)) =>
      runClient(['ldapwhoami', '-x', '-H', url, '-D', userDn(name), '-w', password]),
    as: (program, args, input = '') =>
      runClient([program, '-x', '-H', url, '-D', BIND_DN, '-w', PASSWORD, ...args], { input }),
    async restart() {
      await slapd.stop();
      slapd = await start();
    },
    async forbid(attribute) {
      await slapd.stop();
      writeFileSync(config, configuration(folder, hasOverlay, attribute));
      slapd = await start();
    },
    async clear() {
      for (const attribute of ['pwdStartTime', 'pwdAccountLockedTime']) {
        const dns = (await search(`(${attribute}=*)`, '1.1')).map((entry) => entry.get('dn')?.[0] ?? '');
        if (dns.length > 0) await modify(dns.map((dn) => replacing(dn, undefined, attribute)).join('\n'));
      }
    },
    async stop() {
      await slapd.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** For the measurements of docs/truth.md: 10,000 users, whose own logins show what is in force. */
export async function startSeenLdap(): Promise<SeenProduct> {
  const product = await startOpenLdap({ users: 10_000 });
  return {
    provider: {
      name: 'directory',
      connector: 'ldap',
      tenants: [TENANT],
      url: `ldap://127.0.0.1:${product.port}`,
      dialect: 'ppolicy',
      bindDn: BIND_DN,
      password: { env: 'DIRECTORY_PASSWORD' },
      base: PEOPLE,
      userAttribute: 'uid',
    },
    environment: { DIRECTORY_PASSWORD: PASSWORD },
    action: 'DisableUser',
    parameter: 'User',
    target: userName,
    isBlocked: async (index) => {
      const { code, stderr } = await product.logIn(userName(index));
      if (code === 0 || code === 49) return code === 49;
      throw new Error(stderr);
    },
    lose: (index) => product.setValue(userName(index), undefined),
    putForeign: (index) => product.setValue(userName(index), '20991231000000Z'),
    stop: () => product.stop(),
  };
}
