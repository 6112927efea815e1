import { Secret } from '../../secret.ts';
import type { ConnectorUnderTest, ProductUnderTest } from '../../testing/connector-under-test.ts';
import { ldap } from '../connector.ts';
import { TRAITS } from '../traits.ts';
import { createLdapGate } from './ldap-gate.ts';
import { NO_PORTS, TENANT } from './openldap-under-test.ts';
import { BIND_DN, PASSWORD, principalOf, type Samba, STAFF } from './samba-product.ts';
import { putTlsOn, takeTlsOff } from './tls-ends.ts';

/** The keys of a provider that reaches Samba by this URL. */
export const sambaKeys = (url: string, ca: string) => ({
  url,
  ca,
  dialect: 'activeDirectory',
  bindDn: BIND_DN,
  password: new Secret(PASSWORD),
  base: STAFF,
  userAttribute: 'userPrincipalName',
});

const nameIn = (principal: string): string => principal.replace(/@.*$/, '');

/** Connector –TLS→ end –clear→ gate –clear→ end –TLS→ Samba. */
async function through(product: Samba): Promise<ProductUnderTest> {
  await product.clear();
  const behind = await putTlsOn({ host: product.address, port: 636, ca: product.certificate.cert });
  const { gate, received, watchLooks } = createLdapGate(() => ({ host: '127.0.0.1', port: behind.port }), {
    user: 'userPrincipalName',
    state: 'userAccountControl',
    id: 'objectGUID',
  });
  await gate.open();
  const before = await takeTlsOff(product.certificate, () => ({ host: '127.0.0.1', port: gate.port }));
  const own = sambaKeys(`ldaps://localhost:${before.port}`, product.ca);
  return {
    connect: () => watchLooks(ldap.open({ name: 'directory', own }, NO_PORTS)),
    secrets: [PASSWORD],
    async inForce() {
      const filter = '(userAccountControl:1.2.840.113556.1.4.803:=2)';
      const entries = await product.search(filter, 'userPrincipalName');
      return entries.map((entry) => ({
        tenantId: TENANT,
        action: 'DisableUser',
        target: { kind: 'user', value: entry.get('userprincipalname')?.[0] ?? '' },
      }));
    },
    received: async () => received(),
    putForeign: ({ target }) => product.setBits(nameIn(target.value), 514),
    lose: ({ target }) => product.setBits(nameIn(target.value), 512),
    restart: () => product.restart(),
    misbehave: (misbehaviour) => gate.misbehave(misbehaviour),
    behave: () => gate.behave(),
    async stop() {
      await before.close();
      await gate.close();
      await behind.close();
    },
  };
}

/** Samba is provisioned once for all; each test gets it with everybody enabled, behind a gate of its own. */
export const sambaUnderTest = (product: () => Samba): ConnectorUnderTest => ({
  name: 'ldap on Samba',
  traits: TRAITS.activeDirectory,
  reach: 'network',
  misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'late'],
  refusalSubcode: 53,
  tellsForeign: false,
  listsAllAsForeign: true,
  hasList: true,
  targets: { user: principalOf },
  start: () => through(product()),
});
