import { describe, expect, it } from 'vitest';
import { CONNECTOR_KINDS } from '../all-kinds.ts';
import type { ConnectorTraits } from '../connector.ts';
import type { ConnectorKind, ConnectorPorts } from '../connector-kind.ts';
import { agentOver } from './connector.ts';

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

  it('are asked no more often than the slowest of them takes', () => {
    const [named] = CONNECTOR_KINDS.filter(({ name }) => name === 'clamav');
    const own = (perMinute: number, action: string) => ({
      ...(named as ConnectorKind),
      name: `own-${action}`,
      behindAgent: {
        ...(named?.behindAgent as ConnectorTraits),
        actions: [{ name: action, targetKinds: ['ip' as const], reversible: true }],
        limits: { concurrency: 9, perMinute },
      },
    });
    const kinds = [own(60, 'One'), own(30, 'Other')];
    const settings = { name: 'branch', own: { runs: ['own-One', 'own-Other'] } };
    const { limits } = agentOver(kinds).open(settings, {} as ConnectorPorts).traits;
    expect(limits).toEqual({ concurrency: 9, perMinute: 30 });
  });

  it('offer an action once', () => {
    expect(() => runs('nftables', 'crowdsec')).toThrow('Two of the connectors in "runs" offer BlockIp');
  });
});
