import { describe, expect, it } from 'vitest';
import { CONNECTOR_KINDS } from '../all-kinds.ts';
import type { ConnectorPorts } from '../connector-kind.ts';

const [agent] = CONNECTOR_KINDS;
const runs = (...names: readonly string[]) =>
  agent?.open({ name: 'branch', own: { runs: names } }, {} as ConnectorPorts).traits;
/** Firewalls fetch its lists over HTTPS themselves: there is nothing for an agent to do. */
const AT_THE_SERVER = ['agent', 'blocklist'];

describe('the connectors that an agent runs', () => {
  it('are all but the lists that firewalls fetch themselves', () => {
    const able = CONNECTOR_KINDS.filter(({ behindAgent }) => behindAgent).map(({ name }) => name);
    expect([...able, ...AT_THE_SERVER].toSorted()).toEqual(CONNECTOR_KINDS.map(({ name }) => name).toSorted());
    for (const name of able) expect(runs(name)?.actions.length, name).toBeGreaterThan(0);
  });

  it.each(AT_THE_SERVER)('are not %s', (name) => {
    expect(() => runs(name)).toThrow(`An agent runs no connector "${name}".`);
  });

  it('promise together what the least of them does', () => {
    expect(runs('clamav', 'ldap')).toMatchObject({ verification: 'readBack', keepsTime: true, tenants: 'one' });
    expect(runs('ldap', 'clamav')?.actions.map(({ name }) => name)).toEqual(['DisableUser', 'BlockFile']);
    expect(runs('openc2')).toMatchObject({ verification: 'reported', idempotence: 'none', probe: 'none' });
  });

  it('offer an action once', () => {
    expect(() => runs('nftables', 'crowdsec')).toThrow('Two of the connectors in "runs" offer BlockIp');
  });
});
