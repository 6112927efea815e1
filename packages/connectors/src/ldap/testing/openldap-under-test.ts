import type { ConnectorPorts } from '../../connector-kind.ts';
import { Secret } from '../../secret.ts';
import type { ConnectorUnderTest, ProductUnderTest } from '../../testing/connector-under-test.ts';
import { ldap } from '../connector.ts';
import { TRAITS } from '../traits.ts';
import { createLdapGate } from './ldap-gate.ts';
import { BIND_DN, type OpenLdap, PASSWORD, PEOPLE, userName } from './openldap-product.ts';

/** This connector asks the server for nothing. */
export const NO_PORTS = {} as ConnectorPorts;
export const TENANT = '11111111-1111-4111-8111-111111111111';

/** The keys of a provider that reaches slapd through this port of loopback. */
export const openLdapKeys = (port: number) => ({
  url: `ldap://127.0.0.1:${port}`,
  dialect: 'ppolicy',
  bindDn: BIND_DN,
  password: new Secret(PASSWORD),
  base: PEOPLE,
  userAttribute: 'uid',
});

/** Of a generalized time as slapd gives it. */
const toDate = (value: string): Date =>
  new Date(value.replace(/^(....)(..)(..)(..)(..)(..)(\.\d+)?Z$/, '$1-$2-$3T$4:$5:$6Z'));

async function through(product: OpenLdap): Promise<ProductUnderTest> {
  await product.clear();
  const { gate, received, watchLooks } = createLdapGate(() => ({ host: '127.0.0.1', port: product.port }), {
    user: 'uid',
    state: 'pwdStartTime',
    id: 'entryUUID',
  });
  await gate.open();
  return {
    connect: () => watchLooks(ldap.open({ name: 'directory', own: openLdapKeys(gate.port) }, NO_PORTS)),
    secrets: [PASSWORD],
    async inForce() {
      const entries = await product.search('(pwdStartTime=*)', 'uid', 'pwdStartTime');
      const ahead = entries.filter((entry) => toDate(entry.get('pwdstarttime')?.[0] ?? '') > new Date());
      return ahead.map((entry) => ({
        tenantId: TENANT,
        action: 'DisableUser',
        target: { kind: 'user', value: entry.get('uid')?.[0] ?? '' },
      }));
    },
    received: async () => received(),
    async endsAt({ target }) {
      const value = await product.valueOf(target.value);
      return value === undefined ? undefined : toDate(value);
    },
    putForeign: ({ target }) => product.setValue(target.value, '20991231000000Z'),
    lose: ({ target }) => product.setValue(target.value, undefined),
    restart: () => product.restart(),
    misbehave: (misbehaviour) => gate.misbehave(misbehaviour),
    behave: () => gate.behave(),
    stop: () => gate.close(),
  };
}

/** slapd is started once for all; each test gets it without anything in force, behind a gate of its own. */
export const openLdapUnderTest = (product: () => OpenLdap): ConnectorUnderTest => ({
  name: 'ldap on OpenLDAP',
  traits: TRAITS.ppolicy,
  reach: 'network',
  misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'late'],
  refusalSubcode: 53,
  tellsForeign: true,
  hasList: true,
  targets: { user: userName },
  start: () => through(product()),
});
