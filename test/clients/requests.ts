import { startServer, type TestServer } from '../server.ts';

/** Microsoft's own documented provider, as an alias of one that is here. */
export const ALIASED = `providers:
  - { name: defender, aliases: [ Windows Defender ATP ], vendor: Microsoft, connector: simulator }
  - { name: blocklist, connector: blocklist }
`;

export const startAliased = (more = ''): Promise<TestServer> => startServer({ config: `${ALIASED}${more}` });

/** Microsoft Graph's own documented request. */
export const DOCUMENTED = {
  name: 'BlockIp',
  actionReason: 'Test',
  parameters: [{ name: 'IP', value: '1.2.3.4' }],
  vendorInformation: { provider: 'Windows Defender ATP', vendor: 'Microsoft' },
};

/** A request of its own for each number. */
export const blockIp = (last: number, more: object = {}) => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: `198.51.100.${last}` }],
  vendorInformation: { provider: 'defender' },
  ...more,
});
