import { xml2json } from 'odata-csdl';
import { describe, expect, it } from 'vitest';
import { SERVICE_MODEL } from './service-model.ts';
import { toJson } from './to-json.ts';
import { toXml } from './to-xml.ts';

type Members = Readonly<Record<string, unknown>>;
type Csdl = Readonly<Record<string, Readonly<Record<string, Members>>>>;

const messages: unknown[] = [];
/** Graph gives its moments no precision, which XML may read as whole seconds; JSON says nothing of that. */
const withoutPrecision = (key: string, value: unknown): unknown => (key === '$Precision' ? undefined : value);
const read = JSON.parse(
  JSON.stringify(xml2json(toXml(SERVICE_MODEL), { strict: true, messages }), withoutPrecision),
) as Csdl;
const json = JSON.parse(JSON.stringify(toJson(SERVICE_MODEL))) as Csdl;

/** Names in their order, two levels deep. */
const orderOf = (csdl: Csdl): unknown =>
  ['microsoft.graph', 'interdict'].map((space) =>
    Object.entries(csdl[space] ?? {})
      .filter(([name]) => !/[$@]/.test(name))
      .map(([name, type]) => [name, Object.keys(type).filter((member) => !/[$@]/.test(member))]),
  );

/** Members in their order: `name type`, with `[]` behind a list and `!` behind what is never null. */
const membersOf = (type: Members): string[] =>
  Object.entries(type)
    .filter(([name]) => !name.startsWith('$') && !name.startsWith('@'))
    .map(([name, value]) => {
      const { $Type = 'Edm.String', $Collection, $Nullable } = value as Members;
      return `${name} ${$Type}${$Collection ? '[]' : $Nullable ? '' : '!'}`;
    });

/** As Microsoft Graph's own metadata has them, written down from there and not from our model. */
const GRAPH: Readonly<Record<string, readonly string[]>> = {
  entity: ['id Edm.String!'],
  securityAction: [
    'actionReason Edm.String',
    'appId Edm.String',
    'azureTenantId Edm.String',
    'clientContext Edm.String',
    'completedDateTime Edm.DateTimeOffset',
    'createdDateTime Edm.DateTimeOffset',
    'errorInfo graph.resultInfo',
    'lastActionDateTime Edm.DateTimeOffset',
    'name Edm.String',
    'parameters graph.keyValuePair[]',
    'states graph.securityActionState[]',
    'status graph.operationStatus',
    'user Edm.String',
    'vendorInformation graph.securityVendorInformation',
  ],
  securityActionState: [
    'appId Edm.String',
    'status graph.operationStatus',
    'updatedDateTime Edm.DateTimeOffset',
    'user Edm.String',
  ],
  resultInfo: ['code Edm.Int32!', 'message Edm.String', 'subcode Edm.Int32!'],
  keyValuePair: ['name Edm.String!', 'value Edm.String'],
  securityVendorInformation: [
    'provider Edm.String',
    'providerVersion Edm.String',
    'subProvider Edm.String',
    'vendor Edm.String',
  ],
  subscription: [
    'applicationId Edm.String',
    'changeType Edm.String!',
    'clientState Edm.String',
    'creatorId Edm.String',
    'encryptionCertificate Edm.String',
    'encryptionCertificateId Edm.String',
    'expirationDateTime Edm.DateTimeOffset!',
    'includeResourceData Edm.Boolean',
    'latestSupportedTlsVersion Edm.String',
    'lifecycleNotificationUrl Edm.String',
    'notificationQueryOptions Edm.String',
    'notificationUrl Edm.String!',
    'notificationUrlAppId Edm.String',
    'resource Edm.String!',
  ],
};

describe('$metadata, as an independent reader of CSDL reads it', () => {
  it('is well-formed, and says in XML what it says in JSON, in the same order', () => {
    expect(messages).toEqual([]);
    expect(json).toEqual(read);
    expect(orderOf(json)).toEqual(orderOf(read));
  });

  it.each(Object.entries(GRAPH))('has the type %s as Microsoft Graph has it', (name, expected) => {
    expect(membersOf(read['microsoft.graph']?.[name] ?? {})).toEqual(expected);
    expect(membersOf(json['microsoft.graph']?.[name] ?? {})).toEqual(expected);
  });

  it('has what Graph says of the types besides', () => {
    const graph = read['microsoft.graph'] ?? {};
    expect(graph.entity).toMatchObject({ $Abstract: true, $Key: ['id'] });
    expect(graph.securityAction).toMatchObject({ $BaseType: 'graph.entity', $OpenType: true });
    expect(Object.entries(graph.operationStatus ?? {}).filter(([name]) => !/^[$@]/.test(name))).toEqual([
      ['NotStarted', 0],
      ['Running', 1],
      ['Completed', 2],
      ['Failed', 3],
    ]);
    expect(graph.cancelSecurityAction).toEqual([
      {
        $Kind: 'Action',
        $IsBound: true,
        $Parameter: [{ $Name: 'bindparameter', $Type: 'graph.securityAction', $Nullable: true }],
      },
    ]);
    expect(graph.security?.securityActions).toMatchObject({ $Collection: true, $ContainsTarget: true });
    expect(graph.GraphService).toMatchObject({ security: { $Type: 'graph.security' } });
  });

  it('has no type that is named and not there', () => {
    const named = [
      ...toXml(SERVICE_MODEL).matchAll(/"(?:Collection\()?(graph|interdict|microsoft\.graph)\.(\w+)\)?"/g),
    ];
    expect(named.length).toBeGreaterThan(20);
    const missing = named.filter(
      ([, space, name = '']) => !read[space === 'interdict' ? 'interdict' : 'microsoft.graph']?.[name],
    );
    expect(missing.map(([whole]) => whole)).toEqual([]);
  });
});
