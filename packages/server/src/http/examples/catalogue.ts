import { jsonAnswer, type OperationExamples } from './example.ts';
import { ACTION_ID, COMPLETED, CONTEXT, ENDS } from './values.ts';

const kept = { type: 'string', maxLength: 4_096, description: 'Kept and passed on, never interpreted.' };

const PARAMETER_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    IP: {
      type: 'string',
      maxLength: 4_096,
      description: 'The target: ip or cidr. Also understood as ipAddress, destinationAddress.',
    },
    ttl: {
      type: 'string',
      description: 'How long the action stays in force, as in P1DT12H. At most one of ttl and expirationDateTime.',
      pattern: '^P(?=.)(\\d{1,9}D)?(T(?=.)(\\d{1,9}H)?(\\d{1,9}M)?(\\d{1,9}S)?)?$',
    },
    expirationDateTime: { type: 'string', format: 'date-time', description: 'When it ends: RFC 3339, with offset.' },
    AlertId: kept,
    comment: kept,
  },
  additionalProperties: false,
  required: ['IP'],
};

/** A provider with the first of its actions. */
const PROVIDER = {
  id: 'blocklist',
  vendorInformation: { provider: 'blocklist', providerVersion: null, subProvider: null, vendor: 'Interdict' },
  aliases: [],
  connector: 'blocklist',
  health: 'up',
  healthMessage: null,
  actions: [
    {
      name: 'BlockIp',
      targetKind: ['ip', 'cidr'],
      parameterSchema: PARAMETER_SCHEMA,
      reversible: true,
      verification: 'reported',
      lateness: 'PT0S',
      defaultTtl: 'P1D',
      maxTtl: 'P365D',
      approval: 0,
      openC2: { action: 'deny', target: ['ipv4_net', 'ipv6_net'] },
      d3fend: 'D3-NTF',
      example: {
        name: 'BlockIp',
        actionReason: 'Example from the catalogue',
        parameters: [{ name: 'IP', value: '203.0.113.9' }],
        vendorInformation: { provider: 'blocklist', vendor: 'Interdict' },
      },
    },
  ],
};

export const OF_CATALOGUE: Readonly<Record<string, OperationExamples>> = {
  listSecurityActionProviders: jsonAnswer({
    '@odata.context': `${CONTEXT}#security/securityActionProviders`,
    value: [PROVIDER],
  }),
  getSecurityActionProvider: jsonAnswer({
    '@odata.context': `${CONTEXT}#security/securityActionProviders/$entity`,
    ...PROVIDER,
  }),
  listEnforcementsInForce: jsonAnswer({
    '@odata.context': `${CONTEXT}#security/enforcements`,
    value: [
      {
        id: '01a2182c-69d3-772d-9884-45b688256ade',
        provider: 'simulator',
        action: 'BlockIp',
        target: 'ip:203.0.113.9',
        state: 'inForce',
        verification: 'readBack',
        verifiedDateTime: COMPLETED,
        expirationDateTime: ENDS,
        preexisting: false,
        drift: { count: 0, lastDateTime: null },
        holds: [{ securityActionId: ACTION_ID, expirationDateTime: ENDS }],
      },
    ],
  }),
};
