import { jsonAnswer, type OperationExamples } from './example.ts';
import { ACTION_ID, BASE, BLOCK_REQUEST, CONTEXT, ENDS, ENTITY_CONTEXT, NEW_ACTION } from './values.ts';

const REQUEST_ID = 'b002a195-a86d-4373-bebd-47693381c8d0';
const COUNT_ID = 'e127385f-75ab-4f96-bfe1-1e0227fc5c37';

const itemHeaders = (contentType: string, requestId: string, rest: object = {}): object => ({
  'Content-Type': contentType,
  'request-id': requestId,
  'client-request-id': requestId,
  'OData-Version': '4.0',
  'Cache-Control': 'no-cache',
  ...rest,
});

const JSON_TYPE = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

const BATCH: OperationExamples = {
  requests: {
    blockAndCount: {
      summary: 'Block an address, then count',
      value: {
        requests: [
          {
            id: '1',
            method: 'POST',
            url: '/security/securityActions',
            headers: { 'Content-Type': 'application/json' },
            body: BLOCK_REQUEST,
          },
          { id: '2', method: 'GET', url: '/security/securityActions/$count', dependsOn: ['1'] },
        ],
      },
    },
  },
  ...jsonAnswer({
    responses: [
      {
        id: '1',
        status: 201,
        headers: itemHeaders(JSON_TYPE, REQUEST_ID, {
          ETag: 'W/"1"',
          Location: `${BASE}/security/securityActions/${ACTION_ID}`,
        }),
        body: { '@odata.context': ENTITY_CONTEXT, ...NEW_ACTION },
      },
      { id: '2', status: 200, headers: itemHeaders('text/plain', COUNT_ID), body: 'MQ==' },
    ],
  }),
};

const entitySet = (set: string): object => ({
  name: `security/${set}`,
  kind: 'EntitySet',
  url: `security/${set}`,
});

const at = (externalValue: string): { readonly externalValue: string } => ({ externalValue });
const OK = jsonAnswer({ status: 'ok' });

const DECISION = {
  duration: '8783h59m12.3s',
  id: 150_000_000_000_017,
  origin: 'interdict',
  scenario: 'interdict/blocklist',
  scope: 'Ip',
  type: 'ban',
  value: '203.0.113.9',
};

export const OF_SERVER: Readonly<Record<string, OperationExamples>> = {
  postBatch: BATCH,
  getFeed: {
    answers: {
      'text/plain': { value: '203.0.113.9\n' },
      'application/json': {
        value: {
          provider: 'blocklist',
          list: 'ip',
          value: [{ entry: '203.0.113.9', actionIds: [ACTION_ID], expirationDateTime: ENDS }],
        },
      },
    },
  },
  getBouncerDecisions: jsonAnswer([DECISION]),
  getDecisionStream: jsonAnswer({ deleted: null, new: [DECISION] }),
  getServiceDocument: jsonAnswer({
    '@odata.context': CONTEXT.replace('/beta', ''),
    value: [
      ...['securityActions', 'securityActionProviders', 'enforcements'].map(entitySet),
      { name: 'subscriptions', kind: 'EntitySet', url: 'subscriptions' },
    ],
  }),
  getMetadata: {
    answers: {
      'application/xml': at('/$metadata?$format=xml'),
      'application/json': at('/$metadata?$format=json'),
    },
  },
  getDocsPage: { answers: { 'text/html': at('/docs') } },
  getDocsAsset: {
    answers: {
      'text/css': at('/docs/swagger-ui.css'),
      'text/javascript': at('/docs/initializer.js'),
      'image/png': at('/docs/favicon-32x32.png'),
    },
  },
  getOpenApi: { answers: { 'application/json': at('/openapi.json') } },
  getHealth: OK,
  getReadiness: OK,
};
